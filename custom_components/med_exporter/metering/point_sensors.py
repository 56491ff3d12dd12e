"""The sensors of a metering point, with the entity ids that pushes and automations rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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


# The energy of the running day or month, summed over the plugs of one role: which, and whether
# it is the month's.
_SENSORS: Final = {
    "consumption_daily": (PlugRole.CONSUMPTION, False),
    "consumption_monthly": (PlugRole.CONSUMPTION, True),
    "production_daily": (PlugRole.PRODUCTION, False),
    "production_monthly": (PlugRole.PRODUCTION, True),
}


def _energy(key: str) -> SensorEntityDescription:
    return SensorEntityDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=3,
    )


class MeteringPointSensor(MeteringPointEntity, SensorEntity):
    """Energy of the running day or month; `last_period` is the total of the one before."""

    def __init__(self, point: MeteringPoint, key: str) -> None:
        super().__init__(point, _energy(key))
        self.entity_id = f"sensor.med_{point.slug}_{key}"
        self._role, self._monthly = _SENSORS[key]

    @property
    def native_value(self) -> float | None:
        """Return the energy so far in kWh."""
        current = self._current
        return None if current is None else current.value_kwh

    @property
    def last_reset(self) -> datetime:
        """Return the start of the running day or month."""
        midnight = dt_util.start_of_local_day(self.point.today)
        return midnight.replace(day=1) if self._monthly else midnight

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
        return self.point.running(self._role, monthly=self._monthly)


def metering_point_sensors(point: MeteringPoint) -> list[MeteringPointSensor]:
    """Return the energies that a metering point can have, by the roles of its meters.

    A role that none of them has any more takes its sensors along.
    """
    roles = {meter[CONF_ROLE] for meter in point.entry.data[CONF_PLUGS].values()}
    gone = [key for key, (role, _) in _SENSORS.items() if role not in roles]
    forget_sensors(point.coordinator.hass, (f"{point.entry.entry_id}_{key}" for key in gone))
    return [MeteringPointSensor(point, key) for key in _SENSORS if key not in gone]
