"""What is changed in the plug's own app arrives; what the user named himself stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from homeassistant.helpers import device_registry as dr

from tests.metering_points import (
    add_metering_point,
    answer,
    device_of,
    entity_of,
    poll,
    start_reconfigure,
)
from tests.plug_emulator import EmulatedPlug, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

pytestmark = pytest.mark.usefixtures("brief_waits")

FRIDGE = "50c7bf000001"
WASHER = "50c7bf000002"


@pytest.fixture
def hass(hass_with_recorder: HomeAssistant) -> HomeAssistant:
    return hass_with_recorder


@pytest.fixture
async def fridge(plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="Fridge")
    await plug_network.start(plug)
    return plug


async def test_a_new_name_in_the_app(hass: HomeAssistant, fridge: EmulatedPlug) -> None:
    entry = await add_metering_point(hass, fridge.address)
    fridge.alias = "Freezer"
    await poll(hass, entry)
    assert device_of(hass, entry, FRIDGE).name == "Freezer"
    assert entry.data["plugs"][FRIDGE]["name"] == "Freezer"
    state = hass.states.get(entity_of(hass, FRIDGE, "power"))
    assert state.attributes["friendly_name"].startswith("Freezer")
    assert state.entity_id == "sensor.fridge_power"


async def test_a_name_that_the_user_gave(hass: HomeAssistant, fridge: EmulatedPlug) -> None:
    entry = await add_metering_point(hass, fridge.address)
    device = device_of(hass, entry, FRIDGE)
    dr.async_get(hass).async_update_device(device.id, name_by_user="Mine")
    fridge.alias = "Freezer"
    await poll(hass, entry)
    assert device_of(hass, entry, FRIDGE).name_by_user == "Mine"
    state = hass.states.get(entity_of(hass, FRIDGE, "power"))
    assert state.attributes["friendly_name"].startswith("Mine")


async def test_what_stays_the_same_is_not_written_again(
    hass: HomeAssistant, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    before = entry.data
    await poll(hass, entry)
    assert entry.data is before


async def test_removing_a_plug_uses_nothing_that_home_assistant_gives_up(
    hass: HomeAssistant,
    fridge: EmulatedPlug,
    plug_network: PlugNetwork,
    caplog: pytest.LogCaptureFixture,
) -> None:
    washer = EmulatedPlug(mac="50:C7:BF:00:00:02", alias="Washer")
    await plug_network.start(washer)
    entry = await add_metering_point(hass, fridge.address, washer.address)
    flow = await start_reconfigure(hass, entry)
    await answer(hass, flow, {"name": "House", "hosts": [fridge.address]})
    await hass.async_block_till_done()
    assert device_of(hass, entry, WASHER) is None
    assert device_of(hass, entry, FRIDGE) is not None
    assert "will stop working" not in caplog.text
    assert "deprecated" not in caplog.text
