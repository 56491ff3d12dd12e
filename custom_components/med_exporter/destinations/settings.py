"""How what a user says of a destination is checked and stored.

Whoever changes a destination, a flow or another door, goes the same way:

    settings = await async_settings(hass, kind, given, entry)   # in clear; entry None: a new one
    finding = await async_check(hass, kind, settings, entry)    # errors by field, or a remark
    data = await async_data(hass, kind, settings, entry)        # what the config entry stores
"""

from __future__ import annotations

import uuid
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import voluptuous as vol
from homeassistant.const import CONF_ID, CONF_PASSWORD, CONF_TYPE, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.helpers.selector import TextSelector
from yarl import URL

from ..const import CONF_DATA, CONF_INTERVAL
from ..engine.lazy_dataclass import dataclass
from ..entries.finding import entries_of_type
from ..form_fields import entered
from ..vault import async_encrypted, async_with_kept
from ..web.address import InvalidUrlError, check_url
from .base import DestinationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from .kind import DestinationKind

_ENCRYPTED: Final = frozenset({"https", "mqtts"})


@dataclass(slots=True)
class Finding:
    """What a check has found: errors by field, or a remark of the connection test.

    `placeholders` are what the words of the errors and of the remark need.
    """

    errors: dict[str, str] = field(default_factory=dict)
    placeholders: dict[str, str] = field(default_factory=dict)
    remark: str | None = None


async def async_settings(
    hass: HomeAssistant,
    kind: DestinationKind,
    given: Mapping[str, Any],
    entry: ConfigEntry | None = None,
) -> dict[str, Any]:
    """Return the settings in clear, without what was left empty.

    A secret of `entry` that is left empty stays, if it goes to the same server for the same user.
    """
    settings = entered(given)
    settings[CONF_INTERVAL] = int(settings[CONF_INTERVAL])
    settings = kind.clean(settings)
    if entry is None:
        return settings
    # A secret that has no use any more would be refused where the user sees nothing of it.
    usable = kind.secrets if kind.login_of is None else kind.secrets & set(kind.login_of(settings))
    return await async_with_kept(hass, settings, entry.data, usable, partial(_whose, kind))


async def async_check(
    hass: HomeAssistant,
    kind: DestinationKind,
    settings: Mapping[str, Any],
    entry: ConfigEntry | None = None,
    *,
    fields: Collection[str] | None = None,
) -> Finding:
    """Check settings in clear, from what costs least to the connection test.

    `fields` are those that the user sees; a mistake elsewhere is reported at `base`.
    """
    finding = Finding(_mistakes(kind, settings), {"example": kind.example})
    try:
        if not finding.errors:
            _check_unique(hass, kind, settings, entry, finding)
        if not finding.errors:
            finding.remark = await kind.test(hass, settings)
    except DestinationError as err:
        finding.placeholders |= err.translation_placeholders or {}
        finding.errors[err.field or "base"] = err.key
    if fields is not None:
        finding.errors = {
            name if name in fields else "base": code for name, code in finding.errors.items()
        }
    return finding


async def async_data(
    hass: HomeAssistant,
    kind: DestinationKind,
    settings: Mapping[str, Any],
    entry: ConfigEntry | None = None,
) -> dict[str, Any]:
    """Return what is stored: secrets encrypted, and a public id that stays for good."""
    known = settings if entry is None else entry.data
    return {
        **await async_encrypted(hass, settings, kind.secrets),
        CONF_ID: known.get(CONF_ID) or str(uuid.uuid4()),
        CONF_TYPE: kind.type,
    }


def title_of(hass: HomeAssistant, kind: DestinationKind, settings: Mapping[str, Any]) -> str:
    """Return the name of a new destination."""
    taken = {entry.title for entry in entries_of_type(hass, kind.type)}
    titles = kind.titles(hass, settings)
    return next((title for title in titles if title not in taken), titles[-1])


def _mistakes(kind: DestinationKind, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the settings as such, by field."""
    errors: dict[str, str] = {}
    for marker, selector in kind.fields.items():
        if (
            isinstance(marker, vol.Required)
            and isinstance(selector, TextSelector)
            and settings.get(marker.schema, "") == ""
        ):
            errors[marker.schema] = "field_missing"
    if (address := settings.get(kind.address)) is not None:
        try:
            check_url(address, kind.schemes, allow_path=kind.allow_path)
        except InvalidUrlError as err:
            errors[kind.address] = err.code
        else:
            is_encrypted = urlsplit(address).scheme in _ENCRYPTED
            if not is_encrypted and settings.get(CONF_VERIFY_SSL) is False:
                encrypted = next(scheme for scheme in kind.schemes if scheme in _ENCRYPTED)
                errors[CONF_VERIFY_SSL] = f"needs_{encrypted}"
    if settings.get(CONF_PASSWORD) and not settings.get(CONF_USERNAME):
        errors[CONF_USERNAME] = "username_missing"
    if not settings[CONF_DATA]:
        errors[CONF_DATA] = "no_data"
    return errors | kind.mistakes(settings)


def _check_unique(
    hass: HomeAssistant,
    kind: DestinationKind,
    settings: Mapping[str, Any],
    own: ConfigEntry | None,
    finding: Finding,
) -> None:
    unique_id = kind.unique_id(hass, settings)
    for entry in entries_of_type(hass, kind.type):
        if entry.unique_id == unique_id and (own is None or entry.entry_id != own.entry_id):
            finding.placeholders["name"] = entry.title
            finding.errors[kind.exists_at] = "destination_exists"


def _whose(kind: DestinationKind, settings: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return whose secrets these are: a user's, at a server with its scheme and port."""
    address = settings.get(kind.address, "")
    try:
        return settings.get(CONF_USERNAME), str(URL(address).origin())
    except ValueError:
        return settings.get(CONF_USERNAME), address
