"""The sensors of a metering point of plugs, from all rooms that have some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .costs.sensors import cost_sensors
from .grid.following import async_follow_grid_sensors
from .metering.plug_sensors import plug_sensors
from .metering.point_sensors import metering_point_sensors

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

    from .metering.metering_point import PointEntry


def add_point_sensors(
    hass: HomeAssistant,
    entry: PointEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a metering point of plugs, their costs and the grid's among them."""
    point = entry.runtime_data
    async_add_entities(metering_point_sensors(point))
    async_add_entities(plug_sensors(point))
    async_add_entities(cost_sensors(point, point.coordinator.data))
    async_follow_grid_sensors(hass, point, async_add_entities)
