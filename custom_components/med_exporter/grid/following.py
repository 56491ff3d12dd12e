"""Metering points get the grid's sensors while a grid is set up, and lose them with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from ..const import DOMAIN, EntryType
from ..entries.finding import entries_of_type
from ..later import Later
from ..metering.entity import forget_sensors
from .link import async_on_grid_entry_change

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

    from ..metering.metering_point import MeteringPoint

TEMPO_COLOR: Final = "tempo_color"
TEMPO_COLOR_TOMORROW: Final = "tempo_color_tomorrow"
ECOWATT_LEVEL: Final = "ecowatt_level"
_KEYS: Final = (TEMPO_COLOR, TEMPO_COLOR_TOMORROW, ECOWATT_LEVEL)

# Few homes have a grid.
_SENSORS: Final = Later(__package__, "sensors", "point_grid_sensors")


@callback
def async_follow_grid_sensors(
    hass: HomeAssistant, point: MeteringPoint, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Give a metering point the grid's sensors when a grid is set up; take them with it."""
    present = False

    async def add() -> None:
        sensors = await _SENSORS.async_get(hass)
        if present:
            async_add_entities(sensors(point))

    @callback
    def follow() -> None:
        nonlocal present
        if not entries_of_type(hass, EntryType.GRID):
            forget_sensors(hass, (grid_unique_id(point, key) for key in _KEYS))
            present = False
        elif not present:
            present = True
            point.entry.async_create_task(hass, add(), f"{DOMAIN} grid sensors of {point.slug}")

    follow()
    point.entry.async_on_unload(async_on_grid_entry_change(hass, follow))


def grid_unique_id(point: MeteringPoint, key: str) -> str:
    """Return the unique id of one of the grid's sensors on a metering point."""
    return f"{point.entry.entry_id}_{key}"
