"""Homes with a recorder, plugs in their network, and a metering point that is paid for in euros."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.metering_points import add_metering_point
from tests.plug_emulator import EmulatedPlug, EmulatedStrip

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.plug_emulator import PlugNetwork


@pytest.fixture(autouse=True)
def recorder(hass_with_recorder: HomeAssistant) -> None:
    """Let each home of these tests have a recorder."""


@pytest.fixture
async def entry(
    recorder: None, hass: HomeAssistant, plug_network: PlugNetwork
) -> AsyncIterator[ConfigEntry]:
    """A metering point in euros; what saving set off is over when the test is."""
    hass.config.currency = "EUR"
    plug = EmulatedPlug()
    await plug_network.start(plug)
    yield await add_metering_point(hass, plug.address)
    await hass.async_block_till_done()


@pytest.fixture
async def fridge(plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="Fridge", load=100.0)
    await plug_network.start(plug)
    return plug


@pytest.fixture
async def washer(plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:02", alias="Washer", load=500.0)
    await plug_network.start(plug)
    return plug


@pytest.fixture
async def strip(plug_network: PlugNetwork) -> EmulatedStrip:
    strip = EmulatedStrip(mac="50:C7:BF:00:00:03", loads=[10.0])
    await plug_network.start(strip)
    return strip
