"""The sensors of a metering point of meters, from all rooms that have some."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .costs.sensors import cost_sensors
from .grid.following import async_follow_grid_sensors
from .metering.point_sensors import metering_point_sensors
from .meters.devices import meter_device_info
from .meters.meter import is_entity
from .meters.sensors import power_sensors, today_sensors

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

    from .metering.metering_point import MeteringPoint
    from .meters.point import MetersEntry


def add_meters_sensors(
    hass: HomeAssistant,
    entry: MetersEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a metering point of meters, which have entities of their own."""
    meters = entry.runtime_data
    # It has all of a metering point that its sensors ask for.
    point = cast("MeteringPoint", meters)
    async_add_entities(metering_point_sensors(point))
    async_add_entities(power_sensors(meters))
    async_add_entities(today_sensors(meters))
    devices = {
        meter_id: meter_device_info(hass, meter)
        for meter_id, meter in meters.coordinator.meters.items()
        if is_entity(meter.statistic_id)
    }
    async_add_entities(cost_sensors(point, (), devices))
    async_follow_grid_sensors(hass, point, async_add_entities)
