"""Readings that are not believed, from a plug on the network to sensors, ledger and log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.ledger import DATA_LEDGER, PlugSeries
from tests.metering_points import (
    PARIS,
    PDL,
    add_metering_point,
    entity_of,
    poll,
    settle,
    value_of,
)
from tests.plug_emulator import Clock, EmulatedPlug, PlugNetwork

from .heaters import heater as newer_heater

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

HEATER = "50c7bf000001"
DAILY = f"sensor.med_{PDL}_consumption_daily"


@pytest.fixture
async def heater(clock: HouseClock, plug_network: PlugNetwork) -> EmulatedPlug:
    """A plug with a steady 1 kW behind it, installed on 1 November."""
    plug = EmulatedPlug(
        alias="Heater", load=1000.0, installed_at=datetime(2026, 11, 1, tzinfo=PARIS)
    )
    await plug_network.start(plug)
    return plug


async def polls(hass: HomeAssistant, entry: ConfigEntry, clock: HouseClock, count: int) -> None:
    for _ in range(count):
        clock.tick(60)
        await poll(hass, entry)


async def test_a_false_zero_reaches_neither_sensor_nor_ledger(
    hass: HomeAssistant,
    clock: HouseClock,
    heater: EmulatedPlug,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = await add_metering_point(hass, heater.address)
    energy, counter = (entity_of(hass, HEATER, key) for key in ("energy", "counter"))
    before = value_of(hass, energy)
    await polls(hass, entry, clock, 6)
    assert hass.states.get(counter).state == "ok"
    with monkeypatch.context() as broken:
        broken.setattr(type(heater.outlet), "total_wh", 0.0)
        broken.setattr(type(heater.outlet), "day_wh", lambda *_: 0.0)
        await polls(hass, entry, clock, 1)
    assert hass.states.get(counter).state == "doubtful"
    assert value_of(hass, energy) == pytest.approx(before + 0.1, abs=0.001)
    assert value_of(hass, DAILY) == pytest.approx(12.1, abs=0.001)

    await polls(hass, entry, clock, 1)

    state = hass.states.get(counter)
    assert (state.state, state.attributes["refused"]) == ("ok", 3)
    assert {refusal["value_kwh"] for refusal in state.attributes["refusals"]} == {0.0}
    assert value_of(hass, energy) == pytest.approx(before + 8 / 60, abs=0.002)
    assert caplog.text.count("Heater: the total counter of 0.0 kWh is not believed") == 1


async def test_a_clock_of_the_machine_that_is_away_for_four_minutes_counts_nothing_twice(
    hass: HomeAssistant,
    clock: HouseClock,
    heater: EmulatedPlug,
) -> None:
    entry = await add_metering_point(hass, heater.address)
    energy = entity_of(hass, HEATER, "energy")
    before = value_of(hass, energy)
    await polls(hass, entry, clock, 2)
    # The plug has a clock of its own, which nobody has touched.
    away = timedelta(days=48)
    clock.jump(-away)
    heater.clock.advance(away)
    await polls(hass, entry, clock, 4)
    assert value_of(hass, DAILY) == pytest.approx(12 + 0.1, abs=0.001)
    clock.jump(away)
    heater.clock.advance(-away)
    await polls(hass, entry, clock, 2)
    assert value_of(hass, energy) == pytest.approx(before + 8 / 60, abs=0.002)
    assert value_of(hass, DAILY) == pytest.approx(12 + 8 / 60, abs=0.002)
    assert hass.states.get(DAILY).attributes["last_reset"] == "2026-11-20T00:00:00+01:00"


async def test_a_plug_whose_clock_is_behind_rolls_over_later_and_counts_once(
    hass: HomeAssistant, clock: HouseClock, plug_network: PlugNetwork
) -> None:
    plug_clock = Clock(offset=-timedelta(seconds=20))
    plug = EmulatedPlug(alias="Heater", load=1000.0, clock=plug_clock)
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    clock.move_to(datetime(2026, 11, 30, 23, 59, 10, tzinfo=PARIS))
    await poll(hass, entry)
    await polls(hass, entry, clock, 3)
    monthly = f"sensor.med_{PDL}_consumption_monthly"
    assert value_of(hass, monthly) == pytest.approx(130 / 3600, abs=0.002)
    truth = plug.energy_between(datetime(2026, 11, 20, 12, tzinfo=PARIS), plug.clock())
    assert value_of(hass, entity_of(hass, HEATER, "energy")) == pytest.approx(truth, abs=0.01)


@pytest.mark.parametrize("watts", [0.0, 5.0, 10.0, 1000.0])
async def test_what_was_used_before_a_stop_over_midnight_is_of_the_day_that_ended(
    hass: HomeAssistant, clock: HouseClock, watts: float
) -> None:
    """A newer plug's new day shows hardly anything then, and its month waits to be confirmed."""
    midnight = datetime(2026, 11, 28, tzinfo=PARIS)
    async with newer_heater(44) as plug:
        clock.move_to(midnight - timedelta(hours=1, minutes=20))
        entry = await add_metering_point(
            hass, plug.address, username="me@example.com", password="secret"
        )
        await settle(hass)
        await polls(hass, entry, clock, 20)
        await hass.config_entries.async_unload(entry.entry_id)
        clock.move_to(midnight)
        plug.outlets[0].set_load(watts)
        clock.move_to(midnight + timedelta(minutes=10))
        assert await hass.config_entries.async_setup(entry.entry_id)
        for _ in range(24):
            clock.tick(30)
            await poll(hass, entry)
            await settle(hass)
        await hass.config_entries.async_unload(entry.entry_id)
        await async_commit(hass)
        series, days = PlugSeries("5c628b760044"), (midnight - timedelta(days=1), midnight)
        ledger = hass.data[DATA_LEDGER]
        ended, new = await ledger.async_days(series, days[0], days[1] + timedelta(days=1))
    assert ended.kwh == pytest.approx(24.0, abs=0.004)
    assert new.kwh == pytest.approx(watts * 22 / 60_000, abs=0.004)
