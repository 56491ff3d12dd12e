"""How every platform of Home Assistant gets its entities: the kind of the entry adds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .entry_types import kind_of

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.const import Platform
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback


def add_entities_of(
    platform: Platform,
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities that an entry has of a platform."""
    kind = kind_of(entry)
    assert kind is not None
    kind.entities[platform](hass, entry, async_add_entities)
