"""Switches, by what the config entry stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.const import Platform

from .platforms import async_add_entities_of

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities of an entry."""
    await async_add_entities_of(Platform.SWITCH, hass, entry, async_add_entities)
