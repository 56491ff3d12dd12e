"""What the house asks about a kind of destination: one record says it all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_URL
from homeassistant.helpers.selector import TextSelector

from ..const import CONF_DATA, CONF_INTERVAL, DEFAULT_DATA, DataType
from ..engine.lazy_dataclass import dataclass
from ..form_fields import choice, secrets_in
from .base import REFUSED_SECRETS, UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.selector import Selector

    from .base import Destination

INTERVALS: Final = (15, 30, 60, 360, 1440)
"""The minutes that may lie between two automatic exports."""
_DEFAULT_INTERVAL: Final = 60

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
class DestinationKind:
    """A kind of destination.

    Attributes:
        type: its name in config entries, addresses and records.
        model: what its device is said to be.
        create: makes a destination of a config entry and its settings in clear; may raise
            ConfigEntryNotReady.
        remove: takes back what a destination left outside, when its entry is removed; given what
            `create` was given.
        unusable: codes of errors that only this kind has, after which the rest of a run would
            meet the same.
        refused_secrets: codes that only this kind has, after which the user is asked for the
            secret again; they are unusable too.
        fields: the form's fields before `interval` and `data`, which every kind has. A text that
            is `vol.Required` must not be left empty. Those that show dots are secrets.
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

    type: str
    model: str
    create: Callable[[HomeAssistant, ConfigEntry, Mapping[str, Any]], Awaitable[Destination]]
    fields: Mapping[vol.Marker, Selector[Any]]
    test: Callable[[HomeAssistant, Mapping[str, Any]], Awaitable[str | None]]
    unique_id: Callable[[HomeAssistant, Mapping[str, Any]], str]
    titles: Callable[[HomeAssistant, Mapping[str, Any]], tuple[str, ...]]
    login: tuple[str, ...]
    example: str
    remove: Callable[[HomeAssistant, ConfigEntry, Mapping[str, Any]], Awaitable[None]] | None = None
    unusable: frozenset[str] = frozenset()
    refused_secrets: frozenset[str] = frozenset()
    address: str = CONF_URL
    schemes: tuple[str, ...] = ("http", "https")
    allow_path: bool = True
    exists_at: str = CONF_URL
    login_of: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    mistakes: Callable[[Mapping[str, Any]], dict[str, str]] = _no_mistakes
    clean: Callable[[dict[str, Any]], dict[str, Any]] = _unchanged
    shown: Callable[[dict[str, Any]], dict[str, Any]] = _unchanged

    @property
    def secrets(self) -> frozenset[str]:
        """Return the fields that are stored encrypted and shown to nobody."""
        return secrets_in(self.fields.items())

    @property
    def told(self) -> tuple[str, ...]:
        """Return the fields that are this kind's own and short, and no secret, in their order."""
        return tuple(
            str(marker)
            for marker, selector in self.fields.items()
            if str(marker) not in self.secrets
            and not (isinstance(selector, TextSelector) and selector.config.get("multiline"))
        )

    def is_unusable(self, code: str | None) -> bool:
        """Return whether everything else that is sent after an error of this code would fail."""
        return code in UNUSABLE or code in self.unusable or self.is_refused_secret(code)

    def is_refused_secret(self, code: str | None) -> bool:
        """Return whether the user has to give another secret after an error of this code."""
        return code in REFUSED_SECRETS or code in self.refused_secrets

    def schema(self, *, is_known: bool = False) -> vol.Schema:
        """Return all fields; the secrets of a known destination may be left empty."""
        secrets = self.secrets
        return vol.Schema(
            {
                vol.Optional(marker.schema)
                if is_known and marker.schema in secrets
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
        fields = {str(marker) for marker in self.schema().schema} - self.secrets
        shown = {key: value for key, value in data.items() if key in fields}
        return self.shown({**shown, CONF_INTERVAL: str(data[CONF_INTERVAL])})
