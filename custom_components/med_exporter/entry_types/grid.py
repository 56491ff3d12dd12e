"""The colour of the day and the state of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_CLIENT_SECRET, Platform

from ..const import EntryType
from ..entries.kind import EntryKind
from ..later import Later, later, later_with
from .dialogs import dialogs

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

_GRID: Final = f"{__package__.rpartition('.')[0]}.grid"
_SET_UP: Final = Later(_GRID, "coordinator", "async_setup_grid")
_SENSORS: Final = Later(_GRID, "sensors", "grid_sensors")


def _add_sensors(
    hass: HomeAssistant, entry: ConfigEntry[Any], add: AddConfigEntryEntitiesCallback
) -> None:
    del hass
    add(_SENSORS.get()(entry.runtime_data))


GRID: Final = EntryKind(
    type=EntryType.GRID.value,
    async_setup=later_with(_SENSORS, _SET_UP),
    async_remove=later(_GRID, "coordinator", "async_remove_grid"),
    entities={Platform.SENSOR: _add_sensors},
    steps=dialogs("grid", "GridSteps"),
    secrets=frozenset({CONF_CLIENT_SECRET}),
)
