from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.metering_points import add_metering_point
from tests.mqtt_destinations import PDL
from tests.plug_emulator import EmulatedPlug

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.plug_emulator import PlugNetwork


@pytest.fixture
async def house(hass_with_recorder: HomeAssistant, plug_network: PlugNetwork) -> ConfigEntry:
    """A metering point that only consumes."""
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="Fridge", load=1000.0)
    await plug_network.start(plug)
    return await add_metering_point(hass_with_recorder, plug.address, pdl=PDL)
