"""The kinds of config entries, in the order in which the user is offered them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.const import CONF_CLIENT_SECRET, CONF_PASSWORD, CONF_TYPE, Platform

from .const import EntryType
from .delivery.account import SECRETS as ACCOUNT_SECRETS
from .delivery.account import async_setup_account
from .destinations.registry import DESTINATIONS
from .entry_kind import EntryKind
from .flows.destination import DestinationSteps
from .flows.email import EmailSteps
from .flows.grid import GridSteps
from .flows.installation_options import InstallationOptionsFlow
from .flows.kasa_discovery import KasaDiscoverySteps
from .flows.kasa_options import KasaOptionsFlow
from .flows.meters import MetersSteps
from .flows.meters_options import MetersOptionsFlow
from .grid.coordinator import async_remove_grid, async_setup_grid
from .grid.sensors import grid_sensors
from .installation.calendar import ScheduleCalendar
from .installation.entry import async_setup_installation
from .installation.events import installation_events
from .metering.metering_point import async_remove_metering_point, async_setup_metering_point
from .metering.relay import relay_sensors
from .meters.point import async_remove_meters, async_setup_meters
from .point_entities import add_meters_sensors, add_point_sensors
from .pushes.entities.buttons import destination_buttons
from .pushes.entities.sensors import destination_sensors
from .pushes.entities.switches import destination_switches
from .pushes.entry import async_remove_destination, async_setup_destination

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry, ConfigFlow

    from .destinations.kind import DestinationKind
    from .entry_kind import AddEntities, Step

# A new kind of metering point is one line here; a destination has its own list.
ENTRY_KINDS: Final[dict[str, EntryKind]] = {
    kind.type: kind
    for kind in (
        EntryKind(
            type=EntryType.KASA.value,
            async_setup=async_setup_metering_point,
            async_remove=async_remove_metering_point,
            entities={
                Platform.BINARY_SENSOR: lambda _, entry, add: add(
                    relay_sensors(entry.runtime_data)
                ),
                Platform.SENSOR: add_point_sensors,
            },
            steps=lambda flow: KasaDiscoverySteps(flow).steps(),
            options=KasaOptionsFlow,
            secrets=frozenset({CONF_PASSWORD}),
        ),
        EntryKind(
            type=EntryType.METERS.value,
            async_setup=async_setup_meters,
            async_remove=async_remove_meters,
            entities={Platform.SENSOR: add_meters_sensors},
            steps=lambda flow: MetersSteps(flow).steps(),
            options=MetersOptionsFlow,
        ),
        EntryKind(
            type=EntryType.GRID.value,
            async_setup=async_setup_grid,
            async_remove=async_remove_grid,
            entities={Platform.SENSOR: lambda _, entry, add: add(grid_sensors(entry.runtime_data))},
            steps=lambda flow: GridSteps(flow).steps(),
            secrets=frozenset({CONF_CLIENT_SECRET}),
        ),
        EntryKind(
            type=EntryType.EMAIL.value,
            async_setup=async_setup_account,
            steps=lambda flow: EmailSteps(flow).steps(),
            secrets=ACCOUNT_SECRETS,
        ),
        EntryKind(
            type=EntryType.INSTALLATION.value,
            async_setup=async_setup_installation,
            entities={
                Platform.CALENDAR: lambda _, entry, add: add(
                    [ScheduleCalendar(entry.runtime_data)]
                ),
                Platform.EVENT: lambda _, entry, add: add(installation_events(entry.runtime_data)),
            },
            is_offered=False,
            options=InstallationOptionsFlow,
        ),
    )
}

_DESTINATION_ENTITIES: Final[Mapping[Platform, AddEntities]] = {
    Platform.BUTTON: lambda _, entry, add: add(destination_buttons(entry.runtime_data)),
    Platform.SENSOR: lambda _, entry, add: add(destination_sensors(entry.runtime_data)),
    Platform.SWITCH: lambda _, entry, add: add(destination_switches(entry.runtime_data)),
}


def entry_kinds() -> dict[str, EntryKind]:
    """Return all kinds by their types, destinations among them."""
    known = {**ENTRY_KINDS, **{name: _entry_kind(kind) for name, kind in DESTINATIONS.items()}}
    # Accounts for mail come last, as the menu always had them.
    return dict(sorted(known.items(), key=lambda item: item[0] == EntryType.EMAIL))


def kind_of(entry: ConfigEntry) -> EntryKind | None:
    """Return the kind of an entry; None for a discovered plug that the user ignores."""
    return entry_kinds().get(entry.data.get(CONF_TYPE, ""))


def _entry_kind(kind: DestinationKind) -> EntryKind:
    def steps(flow: ConfigFlow) -> dict[str, Step]:
        return DestinationSteps(flow, kind).steps()

    return EntryKind(
        type=kind.type,
        async_setup=async_setup_destination,
        async_remove=async_remove_destination,
        entities=_DESTINATION_ENTITIES,
        steps=steps,
        secrets=kind.secrets,
    )
