"""The record of a Jeedom destination."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_API_KEY, CONF_URL, CONF_VERIFY_SSL
from homeassistant.helpers.selector import TextSelector
from yarl import URL

from ...form_fields import YesNoSelector, secret_text
from ...later import later
from ..kind import DestinationKind
from .address import base_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

CONF_PARENT: Final = "parent"
CONF_PLUGIN: Final = "plugin"
DEFAULT_PLUGIN: Final = "virtual"
_PLUGIN: Final = re.compile(r"[A-Za-z0-9_]+")


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


JEEDOM: Final = DestinationKind(
    type="jeedom",
    model="Jeedom",
    create=later(__package__, "entry", "async_create_jeedom"),
    fields={
        vol.Required(CONF_URL): TextSelector(),
        vol.Required(CONF_API_KEY): secret_text(),
        vol.Required(CONF_PLUGIN, default=DEFAULT_PLUGIN): TextSelector(),
        vol.Optional(CONF_PARENT): TextSelector(),
        vol.Required(CONF_VERIFY_SSL, default=True): YesNoSelector(),
    },
    test=later(__package__, "entry", "async_test_jeedom"),
    unique_id=_unique_id,
    titles=_titles,
    login=(CONF_API_KEY,),
    example="http://jeedom.local",
    mistakes=_mistakes,
    clean=_clean,
    unusable=frozenset({"API_DISABLED", "PLUGIN_NOT_ACTIVE"}),
    refused_secrets=frozenset({"WRONG_API_KEY", "OTHER_PLUGINS_KEY"}),
)
