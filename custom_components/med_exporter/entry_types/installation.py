"""What belongs to no single entry: made with the first, gone with the last."""

from __future__ import annotations

from typing import Final

from homeassistant.const import Platform

from ..const import EntryType
from ..entries.kind import EntryKind
from ..installation.calendar import ScheduleCalendar
from ..installation.entry import async_setup_installation
from ..installation.events import installation_events
from .dialogs import dialogs

INSTALLATION: Final = EntryKind(
    type=EntryType.INSTALLATION.value,
    async_setup=async_setup_installation,
    entities={
        Platform.CALENDAR: lambda _, entry, add: add([ScheduleCalendar(entry.runtime_data)]),
        Platform.EVENT: lambda _, entry, add: add(installation_events(entry.runtime_data)),
    },
    is_offered=False,
    options=dialogs("installation_options", "InstallationOptions"),
)
