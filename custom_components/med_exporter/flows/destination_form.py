"""What a kind of destination asks for, and how its answers are checked and stored.

Whoever changes a destination, a flow or another door, goes the same way:

    settings = await async_settings(hass, form, given, entry)   # in clear; entry None: a new one
    finding = await async_check(hass, form, settings, entry)    # errors by field, or a remark
    data = await async_data(hass, settings, form.type, entry)   # what the config entry stores
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import voluptuous as vol
from homeassistant.const import (
    CONF_ID,
    CONF_PASSWORD,
    CONF_TYPE,
    CONF_URL,
    CONF_USERNAME,
    CONF_VERIFY_SSL,
)
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..const import CONF_DATA, CONF_INTERVAL, DEFAULT_DATA, DataType, EntryType
from ..destinations.base import DestinationError
from ..entries import entries_of_type
from ..vault import SECRETS, SecretLostError, async_decrypted, async_encrypted
from .urls import InvalidUrlError, check_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.selector import Selector

INTERVALS: Final = (15, 30, 60, 360, 1440)
"""The minutes that may lie between two automatic exports."""
_DEFAULT_INTERVAL: Final = 60
_ENCRYPTED: Final = frozenset({"https", "mqtts"})


def choice(name: str, options: list[str], *, multiple: bool = False) -> SelectSelector:
    """Return a list to choose from, whose words are `selector.{name}.options`."""
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            multiple=multiple,
            mode=SelectSelectorMode.LIST if multiple else SelectSelectorMode.DROPDOWN,
            translation_key=name,
        )
    )


def secret_text(autocomplete: str = "off") -> TextSelector:
    """Return a text field that shows dots."""
    return TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete=autocomplete)
    )


LOGIN: Final[dict[vol.Marker, Selector[Any]]] = {
    vol.Optional(CONF_USERNAME): TextSelector(TextSelectorConfig(autocomplete="username")),
    vol.Optional(CONF_PASSWORD): secret_text("current-password"),
}
"""The fields `username` and `password`, where a server may do without them."""

_COMMON: Final[dict[vol.Marker, Selector[Any]]] = {
    vol.Required(CONF_INTERVAL, default=str(_DEFAULT_INTERVAL)): choice(
        CONF_INTERVAL, [str(minutes) for minutes in INTERVALS]
    ),
    vol.Required(CONF_DATA, default=list(DEFAULT_DATA)): choice(
        CONF_DATA, list(DataType), multiple=True
    ),
}


def _unchanged(settings: dict[str, Any]) -> dict[str, Any]:
    return settings


def _no_mistakes(_: Mapping[str, Any]) -> dict[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationForm:
    """The form of a kind of destination.

    Attributes:
        type: the kind.
        fields: the fields before `interval` and `data`, which every kind has. A text that is
            `vol.Required` must not be left empty.
        test: tries the connection with settings in clear; returns None or the key of a remark
            (its words: `config.error.{key}`), raises DestinationError with the mistake.
        unique_id: what no two destinations may have in common; may raise DestinationError.
        titles: names for a new destination, the best first; the first that is not taken is used.
        login: the fields that are asked for again when the destination refuses them; None where
            that depends on the settings, which `login_of` tells.
        example: an address as it should look, for error texts.
        address: the field with the address; schemes and `allow_path` as in `check_url`.
        exists_at: the field where a second destination of the same unique id is reported.
        mistakes: finds what else is wrong with the settings as such, by field.
        clean: turns what was typed into what is stored (numbers, slashes); secrets in clear.
        shown: turns what is stored into what the form shows again.

    """

    type: EntryType
    fields: Mapping[vol.Marker, Selector[Any]]
    test: Callable[[HomeAssistant, Mapping[str, Any]], Awaitable[str | None]]
    unique_id: Callable[[HomeAssistant, Mapping[str, Any]], str]
    titles: Callable[[HomeAssistant, Mapping[str, Any]], tuple[str, ...]]
    login: tuple[str, ...]
    example: str
    address: str = CONF_URL
    schemes: tuple[str, ...] = ("http", "https")
    allow_path: bool = True
    exists_at: str = CONF_URL
    login_of: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    mistakes: Callable[[Mapping[str, Any]], dict[str, str]] = _no_mistakes
    clean: Callable[[dict[str, Any]], dict[str, Any]] = _unchanged
    shown: Callable[[dict[str, Any]], dict[str, Any]] = _unchanged

    def schema(self, *, is_known: bool = False) -> vol.Schema:
        """Return all fields; the secrets of a known destination may be left empty."""
        return vol.Schema(
            {
                vol.Optional(marker.schema)
                if is_known and marker.schema in SECRETS
                else marker: selector
                for marker, selector in {**self.fields, **_COMMON}.items()
            }
        )

    def login_schema(self, data: Mapping[str, Any]) -> vol.Schema:
        """Return the fields of the login of a stored destination."""
        asked = self.login if self.login_of is None else self.login_of(data)
        return vol.Schema(
            {marker: selector for marker, selector in self.fields.items() if marker.schema in asked}
        )

    def values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the stored data as the form shows it, without secrets."""
        fields = {str(marker) for marker in self.schema().schema} - SECRETS
        shown = {key: value for key, value in data.items() if key in fields}
        return self.shown({**shown, CONF_INTERVAL: str(data[CONF_INTERVAL])})


