"""The record of an InfluxDB destination."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

import voluptuous as vol
from homeassistant.const import CONF_PASSWORD, CONF_TOKEN, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig
from yarl import URL

from ...const import CONF_LABELS
from ...form_fields import LOGIN, YesNoSelector, choice, secret_text
from ...later import later
from ..kind import DestinationKind
from ..labels import InvalidLabelsError, LabelsSelector, labels_from
from .lines import is_tag, is_tag_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.core import HomeAssistant

CONF_VERSION: Final = "version"
CONF_DATABASE: Final = "database"
CONF_BUCKET: Final = "bucket"
CONF_ORGANISATION: Final = "organisation"

# What each version asks for, and what else it takes. Version 3 calls its places databases, or
# buckets where it is hosted, and may run without tokens.
_NEEDED: Final = {
    1: (CONF_DATABASE,),
    2: (CONF_BUCKET, CONF_ORGANISATION, CONF_TOKEN),
    3: (CONF_DATABASE,),
}
_LOGIN_OF: Final = {1: (CONF_USERNAME, CONF_PASSWORD), 2: (CONF_TOKEN,), 3: (CONF_TOKEN,)}
_OF_A_VERSION: Final = (
    CONF_DATABASE,
    CONF_BUCKET,
    CONF_ORGANISATION,
    CONF_USERNAME,
    CONF_PASSWORD,
    CONF_TOKEN,
)
# What may be behind the server's address when it is copied from a browser or another program.
_BEHIND: Final = re.compile(r"/(write|query|ping|health|api(/.*)?|orgs(/.*)?|signin)?$")


def _place(settings: Mapping[str, Any]) -> str:
    parts = (settings.get(name) for name in (CONF_ORGANISATION, CONF_DATABASE, CONF_BUCKET))
    return " ".join(part for part in parts if part)


def _unique_id(hass: HomeAssistant, settings: Mapping[str, Any]) -> str:
    labels = json.dumps(labels_from(settings.get(CONF_LABELS)))
    return f"influxdb {URL(settings[CONF_URL])} {_place(settings)} {labels}"


def _titles(hass: HomeAssistant, settings: Mapping[str, Any]) -> tuple[str, ...]:
    title = f"InfluxDB {URL(settings[CONF_URL]).host}"
    return title, f"{title} {_place(settings)}"


def _mistakes(settings: Mapping[str, Any]) -> dict[str, str]:
    version = settings[CONF_VERSION]
    needed, taken = _NEEDED[version], _NEEDED[version] + _LOGIN_OF[version]
    if version == 3 and settings.get(CONF_BUCKET) and not settings.get(CONF_DATABASE):
        needed = taken = (CONF_BUCKET,)
        taken += _LOGIN_OF[version]
    errors: dict[str, str] = {}
    for name in _OF_A_VERSION:
        if name in needed and not settings.get(name):
            errors[name] = "influxdb_field_missing"
        elif name not in taken and settings.get(name):
            errors[name] = "influxdb_field_of_another_version"
    try:
        labels = labels_from(settings.get(CONF_LABELS))
    except InvalidLabelsError as err:
        errors[CONF_LABELS] = err.code
    else:
        if not all(map(is_tag_name, labels)):
            errors[CONF_LABELS] = "labels_tag_name"
        elif not all(map(is_tag, labels.values())):
            errors[CONF_LABELS] = "labels_tag"
    return errors


def _clean(settings: dict[str, Any]) -> dict[str, Any]:
    """Drop from the address what users copy along; an address that is none stays for the check."""
    settings = {**settings, CONF_VERSION: int(settings[CONF_VERSION])}
    try:
        parts = urlsplit(settings.get(CONF_URL, ""))
    except ValueError:
        return settings
    if not parts.netloc:
        return settings
    path = _BEHIND.sub("", parts.path.rstrip("/")).rstrip("/")
    return {**settings, CONF_URL: urlunsplit((parts.scheme, parts.netloc.lower(), path, "", ""))}


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, CONF_VERSION: str(values[CONF_VERSION])}


def _login_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return _LOGIN_OF[settings[CONF_VERSION]]


INFLUXDB: Final = DestinationKind(
    type="influxdb",
    model="InfluxDB",
    create=later(__package__, "entry", "async_create_influxdb"),
    fields={
        vol.Required(CONF_URL): TextSelector(),
        vol.Required(CONF_VERSION, default="2"): choice(
            "influxdb_version", [str(version) for version in _NEEDED]
        ),
        vol.Optional(CONF_DATABASE): TextSelector(),
        vol.Optional(CONF_BUCKET): TextSelector(),
        vol.Optional(CONF_ORGANISATION): TextSelector(),
        **LOGIN,
        vol.Optional(CONF_TOKEN): secret_text(),
        vol.Optional(CONF_LABELS): LabelsSelector(TextSelectorConfig(multiline=True)),
        vol.Required(CONF_VERIFY_SSL, default=True): YesNoSelector(),
    },
    test=later(__package__, "entry", "async_test_settings"),
    unique_id=_unique_id,
    titles=_titles,
    login=(CONF_USERNAME, CONF_PASSWORD, CONF_TOKEN),
    login_of=_login_of,
    example="http://192.168.1.10:8086",
    mistakes=_mistakes,
    clean=_clean,
    shown=_shown,
    unusable=frozenset({"UNKNOWN_DATABASE", "UNKNOWN_BUCKET", "UNKNOWN_ORGANISATION"}),
)
