"""The power of a metering point of meters now."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util.unit_conversion import PowerConverter

from ..const import PlugRole
from ..engine.recorder import number
from ..metering.entity import metering_point_device_info

if TYPE_CHECKING:
    from homeassistant.core import Event, EventStateChangedData

    from ..metering.metering_point import MeteringPoint
    from .point import MetersPoint

_POWER = SensorEntityDescription(
    key="power",
    device_class=SensorDeviceClass.POWER,
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=UnitOfPower.WATT,
    suggested_display_precision=1,
)
_SIGNS = {PlugRole.CONSUMPTION: 1, PlugRole.PRODUCTION: -1}


class MetersPowerSensor(SensorEntity):
    """What is drawn now: the power of all that consumes, less that of all that produces."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, point: MetersPoint) -> None:
        self.entity_description = _POWER
        self.entity_id = f"sensor.med_{point.slug}_power"
        self._attr_unique_id = f"{point.entry.entry_id}_power"
        self._attr_device_info = metering_point_device_info(cast("MeteringPoint", point))
        self._signs: dict[str, int] = {}
        for meter in point.coordinator.meters.values():
            if "power_w" in meter.entities and meter.role in _SIGNS:
                self._signs.setdefault(meter.entities["power_w"], _SIGNS[meter.role])

    async def async_added_to_hass(self) -> None:
        """Follow the entities."""

        @callback
        def on_state(_: Event[EventStateChangedData]) -> None:
            self.async_write_ha_state()

        self.async_on_remove(async_track_state_change_event(self.hass, self._signs, on_state))

    @property
    def native_value(self) -> float | None:
        """Return the power in W; None where none is known."""
        known = [
            sign * power
            for entity_id, sign in self._signs.items()
            if (power := self._power(entity_id)) is not None
        ]
        return round(sum(known), 3) if known else None

    def _power(self, entity_id: str) -> float | None:
        state = self.hass.states.get(entity_id)
        value = None if state is None else number(state.state)
        if state is None or value is None:
            return None
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        try:
            return PowerConverter.convert(value, unit, UnitOfPower.WATT)
        except HomeAssistantError:
            return None


def power_sensors(point: MetersPoint) -> list[MetersPowerSensor]:
    """Return the sensor of a metering point's power, where it has one."""
    has_power = any("power_w" in meter.entities for meter in point.coordinator.meters.values())
    return [MetersPowerSensor(point)] if has_power else []
