"""Sensors of a destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory

from ..runtime import DestinationState
from .entity import DestinationEntity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ..runtime import DestinationRuntime


@dataclass(frozen=True, kw_only=True)
class DestinationSensorDescription(SensorEntityDescription):
    """A sensor and where its value comes from."""

    value_fn: Callable[[DestinationRuntime], datetime | str | int | None]


_SENSORS: Final = (
    DestinationSensorDescription(
        key="status",
        translation_key="destination_status",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in DestinationState],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda runtime: runtime.state.value,
    ),
    DestinationSensorDescription(
        key="last_export",
        translation_key="last_export",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda runtime: runtime.last_export,
    ),
    DestinationSensorDescription(
        key="last_records",
        translation_key="last_records",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda runtime: runtime.last_records,
    ),
    DestinationSensorDescription(
        key="backlog",
        translation_key="backlog",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda runtime: runtime.backlog,
    ),
)


def destination_sensors(runtime: DestinationRuntime) -> list[DestinationSensor]:
    """Return the sensors of a destination."""
    return [DestinationSensor(runtime, description) for description in _SENSORS]


class DestinationSensor(DestinationEntity, SensorEntity):
    """A sensor of a destination; the status carries the progress of a run."""

    entity_description: DestinationSensorDescription
    _unrecorded_attributes = frozenset({"progress"})

    @property
    def native_value(self) -> datetime | str | int | None:
        """Return the value."""
        return self.entity_description.value_fn(self.runtime)

    @property
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return the progress of a run under way."""
        if self.entity_description.key != "status" or self.runtime.progress is None:
            return None
        return {"progress": round(self.runtime.progress)}
