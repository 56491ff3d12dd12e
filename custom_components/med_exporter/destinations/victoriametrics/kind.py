"""The record of a VictoriaMetrics destination."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import voluptuous as vol
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig
from yarl import URL

from ...const import CONF_LABELS
from ...form_fields import LOGIN, YesNoSelector
from ...later import later
from ..kind import DestinationKind
from ..labels import InvalidLabelsError, LabelsSelector, labels_from
from .address import base_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant


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


VICTORIAMETRICS: Final = DestinationKind(
    type="victoriametrics",
    model="VictoriaMetrics",
    create=later(__package__, "entry", "async_create_victoriametrics"),
    fields={
        vol.Required(CONF_URL): TextSelector(),
        **LOGIN,
        vol.Optional(CONF_LABELS): LabelsSelector(TextSelectorConfig(multiline=True)),
        vol.Required(CONF_VERIFY_SSL, default=True): YesNoSelector(),
    },
    test=later(__package__, "entry", "async_test_victoriametrics"),
    unique_id=_unique_id,
    titles=_titles,
    login=(CONF_USERNAME, CONF_PASSWORD),
    example="http://192.168.1.10:8428",
    mistakes=_mistakes,
    clean=_clean,
    unusable=frozenset({"LABELS_CHANGED", "NOTHING_SHOWN", "SAMPLES_MERGED"}),
)
