"""The record of a destination that is another Home Assistant."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.helpers.selector import TextSelector
from yarl import URL

from ...form_fields import YesNoSelector, secret_text
from ...later import later
from ..kind import DestinationKind
from ..web import host_of, normalised
from .address import base_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant


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


def _clean(settings: dict[str, Any]) -> dict[str, Any]:
    with suppress(ValueError):
        if CONF_URL in settings:
            return {**settings, CONF_URL: base_url(settings[CONF_URL])}
    return settings


HOME_ASSISTANT: Final = DestinationKind(
    type="home_assistant",
    model="Home Assistant",
    create=later(__package__, "destination", "async_create_home_assistant"),
    fields={
        vol.Required(CONF_URL): TextSelector(),
        vol.Required(CONF_TOKEN): secret_text(),
        vol.Required(CONF_VERIFY_SSL, default=True): YesNoSelector(),
    },
    test=later(__package__, "destination", "async_test_settings"),
    unique_id=_unique_id,
    titles=_titles,
    login=(CONF_TOKEN,),
    example="http://homeassistant.local:8123",
    mistakes=_mistakes,
    clean=_clean,
    unusable=frozenset({"OWN_INSTANCE"}),
    refused_secrets=frozenset({"NOT_ADMINISTRATOR"}),
)
