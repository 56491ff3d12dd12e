"""Events, by what the config entry stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .installation.events import installation_events

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

    from .installation.entry import Installation

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry[Installation],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events of the installation."""
    async_add_entities(installation_events(entry.runtime_data))
