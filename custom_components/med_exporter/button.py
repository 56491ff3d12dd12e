"""Buttons, by what the config entry stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .pushes.entities.buttons import destination_buttons

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

    from .pushes.runtime import DestinationRuntime

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry[DestinationRuntime],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of a destination."""
    async_add_entities(destination_buttons(entry.runtime_data))
