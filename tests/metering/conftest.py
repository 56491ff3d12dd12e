"""A house in Paris whose time a test moves, and plugs for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plug_emulator import EmulatedPlug

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock
    from tests.plug_emulator import PlugNetwork


@pytest.fixture
async def paris(hass_with_recorder: HomeAssistant, clock: HouseClock) -> None:
    """Let the home be in Paris, with a recorder."""
    await hass_with_recorder.config.async_set_time_zone("Europe/Paris")


@pytest.fixture
async def fridge(clock: HouseClock, plug_network: PlugNetwork) -> EmulatedPlug:
    """A plug with a steady 1 kW behind it."""
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="Fridge", load=1000.0)
    await plug_network.start(plug)
    return plug