@dataclass(slots=True)
class Finding:
    """What a check has found: errors by field, or a remark of the connection test."""

    errors: dict[str, str] = field(default_factory=dict)
    placeholders: dict[str, str] = field(default_factory=dict)
    remark: str | None = None


async def async_settings(
    hass: HomeAssistant,
    form: DestinationForm,
    given: Mapping[str, Any],
    entry: ConfigEntry | None = None,
) -> dict[str, Any]:
    """Return the settings in clear, without what was left empty.

    A secret of `entry` that is left empty stays, if it goes to the same host for the same user.
    """
    settings = {
        key: value.strip() if isinstance(value, str) and key != CONF_PASSWORD else value
        for key, value in given.items()
    }
    settings = {key: value for key, value in settings.items() if value != ""}
    settings[CONF_INTERVAL] = int(settings[CONF_INTERVAL])
    settings = form.clean(settings)
    if entry is not None and _whose(form, settings) == _whose(form, entry.data):
        kept = {key: entry.data[key] for key in SECRETS & set(entry.data) - set(settings)}
        try:
            settings |= await async_decrypted(hass, kept)
        except SecretLostError:
            # It is missing then, and asked for.
            return settings
    return settings


async def async_check(
    hass: HomeAssistant,
    form: DestinationForm,
    settings: Mapping[str, Any],
    entry: ConfigEntry | None = None,
    *,
    fields: Collection[str] | None = None,
) -> Finding:
    """Check settings in clear, from what costs least to the connection test.

    `fields` are those that the user sees; a mistake elsewhere is reported at `base`.
    """
    finding = Finding(_mistakes(form, settings))
    try:
        if not finding.errors:
            _check_unique(hass, form, settings, entry, finding)
        if not finding.errors:
            finding.remark = await form.test(hass, settings)
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
    settings: Mapping[str, Any],
    entry_type: EntryType,
    entry: ConfigEntry | None = None,
) -> dict[str, Any]:
    """Return what is stored: secrets encrypted, and a public id that stays for good."""
    known = settings if entry is None else entry.data
    return {
        **await async_encrypted(hass, settings),
        CONF_ID: known.get(CONF_ID) or str(uuid.uuid4()),
        CONF_TYPE: entry_type.value,
    }


def title_of(hass: HomeAssistant, form: DestinationForm, settings: Mapping[str, Any]) -> str:
    """Return the name of a new destination."""
    taken = {entry.title for entry in entries_of_type(hass, form.type)}
    titles = form.titles(hass, settings)
    return next((title for title in titles if title not in taken), titles[-1])


def _mistakes(form: DestinationForm, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the settings as such, by field."""
    errors: dict[str, str] = {}
    for marker, selector in form.fields.items():
        if (
            isinstance(marker, vol.Required)
            and isinstance(selector, TextSelector)
            and settings.get(marker.schema, "") == ""
        ):
            errors[marker.schema] = "field_missing"
    if (address := settings.get(form.address)) is not None:
        try:
            check_url(address, form.schemes, allow_path=form.allow_path)
        except InvalidUrlError as err:
            errors[form.address] = err.code
        else:
            encrypted = next(scheme for scheme in form.schemes if scheme in _ENCRYPTED)
            is_encrypted = urlsplit(address).scheme == encrypted
            if not is_encrypted and settings.get(CONF_VERIFY_SSL) is False:
                errors[CONF_VERIFY_SSL] = f"needs_{encrypted}"
    if settings.get(CONF_PASSWORD) and not settings.get(CONF_USERNAME):
        errors[CONF_USERNAME] = "username_missing"
    if not settings[CONF_DATA]:
        errors[CONF_DATA] = "no_data"
    return errors | form.mistakes(settings)


def _check_unique(
    hass: HomeAssistant,
    form: DestinationForm,
    settings: Mapping[str, Any],
    own: ConfigEntry | None,
    finding: Finding,
) -> None:
    unique_id = form.unique_id(hass, settings)
    for entry in entries_of_type(hass, form.type):
        if entry.unique_id == unique_id and (own is None or entry.entry_id != own.entry_id):
            finding.placeholders["name"] = entry.title
            finding.errors[form.exists_at] = "destination_exists"


def _whose(form: DestinationForm, settings: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return whose secrets these are: a user's, at a host."""
    try:
        host = urlsplit(settings.get(form.address, "")).hostname
    except ValueError:
        return None, None
    return settings.get(CONF_USERNAME), host
