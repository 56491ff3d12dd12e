"""What all destinations are as config entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.const import Platform

from ..entries.kind import EntryKind
from ..pushes.entities.buttons import destination_buttons
from ..pushes.entities.sensors import destination_sensors
from ..pushes.entities.switches import destination_switches
from ..pushes.entry import async_remove_destination, async_setup_destination
from .dialogs import dialogs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..destinations.kind import DestinationKind
    from ..entries.kind import AddEntities

_ENTITIES: Final[Mapping[Platform, AddEntities]] = {
    Platform.BUTTON: lambda _, entry, add: add(destination_buttons(entry.runtime_data)),
    Platform.SENSOR: lambda _, entry, add: add(destination_sensors(entry.runtime_data)),
    Platform.SWITCH: lambda _, entry, add: add(destination_switches(entry.runtime_data)),
}


def of_destination(kind: DestinationKind) -> EntryKind:
    """Return the kind of the entries of a kind of destination."""
    return EntryKind(
        type=kind.type,
        async_setup=async_setup_destination,
        async_remove=async_remove_destination,
        entities=_ENTITIES,
        steps=dialogs("destination", "DestinationSteps", kind),
        secrets=kind.secrets,
    )
