"""The flow of a Jeedom destination."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_API_KEY, CONF_URL, CONF_VERIFY_SSL
from homeassistant.helpers.selector import BooleanSelector, TextSelector
from yarl import URL

from ..const import CONF_PLUGIN, EntryType
from ..destinations.jeedom.destination import async_test_jeedom
from ..destinations.jeedom.entry import CONF_PARENT, rpc_of
from ..destinations.jeedom.rpc import base_url
from .destination import DestinationFlow
from .destination_form import DestinationForm, secret_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigFlowResult
    from homeassistant.core import HomeAssistant

DEFAULT_PLUGIN: Final = "virtual"
_PLUGIN: Final = re.compile(r"[A-Za-z0-9_]+")


async def _test(hass: HomeAssistant, settings: Mapping[str, Any]) -> str | None:
    await async_test_jeedom(
        rpc_of(hass, settings), settings[CONF_PLUGIN], settings.get(CONF_PARENT) or None
    )
    return None


def _unique_id(hass: HomeAssistant, settings: Mapping[str, Any]) -> str:
    url = URL(settings[CONF_URL])
    return f"jeedom {url.scheme}://{url.host}:{url.port}{url.path.rstrip('/')} {_plugin(settings)}"


def _plugin(settings: Mapping[str, Any]) -> str:
    return str(settings[CONF_PLUGIN])


def _titles(hass: HomeAssistant, settings: Mapping[str, Any]) -> tuple[str, ...]:
    title = f"Jeedom {URL(settings[CONF_URL]).host}"
    return title, f"{title} {_plugin(settings)}"


def _mistakes(settings: Mapping[str, Any]) -> dict[str, str]:
    plugin = settings.get(CONF_PLUGIN)
    if plugin is not None and not _PLUGIN.fullmatch(plugin):
        return {CONF_PLUGIN: "invalid_jeedom_plugin"}
    return {}


def _clean(settings: dict[str, Any]) -> dict[str, Any]:
    if CONF_URL not in settings:
        return settings
    return {**settings, CONF_URL: base_url(settings[CONF_URL])}


JEEDOM_FORM: Final = DestinationForm(
    type=EntryType.JEEDOM,
    fields={
        vol.Required(CONF_URL): TextSelector(),
        vol.Required(CONF_API_KEY): secret_text(),
        vol.Required(CONF_PLUGIN, default=DEFAULT_PLUGIN): TextSelector(),
        vol.Optional(CONF_PARENT): TextSelector(),
        vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
    },
    test=_test,
    unique_id=_unique_id,
    titles=_titles,
    login=(CONF_API_KEY,),
    example="http://jeedom.local",
    mistakes=_mistakes,
    clean=_clean,
)


class JeedomFlow(DestinationFlow):
    """The steps that set up, change and repair a Jeedom destination."""

    async def async_step_jeedom(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a new destination."""
        return await self.destination_user(JEEDOM_FORM, user_input)

    async def async_step_jeedom_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change a destination."""
        return await self.destination_reconfigure(JEEDOM_FORM, user_input)

    async def async_step_jeedom_reauth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the API key again."""
        return await self.destination_reauth(JEEDOM_FORM, user_input)
