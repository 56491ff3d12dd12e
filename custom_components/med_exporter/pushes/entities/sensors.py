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
from homeassistant.const import PERCENTAGE, EntityCategory

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
    attributes_fn: Callable[[DestinationRuntime], dict[str, Any]] = lambda _: {}


# A state holds no more characters.
_LONGEST_STATE: Final = 255
_WELL: Final = "none"


def _last_error(runtime: DestinationRuntime) -> str:
    error = runtime.last_error or _WELL
    return error if len(error) <= _LONGEST_STATE else f"{error[: _LONGEST_STATE - 1]}…"


_SENSORS: Final = (
    DestinationSensorDescription(
        key="status",
        translation_key="destination_status",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in DestinationState],
        value_fn=lambda runtime: runtime.state.value,
    ),
    DestinationSensorDescription(
        key="last_success",
        translation_key="last_success",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda runtime: runtime.last_success,
    ),
    DestinationSensorDescription(
        key="last_attempt",
        translation_key="last_attempt",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda runtime: runtime.last_started,
    ),
    DestinationSensorDescription(
        key="last_error",
        translation_key="last_error",
        value_fn=_last_error,
        attributes_fn=lambda runtime: {"message": runtime.last_error},
    ),
    DestinationSensorDescription(
        key="progress",
        translation_key="progress",
        native_unit_of_measurement=PERCENTAGE,
        value_fn=lambda runtime: None if runtime.progress is None else round(runtime.progress),
    ),
    DestinationSensorDescription(
        key="last_records",
        translation_key="last_records",
        value_fn=lambda runtime: runtime.last_records,
    ),
    DestinationSensorDescription(
        key="backlog",
        translation_key="backlog",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda runtime: runtime.backlog,
    ),
)


def destination_sensors(runtime: DestinationRuntime) -> list[DestinationSensor]:
    """Return the sensors of a destination."""
    return [DestinationSensor(runtime, description) for description in _SENSORS]


class DestinationSensor(DestinationEntity, SensorEntity):
    """A sensor of a destination."""

    entity_description: DestinationSensorDescription
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _unrecorded_attributes = frozenset({"message"})

    @property
    def native_value(self) -> datetime | str | int | None:
        """Return the value."""
        return self.entity_description.value_fn(self.runtime)

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return what does not fit into the state."""
        return self.entity_description.attributes_fn(self.runtime)
