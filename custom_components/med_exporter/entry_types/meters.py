"""What Home Assistant measures already: each entry is a metering point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import Platform

from ..const import EntryType
from ..entries.kind import EntryKind
from ..later import Later, later, later_with
from .dialogs import dialogs

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

_HERE: Final = __package__.rpartition(".")[0]
_SET_UP: Final = Later(_HERE, "meters.point", "async_setup_meters")
_SENSORS: Final = Later(_HERE, "meter_entities", "add_meters_sensors")


def _add_sensors(
    hass: HomeAssistant, entry: ConfigEntry[Any], add: AddConfigEntryEntitiesCallback
) -> None:
    _SENSORS.get()(hass, entry, add)


METERS: Final = EntryKind(
    type=EntryType.METERS.value,
    async_setup=later_with(_SENSORS, _SET_UP),
    async_remove=later(_HERE, "meters.point", "async_remove_meters"),
    entities={Platform.SENSOR: _add_sensors},
    steps=dialogs("meters", "MetersSteps"),
    options=dialogs("meters_options", "MetersOptions"),
)
