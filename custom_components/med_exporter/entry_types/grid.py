"""The colour of the day and the state of the grid."""

from __future__ import annotations

from typing import Final

from homeassistant.const import CONF_CLIENT_SECRET, Platform

from ..const import EntryType
from ..entries.kind import EntryKind
from ..grid.coordinator import async_remove_grid, async_setup_grid
from ..grid.sensors import grid_sensors
from .dialogs import dialogs

GRID: Final = EntryKind(
    type=EntryType.GRID.value,
    async_setup=async_setup_grid,
    async_remove=async_remove_grid,
    entities={Platform.SENSOR: lambda _, entry, add: add(grid_sensors(entry.runtime_data))},
    steps=dialogs("grid", "GridSteps"),
    secrets=frozenset({CONF_CLIENT_SECRET}),
)
