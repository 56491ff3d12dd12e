"""Kasa plugs: each entry is a metering point."""

from __future__ import annotations

from typing import Final

from homeassistant.const import CONF_PASSWORD, Platform

from ..const import EntryType
from ..entry_kind import EntryKind
from ..flows.kasa_discovery import KasaDiscoverySteps
from ..flows.kasa_options import KasaOptionsFlow
from ..metering.metering_point import async_remove_metering_point, async_setup_metering_point
from ..metering.relay import relay_sensors
from ..point_entities import add_point_sensors

KASA: Final = EntryKind(
    type=EntryType.KASA.value,
    async_setup=async_setup_metering_point,
    async_remove=async_remove_metering_point,
    entities={
        Platform.BINARY_SENSOR: lambda _, entry, add: add(relay_sensors(entry.runtime_data)),
        Platform.SENSOR: add_point_sensors,
    },
    steps=lambda flow: KasaDiscoverySteps(flow).steps(),
    options=KasaOptionsFlow,
    secrets=frozenset({CONF_PASSWORD}),
)
