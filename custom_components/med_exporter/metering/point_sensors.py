"""The sensors of a metering point, with the entity ids that pushes and automations rely on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfEnergy
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import EnergyConverter

from ..const import CONF_PLUGS, CONF_ROLE, PlugRole
from .entity import MeteringPointEntity, forget_sensors

if TYPE_CHECKING:
    from datetime import datetime

    from .metering_point import CurrentValue, MeteringPoint


@dataclass(frozen=True, kw_only=True)
class MeteringPointSensorDescription(SensorEntityDescription):
    """The energy of the running day or month, summed over the plugs of one role."""

    role: PlugRole
    monthly: bool


def _energy(key: str, role: PlugRole, *, monthly: bool) -> MeteringPointSensorDescription:
    return MeteringPointSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=3,
        role=role,
        monthly=monthly,
    )


_SENSORS = (
    _energy("consumption_daily", PlugRole.CONSUMPTION, monthly=False),
    _energy("consumption_monthly", PlugRole.CONSUMPTION, monthly=True),
    _energy("production_daily", PlugRole.PRODUCTION, monthly=False),
    _energy("production_monthly", PlugRole.PRODUCTION, monthly=True),
)


class MeteringPointSensor(MeteringPointEntity, SensorEntity):
    """Energy of the running day or month; `last_period` is the total of the one before."""

    entity_description: MeteringPointSensorDescription

    def __init__(self, point: MeteringPoint, description: MeteringPointSensorDescription) -> None:
        super().__init__(point, description)
        self.entity_id = f"sensor.med_{point.slug}_{description.key}"

    @property
    def native_value(self) -> float | None:
        """Return the energy so far in kWh."""
        current = self._current
        return None if current is None else current.value_kwh

    @property
    def last_reset(self) -> datetime:
        """Return the start of the running day or month."""
        midnight = dt_util.start_of_local_day(self.point.today)
        return midnight.replace(day=1) if self.entity_description.monthly else midnight

    @property
    def extra_state_attributes(self) -> dict[str, float | None]:
        """Return the total of the day or month before, in the unit in which the state is shown."""
        current = self._current
        last = None if current is None else current.last_period
        if last is not None and (unit := self.unit_of_measurement) is not None:
            last = round(EnergyConverter.convert(last, UnitOfEnergy.KILO_WATT_HOUR, unit), 9)
        return {"last_period": last}

    @property
    def _current(self) -> CurrentValue | None:
        description = self.entity_description
        return self.point.running(description.role, monthly=description.monthly)


def metering_point_sensors(point: MeteringPoint) -> list[MeteringPointSensor]:
    """Return the energies that a metering point can have, by the roles of its meters.

    A role that none of them has any more takes its sensors along.
    """
    roles = {meter[CONF_ROLE] for meter in point.entry.data[CONF_PLUGS].values()}
    gone = [one for one in _SENSORS if one.role not in roles]
    forget_sensors(point.coordinator.hass, (f"{point.entry.entry_id}_{one.key}" for one in gone))
    return [MeteringPointSensor(point, one) for one in _SENSORS if one.role in roles]
