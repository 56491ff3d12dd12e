"""The sensors of a plug."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.util import dt as dt_util

from .entity import PlugEntity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from ..sources.plug import PlugSample
    from .coordinator import PlugCoordinator
    from .metering_point import MeteringPoint
    from .polled import PlugState

    type _Value = Callable[[PlugState, PlugSample], float | None]


# Each with the figure of the plug's latest reading, or of its counter, that it shows. A class of
# descriptions that has it takes Home Assistant a millisecond to make, with each start.
_SENSORS: Final[tuple[tuple[SensorEntityDescription, _Value], ...]] = (
    (
        SensorEntityDescription(
            key="power",
            device_class=SensorDeviceClass.POWER,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfPower.WATT,
            suggested_display_precision=1,
        ),
        lambda _, sample: sample.power,
    ),
    (
        SensorEntityDescription(
            key="voltage",
            device_class=SensorDeviceClass.VOLTAGE,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricPotential.VOLT,
            suggested_display_precision=1,
        ),
        lambda _, sample: sample.voltage,
    ),
    (
        SensorEntityDescription(
            key="current",
            device_class=SensorDeviceClass.CURRENT,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
            suggested_display_precision=2,
        ),
        lambda _, sample: sample.current,
    ),
    (
        SensorEntityDescription(
            key="energy",
            device_class=SensorDeviceClass.ENERGY,
            state_class=SensorStateClass.TOTAL_INCREASING,
            native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
            suggested_display_precision=3,
        ),
        lambda plug, _: plug.counter.value if plug.is_known else None,
    ),
    (
        SensorEntityDescription(
            key="energy_today",
            translation_key="energy_today",
            device_class=SensorDeviceClass.ENERGY,
            state_class=SensorStateClass.TOTAL,
            native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
            suggested_display_precision=3,
        ),
        lambda plug, _: plug.counter.today if plug.is_known else None,
    ),
    (
        SensorEntityDescription(
            key="signal_strength",
            device_class=SensorDeviceClass.SIGNAL_STRENGTH,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
        ),
        lambda _, sample: sample.signal_strength,
    ),
)


class PlugSensor(PlugEntity, SensorEntity):
    """A figure of a plug."""

    def __init__(
        self,
        coordinator: PlugCoordinator,
        plug_id: str,
        description: SensorEntityDescription,
        value: _Value,
    ) -> None:
        super().__init__(coordinator, plug_id, description)
        self._value = value

    @property
    def native_value(self) -> float | None:
        """Return the figure in the sensor's unit."""
        sample = self.plug.sample
        return None if sample is None else self._value(self.plug, sample)

    @property
    def last_reset(self) -> datetime | None:
        """Return local midnight for a sensor that restarts there."""
        if self.entity_description.state_class is SensorStateClass.TOTAL:
            return dt_util.start_of_local_day(self.plug.counter.day)
        return None


class CounterSensor(PlugEntity, SensorEntity):
    """Whether the plug's counters are believed; the attributes tell what was not, and why."""

    _unrecorded_attributes = frozenset({"refusals"})

    @property
    def native_value(self) -> str:
        """Return `ok`, or `doubtful` while a reading waits for the next one to confirm it."""
        return "doubtful" if self.plug.counter.evidence.is_doubtful else "ok"

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return how many readings were refused, and the latest of them."""
        evidence = self.plug.counter.evidence
        return {"refused": evidence.refused, "refusals": list(evidence.refusals)}


_COUNTER = SensorEntityDescription(
    key="counter",
    translation_key="counter",
    device_class=SensorDeviceClass.ENUM,
    entity_category=EntityCategory.DIAGNOSTIC,
    options=["ok", "doubtful"],
)


def plug_sensors(point: MeteringPoint) -> Iterator[SensorEntity]:
    """Yield the sensors of all plugs of a metering point."""
    for plug_id in point.coordinator.data:
        for description, value in _SENSORS:
            yield PlugSensor(point.coordinator, plug_id, description, value)
        yield CounterSensor(point.coordinator, plug_id, _COUNTER)
