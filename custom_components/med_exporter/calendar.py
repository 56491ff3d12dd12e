"""Calendars, by what the config entry stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .installation.calendar import ScheduleCalendar

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
    """Add the calendar of the installation."""
    async_add_entities([ScheduleCalendar(entry.runtime_data)])
