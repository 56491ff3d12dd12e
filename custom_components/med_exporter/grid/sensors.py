"""The sensors of the grid: on its own device, and on each metering point's.

Those of a metering point belong to that point's entry, since a device has one entry and its
entities come and go with it. They exist while there is a grid entry, and are unavailable while
that is not loaded. A value that no server tells is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.const import UnitOfTime
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..metering.entity import metering_point_device_info
from ..sources.tempo_calendar import TempoColour
from .coordinator import GridCoordinator
from .following import ECOWATT_LEVEL, TEMPO_COLOR, TEMPO_COLOR_TOMORROW, grid_unique_id
from .link import async_follow_grid, loaded_grid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ..metering.metering_point import MeteringPoint
    from .data import GridData


@dataclass(frozen=True, kw_only=True)
class GridSensorDescription(SensorEntityDescription):
    """A sensor, and where its value and attributes come from."""

    value_fn: Callable[[GridData, datetime], str | int | None]
    attributes_fn: Callable[[GridData, datetime], dict[str, Any]] | None = None


def _colour(
    key: str, colour_fn: Callable[[GridData, datetime], TempoColour | None]
) -> GridSensorDescription:
    return GridSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENUM,
        options=[colour.value for colour in TempoColour],
        value_fn=lambda data, now: None if (c := colour_fn(data, now)) is None else c.value,
    )


def _days_left(colour: TempoColour) -> GridSensorDescription:
    key = f"tempo_{colour.value}_days_left"
    return GridSensorDescription(
        key=key,
        translation_key=key,
        native_unit_of_measurement=UnitOfTime.DAYS,
        value_fn=lambda data, now: None if (left := data.days_left(now)) is None else left[colour],
    )


def _level(data: GridData, now: datetime) -> int | None:
    signal = data.ecowatt(now)
    return None if signal is None else signal.level


def _signal(data: GridData, now: datetime) -> dict[str, Any]:
    signal = data.ecowatt(now)
    if signal is None:
        return {"message": None, "hourly_values": None}
    return {"message": signal.message, "hourly_values": signal.hourly_values}


def _next_forecast(data: GridData, now: datetime) -> str | None:
    return ahead[0].colour.value if (ahead := data.forecast(now)) else None


def _forecast(data: GridData, now: datetime) -> dict[str, Any]:
    days = [day.to_stored() for day in data.forecast(now)]
    first = days[0] if days else {"date": None, "probability": None}
    return {"date": first["date"], "probability": first["probability"], "days": days}


_SENSORS: Final = (
    _colour(TEMPO_COLOR, lambda data, now: data.today(now)),
    _colour(TEMPO_COLOR_TOMORROW, lambda data, now: data.tomorrow(now)),
    GridSensorDescription(
        key=ECOWATT_LEVEL,
        translation_key=ECOWATT_LEVEL,
        value_fn=_level,
        attributes_fn=_signal,
    ),
)
_OWN_SENSORS: Final = (
    *(_days_left(colour) for colour in TempoColour),
    GridSensorDescription(
        key="tempo_forecast",
        translation_key="tempo_forecast",
        device_class=SensorDeviceClass.ENUM,
        options=[colour.value for colour in TempoColour],
        value_fn=_next_forecast,
        attributes_fn=_forecast,
    ),
)


class GridSensor(SensorEntity):
    """A value of the grid as it stands now."""

    entity_description: GridSensorDescription
    _attr_has_entity_name = True
    _attr_should_poll = False
    _unrecorded_attributes = frozenset({"hourly_values", "days"})

    @property
    def grid(self) -> GridCoordinator | None:
        """Return what reads the grid; None while it is not loaded."""
        raise NotImplementedError

    @property
    def native_value(self) -> str | int | None:
        """Return the value; None where it is not known."""
        if (grid := self.grid) is None:
            return None
        return self.entity_description.value_fn(grid.data, dt_util.utcnow())

    @property
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return what the value comes with."""
        grid, attributes_fn = self.grid, self.entity_description.attributes_fn
        if grid is None or attributes_fn is None:
            return None
        return attributes_fn(grid.data, dt_util.utcnow())


class GridDeviceSensor(CoordinatorEntity[GridCoordinator], GridSensor):
    """A value of the grid on the grid's own device."""

    def __init__(self, grid: GridCoordinator, description: GridSensorDescription) -> None:
        super().__init__(grid)
        entry = grid.config_entry
        self.entity_description = description
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer="MED Exporter",
            name=entry.title,
        )

    @property
    def grid(self) -> GridCoordinator:
        """Return what reads the grid."""
        return self.coordinator


class MeteringPointGridSensor(GridSensor):
    """A value of the grid on a metering point's device, with the id that pushes rely on."""

    def __init__(self, point: MeteringPoint, description: GridSensorDescription) -> None:
        self.entity_description = description
        self.entity_id = f"sensor.med_{point.slug}_{description.key}"
        self._attr_unique_id = grid_unique_id(point, description.key)
        self._attr_device_info = metering_point_device_info(point)

    async def async_added_to_hass(self) -> None:
        """Follow the grid."""
        await super().async_added_to_hass()
        self.async_on_remove(async_follow_grid(self.hass, self.async_write_ha_state))

    @property
    def grid(self) -> GridCoordinator | None:
        """Return what reads the grid; None while it is not loaded."""
        return loaded_grid(self.hass)

    @property
    def available(self) -> bool:
        """Return whether the grid is read at all."""
        return self.grid is not None and self.grid.last_update_success


def grid_sensors(grid: GridCoordinator) -> list[GridDeviceSensor]:
    """Return the sensors of the grid's own device."""
    return [GridDeviceSensor(grid, description) for description in (*_SENSORS, *_OWN_SENSORS)]


def point_grid_sensors(point: MeteringPoint) -> list[MeteringPointGridSensor]:
    """Return the grid's sensors of a metering point."""
    return [MeteringPointGridSensor(point, description) for description in _SENSORS]
