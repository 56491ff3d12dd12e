"""The cost sensors of plugs and metering points, through the real flow with an emulated plug."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.helpers import entity_registry as er

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.costs import DATA_COSTS
from custom_components.med_exporter.engine.tariff import parse_contracts
from tests.grid_entries import add_grid, fill
from tests.grid_server import GridServer, running_grid_server
from tests.metering_points import PDL, add_metering_point, entity_of, poll, settle, value_of
from tests.plug_emulator import EmulatedPlug, PlugNetwork

from .conftest import FLAT, TEMPO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits")

DAILY = f"sensor.med_{PDL}_cost_daily"
MONTHLY = f"sensor.med_{PDL}_cost_monthly"
FRIDGE = "50c7bf000001"


@pytest.fixture
async def hass(hass_with_recorder: HomeAssistant, clock: HouseClock) -> HomeAssistant:
    await hass_with_recorder.config.async_set_time_zone("Europe/Paris")
    await hass_with_recorder.config.async_update(currency="EUR")
    return hass_with_recorder


@pytest.fixture
async def fridge(clock: HouseClock, plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="Fridge", load=1000.0)
    await plug_network.start(plug)
    return plug


@pytest.fixture
async def panels(clock: HouseClock, plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:02", alias="Panels", load=300.0)
    await plug_network.start(plug)
    return plug


@pytest.fixture
async def grid_server(clock: HouseClock) -> AsyncIterator[GridServer]:
    async with running_grid_server() as server:
        yield server


async def enter(hass: HomeAssistant, entry: ConfigEntry, *contracts: dict[str, Any]) -> None:
    """Save contracts in the options, as the options flow does."""
    stored = parse_contracts(list(contracts)).to_dicts()
    hass.config_entries.async_update_entry(entry, options={**entry.options, "contracts": stored})
    await hass.config_entries.async_reload(entry.entry_id)
    await priced(hass)


async def priced(hass: HomeAssistant) -> None:
    """Wait for what a posting, a change of contracts or a colour has started."""
    await settle(hass)
    await hass.data[DATA_COSTS].async_update()
    await settle(hass)


async def live(
    hass: HomeAssistant, entry: ConfigEntry, clock: HouseClock, minutes: int, *, step: int = 10
) -> None:
    """Let time pass and the plugs be read."""
    for _ in range(0, minutes, step):
        clock.tick(step * 60)
        await poll(hass, entry)
    await priced(hass)


async def test_they_show_what_was_used_today(
    hass: HomeAssistant, fridge: EmulatedPlug, clock: HouseClock
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    await enter(hass, entry, FLAT)
    await live(hass, entry, clock, 60)
    plug = entity_of(hass, FRIDGE, "cost_today")
    consumed = value_of(hass, f"sensor.med_{PDL}_consumption_daily")
    assert consumed > 0.9
    for entity_id in (plug, DAILY, MONTHLY):
        state = hass.states.get(entity_id)
        assert float(state.state) == pytest.approx(consumed * 0.25, abs=0.001), entity_id
        assert state.attributes["unit_of_measurement"] == "EUR"
        assert state.attributes["device_class"] == "monetary"
        assert state.attributes["state_class"] == "total"
        assert "unpriced_kwh" not in state.attributes
    assert hass.states.get(plug).attributes["last_reset"] == "2026-11-20T00:00:00+01:00"
    assert hass.states.get(MONTHLY).attributes["last_reset"] == "2026-11-01T00:00:00+01:00"


async def test_there_are_none_without_a_contract(
    hass: HomeAssistant, fridge: EmulatedPlug, clock: HouseClock
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    registry = er.async_get(hass)
    await live(hass, entry, clock, 60)
    assert hass.states.get(DAILY) is None
    await enter(hass, entry, FLAT)
    assert value_of(hass, DAILY) > 0.9 * 0.25
    await enter(hass, entry)
    for key in ("cost_daily", "cost_monthly", "cost_today"):
        assert not [one for one in registry.entities.values() if one.translation_key == key]


async def test_they_begin_anew_at_midnight_and_tell_of_the_day_before(
    hass: HomeAssistant, fridge: EmulatedPlug, clock: HouseClock
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    await enter(hass, entry, FLAT)
    await live(hass, entry, clock, 12 * 60 - 10)
    before = value_of(hass, DAILY)
    assert before > 2.5
    await live(hass, entry, clock, 20)
    state = hass.states.get(DAILY)
    assert float(state.state) < 0.1
    assert state.attributes["last_period"] == pytest.approx(before, abs=0.1)
    assert state.attributes["last_reset"] == "2026-11-21T00:00:00+01:00"
    assert value_of(hass, MONTHLY) > before


async def test_plugs_that_produce_or_are_ignored_have_none(
    hass: HomeAssistant, fridge: EmulatedPlug, panels: EmulatedPlug
) -> None:
    entry = await add_metering_point(
        hass, fridge.address, panels.address, roles={"Panels": "production"}
    )
    await enter(hass, entry, FLAT)
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("sensor", DOMAIN, f"{FRIDGE}_cost_today")
    assert not registry.async_get_entity_id("sensor", DOMAIN, "50c7bf000002_cost_today")


async def test_a_tempo_colour_that_is_missing_is_asked_for(
    hass: HomeAssistant, fridge: EmulatedPlug, clock: HouseClock, grid_server: GridServer
) -> None:
    today = fill(grid_server, date(2026, 11, 20))
    del grid_server.colours[today]
    grid = await add_grid(hass, grid_server)
    entry = await add_metering_point(hass, fridge.address)
    await enter(hass, entry, TEMPO)
    await live(hass, entry, clock, 30)
    assert hass.states.get(DAILY).attributes["unpriced_kwh"] > 0.4
    grid_server.colours[today] = "RED"
    await live(hass, entry, clock, 120)
    assert grid.runtime_data.data.colour(today) == "red"
    state = hass.states.get(DAILY)
    assert "unpriced_kwh" not in state.attributes
    assert value_of(hass, DAILY) > 2.4 * 0.76
