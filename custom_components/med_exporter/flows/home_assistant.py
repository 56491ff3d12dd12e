"""The flow of a destination that is another Home Assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.helpers.selector import BooleanSelector, TextSelector
from yarl import URL

from ..const import EntryType
from ..destinations.home_assistant.api import normalised
from ..destinations.home_assistant.destination import (
    async_test_home_assistant,
    remote_of,
)
from ..destinations.web import host_of
from .destination import DestinationFlow
from .destination_form import DestinationForm, secret_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigFlowResult
    from homeassistant.core import HomeAssistant


async def _test(hass: HomeAssistant, settings: Mapping[str, Any]) -> None:
    await async_test_home_assistant(hass, remote_of(settings))


def _unique_id(hass: HomeAssistant, settings: Mapping[str, Any]) -> str:
    return normalised(settings[CONF_URL])


def _titles(hass: HomeAssistant, settings: Mapping[str, Any]) -> tuple[str, ...]:
    url = settings[CONF_URL]
    return (
        f"Home Assistant {URL(url).host}",
        f"Home Assistant {host_of(url)}",
        f"Home Assistant {normalised(url)}",
    )


def _mistakes(settings: Mapping[str, Any]) -> dict[str, str]:
    url = settings.get(CONF_URL, "")
    # Commands and states have paths of their own behind the address.
    return {CONF_URL: "url_query"} if "?" in url or "#" in url else {}


HOME_ASSISTANT_FORM: Final = DestinationForm(
    type=EntryType.HOME_ASSISTANT,
    fields={
        vol.Required(CONF_URL): TextSelector(),
        vol.Required(CONF_TOKEN): secret_text(),
        vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
    },
    test=_test,
    unique_id=_unique_id,
    titles=_titles,
    login=(CONF_TOKEN,),
    example="http://homeassistant.local:8123",
    mistakes=_mistakes,
)


class HomeAssistantFlow(DestinationFlow):
    """The steps that set up, change and repair another Home Assistant."""

    async def async_step_home_assistant(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a new destination."""
        return await self.destination_user(HOME_ASSISTANT_FORM, user_input)

    async def async_step_home_assistant_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change a destination."""
        return await self.destination_reconfigure(HOME_ASSISTANT_FORM, user_input)

    async def async_step_home_assistant_reauth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the token again."""
        return await self.destination_reauth(HOME_ASSISTANT_FORM, user_input)
