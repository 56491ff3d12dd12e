"""Sensors of a destination."""

from __future__ import annotations

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

    type _Value = Callable[[DestinationRuntime], datetime | str | int | None]


# A state holds no more characters.
_LONGEST_STATE: Final = 255
_WELL: Final = "none"


def _last_error(runtime: DestinationRuntime) -> str:
    error = runtime.last_error or _WELL
    return error if len(error) <= _LONGEST_STATE else f"{error[: _LONGEST_STATE - 1]}…"


# Each with where its value comes from.
_SENSORS: Final[tuple[tuple[SensorEntityDescription, _Value], ...]] = (
    (
        SensorEntityDescription(
            key="status",
            translation_key="destination_status",
            device_class=SensorDeviceClass.ENUM,
            options=[state.value for state in DestinationState],
        ),
        lambda runtime: runtime.state.value,
    ),
    (
        SensorEntityDescription(
            key="last_success",
            translation_key="last_success",
            device_class=SensorDeviceClass.TIMESTAMP,
        ),
        lambda runtime: runtime.last_success,
    ),
    (
        SensorEntityDescription(
            key="last_attempt",
            translation_key="last_attempt",
            device_class=SensorDeviceClass.TIMESTAMP,
        ),
        lambda runtime: runtime.last_started,
    ),
    (
        SensorEntityDescription(
            key="last_error",
            translation_key="last_error",
        ),
        _last_error,
    ),
    (
        SensorEntityDescription(
            key="progress",
            translation_key="progress",
            native_unit_of_measurement=PERCENTAGE,
        ),
        lambda runtime: None if runtime.progress is None else round(runtime.progress),
    ),
    (
        SensorEntityDescription(
            key="last_records",
            translation_key="last_records",
        ),
        lambda runtime: runtime.last_records,
    ),
    (
        SensorEntityDescription(
            key="backlog",
            translation_key="backlog",
            state_class=SensorStateClass.MEASUREMENT,
        ),
        lambda runtime: runtime.backlog,
    ),
)


def destination_sensors(runtime: DestinationRuntime) -> list[DestinationSensor]:
    """Return the sensors of a destination."""
    return [DestinationSensor(runtime, description, value) for description, value in _SENSORS]


class DestinationSensor(DestinationEntity, SensorEntity):
    """A sensor of a destination."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _unrecorded_attributes = frozenset({"message"})

    def __init__(
        self, runtime: DestinationRuntime, description: SensorEntityDescription, value: _Value
    ) -> None:
        super().__init__(runtime, description)
        self._value = value

    @property
    def native_value(self) -> datetime | str | int | None:
        """Return the value."""
        return self._value(self.runtime)

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return what does not fit into the state."""
        if self._value is not _last_error:
            return {}
        return {"message": self.runtime.last_error}
