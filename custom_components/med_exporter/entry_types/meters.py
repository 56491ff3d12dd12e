"""What Home Assistant measures already: each entry is a metering point."""

from __future__ import annotations

from typing import Final

from homeassistant.const import Platform

from ..const import EntryType
from ..entries.kind import EntryKind
from ..meters.point import async_remove_meters, async_setup_meters
from ..point_entities import add_meters_sensors
from .dialogs import dialogs

METERS: Final = EntryKind(
    type=EntryType.METERS.value,
    async_setup=async_setup_meters,
    async_remove=async_remove_meters,
    entities={Platform.SENSOR: add_meters_sensors},
    steps=dialogs("meters", "MetersSteps"),
    options=dialogs("meters_options", "MetersOptions"),
)
