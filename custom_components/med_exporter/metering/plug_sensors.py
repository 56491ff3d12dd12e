"""The sensors of a plug."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    from .metering_point import MeteringPoint
    from .polled import PlugState


@dataclass(frozen=True, kw_only=True)
class PlugSensorDescription(SensorEntityDescription):
    """A sensor that shows one figure of a plug's latest reading or of its counter."""

    value_fn: Callable[[PlugState, PlugSample], float | None]


_SENSORS = (
    PlugSensorDescription(
        key="power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=1,
        value_fn=lambda _, sample: sample.power,
    ),
    PlugSensorDescription(
        key="voltage",
        device_class=SensorDeviceClass.VOLTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
        suggested_display_precision=1,
        value_fn=lambda _, sample: sample.voltage,
    ),
    PlugSensorDescription(
        key="current",
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=2,
        value_fn=lambda _, sample: sample.current,
    ),
    PlugSensorDescription(
        key="energy",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=3,
        value_fn=lambda plug, _: plug.counter.value if plug.is_known else None,
    ),
    PlugSensorDescription(
        key="energy_today",
        translation_key="energy_today",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=3,
        value_fn=lambda plug, _: plug.counter.today if plug.is_known else None,
    ),
    PlugSensorDescription(
        key="signal_strength",
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda _, sample: sample.signal_strength,
    ),
)


class PlugSensor(PlugEntity, SensorEntity):
    """A figure of a plug."""

    entity_description: PlugSensorDescription

    @property
    def native_value(self) -> float | None:
        """Return the figure in the sensor's unit."""
        sample = self.plug.sample
        return None if sample is None else self.entity_description.value_fn(self.plug, sample)

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
        for description in _SENSORS:
            yield PlugSensor(point.coordinator, plug_id, description)
        yield CounterSensor(point.coordinator, plug_id, _COUNTER)
