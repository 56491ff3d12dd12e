"""The power of a metering point of meters now, and what each meter has counted today.

Power, voltage, current and the counter of a meter are entities already: none of these is doubled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfEnergy, UnitOfPower
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

from ..const import PlugRole
from ..engine.energy import to_kwh
from ..engine.recorder.state_values import number
from ..metering.entity import metering_point_device_info
from .coordinator import MetersCoordinator
from .devices import meter_device_info
from .meter import is_entity

if TYPE_CHECKING:
    from datetime import datetime

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
_TODAY = SensorEntityDescription(
    key="energy_today",
    translation_key="energy_today",
    device_class=SensorDeviceClass.ENERGY,
    state_class=SensorStateClass.TOTAL,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    suggested_display_precision=3,
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


class MeterTodaySensor(CoordinatorEntity[MetersCoordinator], SensorEntity):
    """What a meter has counted today, as files and the Energy dashboard have it."""

    _attr_has_entity_name = True

    def __init__(self, point: MetersPoint, meter_id: str) -> None:
        coordinator = point.coordinator
        super().__init__(coordinator)
        self.entity_description = _TODAY
        self._meter_id = meter_id
        self._attr_unique_id = f"{meter_id}_{_TODAY.key}"
        self._attr_device_info = meter_device_info(coordinator.hass, coordinator.meters[meter_id])

    @property
    def native_value(self) -> float | None:
        """Return the energy in kWh; None where nothing is known of the day."""
        counted = self.coordinator.standing.counted_today(self._meter_id)
        return None if counted is None else to_kwh(counted)

    @property
    def last_reset(self) -> datetime:
        """Return the begin of the day."""
        return dt_util.start_of_local_day(self.coordinator.standing.day)


def today_sensors(point: MetersPoint) -> list[MeterTodaySensor]:
    """Return a sensor for each meter that has an entity: others tell of a day when it is over."""
    return [
        MeterTodaySensor(point, meter_id)
        for meter_id, meter in point.coordinator.meters.items()
        if is_entity(meter.statistic_id)
    ]


def power_sensors(point: MetersPoint) -> list[MetersPowerSensor]:
    """Return the sensor of a metering point's power, where it has one."""
    has_power = any("power_w" in meter.entities for meter in point.coordinator.meters.values())
    return [MetersPowerSensor(point)] if has_power else []
