"""The config entries of this integration, by what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.const import CONF_TYPE
from homeassistant.util import slugify

from ..const import CONF_PDL, DOMAIN

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant


def entries_of_type(hass: HomeAssistant, entry_type: str) -> list[ConfigEntry]:
    """Return the entries of one type, loaded or not.

    A discovered plug that the user ignores is an entry too, but one without data; it is none of
    them.
    """
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if entry.data[CONF_TYPE] == entry_type
    ]


def metering_point_entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """Return the entries of all metering points, of whatever kind, loaded or not."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if CONF_PDL in entry.data
    ]


def metering_point_slugs(hass: HomeAssistant) -> set[str]:
    """Return the ids of all metering points as the ids of entities have them."""
    return {point_slug(entry) for entry in metering_point_entries(hass)}


def point_slug(entry: ConfigEntry) -> str:
    """Return the id of a metering point as the ids of entities have it, and as the ledger does."""
    return slug_of(entry.data[CONF_PDL])


def slug_of(pdl: str) -> str:
    """Return the same of the id that was typed."""
    return slugify(pdl)
