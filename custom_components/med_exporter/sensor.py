"""Sensors, by what the config entry stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .costs.sensors import cost_sensors
from .grid.coordinator import GridCoordinator
from .grid.sensors import async_follow_grid_sensors, grid_sensors
from .metering.metering_point import MeteringPoint
from .metering.plug_sensors import plug_sensors
from .metering.point_sensors import metering_point_sensors
from .pushes.entities.sensors import destination_sensors
from .pushes.runtime import DestinationRuntime

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
    """Add the sensors of a metering point and its plugs, of the grid, or of a destination."""
    if isinstance(entry.runtime_data, MeteringPoint):
        async_add_entities(metering_point_sensors(entry.runtime_data))
        async_add_entities(plug_sensors(entry.runtime_data))
        async_add_entities(cost_sensors(entry.runtime_data))
        async_follow_grid_sensors(hass, entry.runtime_data, async_add_entities)
    elif isinstance(entry.runtime_data, GridCoordinator):
        async_add_entities(grid_sensors(entry.runtime_data))
    elif isinstance(entry.runtime_data, DestinationRuntime):
        async_add_entities(destination_sensors(entry.runtime_data))
