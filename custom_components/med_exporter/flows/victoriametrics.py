"""The flow of a VictoriaMetrics destination."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import voluptuous as vol
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.helpers.selector import BooleanSelector, TextSelector, TextSelectorConfig
from yarl import URL

from ..const import CONF_LABELS, EntryType
from ..destinations.victoriametrics.destination import async_test_server
from ..destinations.victoriametrics.entry import (
    InvalidLabelsError,
    labels_from,
    server_of,
)
from ..destinations.victoriametrics.server import base_url
from .destination import DestinationFlow
from .destination_form import LOGIN, DestinationForm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigFlowResult
    from homeassistant.core import HomeAssistant


class _LabelsSelector(TextSelector):
    """JSON text; the HTTP API may give the object itself."""

    def __call__(self, data: object) -> str | list[str]:
        return super().__call__(json.dumps(data) if isinstance(data, dict) else data)


async def _test(hass: HomeAssistant, settings: Mapping[str, Any]) -> str | None:
    labels = labels_from(settings.get(CONF_LABELS))
    return await async_test_server(server_of(hass, settings, is_known=False), labels)


def _unique_id(hass: HomeAssistant, settings: Mapping[str, Any]) -> str:
    labels = json.dumps(labels_from(settings.get(CONF_LABELS)))
    return f"victoriametrics {URL(settings[CONF_URL])} {labels}"


def _titles(hass: HomeAssistant, settings: Mapping[str, Any]) -> tuple[str, ...]:
    title = f"VictoriaMetrics {URL(settings[CONF_URL]).host}"
    labels = labels_from(settings.get(CONF_LABELS))
    return title, " ".join([title, *(f"{name}={value}" for name, value in labels.items())])


def _mistakes(settings: Mapping[str, Any]) -> dict[str, str]:
    errors: dict[str, str] = {}
    with suppress(ValueError):
        parts = urlsplit(settings.get(CONF_URL, ""))
        if parts.query or parts.fragment:
            errors[CONF_URL] = "url_query"
    try:
        labels_from(settings.get(CONF_LABELS))
    except InvalidLabelsError as err:
        errors[CONF_LABELS] = err.code
    return errors


def _clean(settings: dict[str, Any]) -> dict[str, Any]:
    """Drop from the address what users copy along; an address that is none stays for the check."""
    with suppress(ValueError):
        if CONF_URL in settings:
            return {**settings, CONF_URL: base_url(settings[CONF_URL])}
    return settings


VICTORIAMETRICS_FORM: Final = DestinationForm(
    type=EntryType.VICTORIAMETRICS,
    fields={
        vol.Required(CONF_URL): TextSelector(),
        **LOGIN,
        vol.Optional(CONF_LABELS): _LabelsSelector(TextSelectorConfig(multiline=True)),
        vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
    },
    test=_test,
    unique_id=_unique_id,
    titles=_titles,
    login=(CONF_USERNAME, CONF_PASSWORD),
    example="http://192.168.1.10:8428",
    mistakes=_mistakes,
    clean=_clean,
)


class VictoriaMetricsFlow(DestinationFlow):
    """The steps that set up, change and repair a VictoriaMetrics destination."""

    async def async_step_victoriametrics(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a new destination."""
        return await self.destination_user(VICTORIAMETRICS_FORM, user_input)

    async def async_step_victoriametrics_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change a destination."""
        return await self.destination_reconfigure(VICTORIAMETRICS_FORM, user_input)

    async def async_step_victoriametrics_reauth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the login again."""
        return await self.destination_reauth(VICTORIAMETRICS_FORM, user_input)

    async def async_step_victoriametrics_unverified(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that the server keeps less than what is sent, and save all the same."""
        return await self.destination_unverified(VICTORIAMETRICS_FORM, user_input)
