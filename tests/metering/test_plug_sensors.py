"""The entities of a plug: its figures, its relay to be seen, its signal strength on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from tests.metering_points import add_metering_point, device_of, entity_of, poll, value_of
from tests.plug_emulator import EmulatedPlug, EmulatedStrip, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

FRIDGE = "50c7bf000001"


@pytest.fixture
async def fridge(clock: HouseClock, plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(alias="Fridge", load=1150.0, rssi=-61)
    await plug_network.start(plug)
    return plug


@pytest.mark.parametrize(
    ("entity_id", "unit", "device_class", "state_class"),
    [
        ("sensor.fridge_power", "W", "power", "measurement"),
        ("sensor.fridge_voltage", "V", "voltage", "measurement"),
        ("sensor.fridge_current", "A", "current", "measurement"),
        ("sensor.fridge_energy", "kWh", "energy", "total_increasing"),
        ("sensor.fridge_energy_today", "kWh", "energy", "total"),
        ("binary_sensor.fridge_relay", None, "power", None),
    ],
)
async def test_each_figure_has_its_unit_and_classes(
    hass: HomeAssistant,
    fridge: EmulatedPlug,
    entity_id: str,
    unit: str | None,
    device_class: str,
    state_class: str | None,
) -> None:
    await add_metering_point(hass, fridge.address)
    attributes = hass.states.get(entity_id).attributes
    assert attributes.get("unit_of_measurement") == unit
    assert attributes["device_class"] == device_class
    assert attributes.get("state_class") == state_class


async def test_they_show_what_the_plug_measures(
    hass: HomeAssistant, fridge: EmulatedPlug, clock: HouseClock
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    clock.tick(1800)
    await poll(hass, entry)
    assert value_of(hass, "sensor.fridge_power") == 1150
    assert value_of(hass, "sensor.fridge_voltage") == pytest.approx(fridge.voltage, abs=0.001)
    assert value_of(hass, "sensor.fridge_current") == pytest.approx(
        1150 / fridge.voltage, abs=0.001
    )
    assert value_of(hass, "sensor.fridge_energy") == 0.575
    assert value_of(hass, "sensor.fridge_energy_today") == 0.575
    midnight = "2026-11-20T00:00:00+01:00"
    assert hass.states.get("sensor.fridge_energy_today").attributes["last_reset"] == midnight


async def test_the_relay_is_read_only(hass: HomeAssistant, fridge: EmulatedPlug) -> None:
    entry = await add_metering_point(hass, fridge.address)
    assert hass.states.get("binary_sensor.fridge_relay").state == "on"
    fridge.switch(False)
    await poll(hass, entry)
    assert hass.states.get("binary_sensor.fridge_relay").state == "off"
    assert hass.states.async_entity_ids("switch") == []


async def test_signal_strength_is_off_until_somebody_wants_it(
    hass: HomeAssistant, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    registry = er.async_get(hass)
    entity_id = entity_of(hass, FRIDGE, "signal_strength")
    registered = registry.async_get(entity_id)
    assert registered.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert registered.entity_category == "diagnostic"
    assert hass.states.get(entity_id) is None
    registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    state = hass.states.get(entity_id)
    assert (state.state, state.attributes["unit_of_measurement"]) == ("-61", "dBm")


async def test_all_are_unavailable_while_the_plug_does_not_answer(
    hass: HomeAssistant, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    await fridge.cut_off()
    await poll(hass, entry)
    states = [state for state in hass.states.async_all() if ".fridge_" in state.entity_id]
    assert len(states) == 7
    assert {state.state for state in states} == {STATE_UNAVAILABLE}


async def test_a_user_s_renaming_stays(hass: HomeAssistant, fridge: EmulatedPlug) -> None:
    entry = await add_metering_point(hass, fridge.address)
    er.async_get(hass).async_update_entity(
        "sensor.fridge_power", new_entity_id="sensor.kitchen", name="Kitchen"
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get("sensor.kitchen").name.endswith("Kitchen")
    assert hass.states.get("sensor.fridge_power") is None


async def test_a_plug_is_a_device_with_its_mac(hass: HomeAssistant, fridge: EmulatedPlug) -> None:
    entry = await add_metering_point(hass, fridge.address)
    device = device_of(hass, entry, FRIDGE)
    assert (device.name, device.manufacturer, device.model) == ("Fridge", "TP-Link", "HS110")
    assert (device.sw_version, device.hw_version) == (fridge.kind.sw_ver, fridge.kind.hw_ver)
    assert (dr.CONNECTION_NETWORK_MAC, "50:c7:bf:00:00:01") in device.connections


async def test_each_socket_of_a_strip_is_a_device(
    hass: HomeAssistant, plug_network: PlugNetwork
) -> None:
    strip = EmulatedStrip(loads=[60.0], socket_aliases=["Lamp"])
    await plug_network.start(strip)
    entry = await add_metering_point(hass, strip.address)
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert sorted(device.name for device in devices) == [
        "House",
        "Lamp",
        *(f"Plug {number}" for number in range(2, 7)),
    ]
    assert value_of(hass, "sensor.lamp_power") == 60
