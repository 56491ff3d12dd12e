"""Kasa plugs: each entry is a metering point."""

from __future__ import annotations

from typing import Final

from homeassistant.const import CONF_PASSWORD, Platform

from ..const import EntryType
from ..entries.kind import EntryKind
from ..metering.metering_point import async_remove_metering_point, async_setup_metering_point
from ..metering.relay import relay_sensors
from ..point_entities import add_point_sensors
from .dialogs import dialogs

KASA: Final = EntryKind(
    type=EntryType.KASA.value,
    async_setup=async_setup_metering_point,
    async_remove=async_remove_metering_point,
    entities={
        Platform.BINARY_SENSOR: lambda _, entry, add: add(relay_sensors(entry.runtime_data)),
        Platform.SENSOR: add_point_sensors,
    },
    steps=dialogs("kasa_discovery", "KasaDiscoverySteps"),
    found_by=("dhcp", "integration_discovery"),
    options=dialogs("kasa_options", "KasaOptions"),
    secrets=frozenset({CONF_PASSWORD}),
)
