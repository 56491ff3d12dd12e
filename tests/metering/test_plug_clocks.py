"""A plug whose own clock is wrong: its days end at the midnight of the house, everywhere."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from custom_components.med_exporter.const import CONF_POLLING_INTERVAL, PlugRole
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.ledger import DATA_LEDGER, PlugSeries
from custom_components.med_exporter.ledger.ledger import Ledger
from custom_components.med_exporter.sources.connection import KasaError
from custom_components.med_exporter.sources.kasa import KasaHost
from tests.metering_points import PARIS, PDL, add_metering_point, poll, settle, value_of
from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import EmulatedSmartPlug

from .heaters import heater

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock
    from tests.plug_emulator import PlugNetwork

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

DECEMBER = datetime(2026, 12, 1, tzinfo=PARIS)
DAILY = f"sensor.med_{PDL}_consumption_daily"
HEATER = "5c628b760040"
LOGIN = {"username": "me@example.com", "password": "secret"}


@pytest.mark.parametrize("ahead", [-400, 400, 3600])
@pytest.mark.parametrize("interval", [30, 900])
async def test_days_end_at_the_midnight_of_the_house(
    hass: HomeAssistant, clock: HouseClock, ahead: int, interval: int
) -> None:
    plug = heater(40, ahead=ahead)
    clock.move_to(DECEMBER - timedelta(minutes=65))
    async with plug:
        entry = await add_metering_point(hass, plug.address, **LOGIN)
        # What is read later than it should be is a gap, for which the plug's own past is asked.
        options = {**entry.options, CONF_POLLING_INTERVAL: interval}
        hass.config_entries.async_update_entry(entry, options=options)
        await hass.config_entries.async_reload(entry.entry_id)
        for minutes in range(-50, 60, 15):
            clock.tick(900)
            await poll(hass, entry)
            await async_commit(hass)
            await settle(hass)
            if minutes < 0:
                continue
            counter = entry.runtime_data.coordinator.data[HEATER].counter
            # What a plug has counted since it was read last, it forgets at its own midnight.
            used, lost = minutes / 60, max(0, -ahead) / 3600
            assert used - lost - 0.002 <= counter.today <= used + 0.002
            assert value_of(hass, DAILY) == pytest.approx(counter.today, abs=0.001)
            days = (await hass.data[DATA_LEDGER].async_running(PDL, [HEATER], DECEMBER.date())).days
            booked = days[PlugRole.CONSUMPTION, DECEMBER.date()]
            assert booked == pytest.approx(counter.today, abs=0.001)


@pytest.mark.parametrize("ahead", [-400, 3600])
async def test_the_day_on_which_it_joins_has_what_was_used_since_midnight(
    hass: HomeAssistant, clock: HouseClock, ahead: int
) -> None:
    joined = DECEMBER - timedelta(minutes=105)
    plug = heater(41, ahead=ahead)
    clock.move_to(joined)
    async with plug:
        entry = await add_metering_point(hass, plug.address, **LOGIN)
        await settle(hass)
        await async_commit(hass)
        await poll(hass, entry)
        days = (await hass.data[DATA_LEDGER].async_running(PDL, [], joined.date())).days
    used = {joined.date(): 22.25, joined.date() - timedelta(days=1): 24.0}
    for day, kwh in used.items():
        assert days[PlugRole.CONSUMPTION, day] == pytest.approx(kwh, abs=0.003)
    assert value_of(hass, DAILY) == pytest.approx(22.25, abs=0.003)


async def test_an_older_plug_whose_day_has_begun_before_that_of_the_house_counts_none_of_it_twice(
    hass: HomeAssistant, clock: HouseClock, plug_network: PlugNetwork
) -> None:
    """Asked for a day of the house that its own clock has ended, it shows later what is of both."""
    clock.move_to(DECEMBER - timedelta(seconds=150))
    plug = EmulatedPlug(
        mac="50:C7:BF:00:00:42", alias="Heater", load=1000.0, timezone=PARIS,
        installed_at=DECEMBER - timedelta(days=20),
    )  # fmt: skip
    plug.clock.offset = timedelta(minutes=5)
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    counter = entry.runtime_data.coordinator.data["50c7bf000042"].counter
    before = counter.value
    for _ in range(8):
        clock.tick(30)
        await poll(hass, entry)
    assert counter.value - before == pytest.approx(240 / 3600, abs=0.002)
    assert counter.today == pytest.approx(90 / 3600, abs=0.002)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize("hour", [3, 12, 22])
async def test_days_of_an_older_plug_of_another_zone_are_cut_at_the_midnights_of_the_house(
    hass: HomeAssistant, clock: HouseClock, plug_network: PlugNetwork, zone: str, hour: int
) -> None:
    joined, plug = await _older_joins(clock, plug_network, zone, hour)
    entry = await add_metering_point(hass, plug.address)
    await settle(hass)
    clock.tick(1200)
    await poll(hass, entry)
    await settle(hass)
    await async_commit(hass)
    await _check_days(hass, joined, hour)
    assert value_of(hass, DAILY) == pytest.approx(hour + 0.5, abs=0.003)


@pytest.mark.parametrize("hour", [3, 12, 22])
async def test_days_that_it_tells_later_are_all_there(
    hass: HomeAssistant, clock: HouseClock, plug_network: PlugNetwork, hour: int
) -> None:
    """The day on which it joined is booked by its date then, and so are those before."""
    joined, plug = await _older_joins(clock, plug_network, "America/New_York", hour)
    with patch.object(KasaHost, "statistics", side_effect=KasaError("timed_out", "plug")):
        entry = await add_metering_point(hass, plug.address)
        await settle(hass)
    for _ in range(2):
        clock.tick(400)
        await poll(hass, entry)
        await settle(hass)
    await async_commit(hass)
    assert sum(await _days_until(hass, joined)) == pytest.approx(20 * 24 + 800 / 3600, abs=0.2)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize("hour", [3, 22])
async def test_its_past_is_whole_though_a_stop_came_before_it_was_booked(
    hass: HomeAssistant, clock: HouseClock, plug_network: PlugNetwork, zone: str, hour: int
) -> None:
    """By which days the one on which it joined was booked, the ledger knows."""
    joined, plug = await _older_joins(clock, plug_network, zone, hour)
    with patch.object(Ledger, "backfill", lambda *_: hass.loop.create_future()):
        entry = await add_metering_point(hass, plug.address)
        await settle(hass)
        await async_commit(hass)
        await hass.config_entries.async_unload(entry.entry_id)
    assert sum(await _days_until(hass, joined)) < 24
    clock.tick(1200)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await async_commit(hass)
    await _check_days(hass, joined, hour)


async def _older_joins(
    clock: HouseClock, plug_network: PlugNetwork, zone: str, hour: int
) -> tuple[datetime, EmulatedPlug]:
    """Move the clock to ten past an hour; return that, and a plug of a zone that is there then."""
    joined = DECEMBER + timedelta(days=3, hours=hour, minutes=10)
    clock.move_to(joined)
    plug = EmulatedPlug(
        mac="50:C7:BF:00:00:44", alias="Heater", load=1000.0, timezone=ZoneInfo(zone),
        installed_at=joined - timedelta(days=20),
    )  # fmt: skip
    await plug_network.start(plug)
    return joined, plug


async def _check_days(hass: HomeAssistant, joined: datetime, hour: int) -> None:
    """Compare with what was used by 20 minutes after it joined."""
    days = await _days_until(hass, joined)
    used = [24.0, 24.0, 24.0, hour + 0.5]
    assert days[-4:] == [pytest.approx(kwh, abs=0.003) for kwh in used]
    assert sum(days) == pytest.approx(20 * 24 + 1 / 3, abs=0.03)


async def _days_until(hass: HomeAssistant, joined: datetime) -> list[float]:
    """Return what the ledger has of it on each day until that of a moment, in kWh."""
    midnight = joined.replace(hour=0, minute=0)
    bounds = midnight - timedelta(days=25), midnight + timedelta(days=1)
    days = await hass.data[DATA_LEDGER].async_days(PlugSeries("50c7bf000044"), *bounds)
    return [one.kwh for one in days]


@pytest.mark.parametrize("stops", [(-20, 20, 40), (20,)])
@pytest.mark.parametrize("back", [timedelta(minutes=2), timedelta(hours=9), timedelta(hours=33)])
async def test_a_midnight_that_was_seen_is_booked_though_a_stop_came_before(
    hass: HomeAssistant, clock: HouseClock, stops: tuple[int, ...], back: timedelta
) -> None:
    """The hours of its plug go on over that midnight: they alone would be split evenly."""
    plug = EmulatedSmartPlug(
        host="127.0.76.43", mac="5C:62:8B:76:00:43", alias="Heater", load=1000.0,
        clock=lambda: datetime.now(PARIS), timezone=ZoneInfo("Asia/Kolkata"),
        installed_at=DECEMBER - timedelta(days=20),
    )  # fmt: skip

    async def tell_nothing_yet(*_: object) -> None:
        await asyncio.Event().wait()

    async with plug:
        clock.move_to(DECEMBER - timedelta(hours=26))
        entry = await add_metering_point(hass, plug.address, **LOGIN)
        await settle(hass)
        clock.move_to(DECEMBER - timedelta(hours=2))
        await settle(hass)
        await poll(hass, entry)
        await hass.config_entries.async_unload(entry.entry_id)
        with patch.object(KasaHost, "statistics", tell_nothing_yet):
            for seconds in stops:
                clock.move_to(DECEMBER + timedelta(seconds=seconds))
                assert await hass.config_entries.async_setup(entry.entry_id)
                await hass.config_entries.async_unload(entry.entry_id)
                plug.outlets[0].set_load(0.0)
        clock.move_to(DECEMBER + back)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
        await async_commit(hass)
        counter = entry.runtime_data.coordinator.data["5c628b760043"].counter
        ledger, ended = hass.data[DATA_LEDGER], DECEMBER - timedelta(days=1)
        series = PlugSeries("5c628b760043")
        days = await ledger.async_days(series, ended, DECEMBER + timedelta(days=2))
    marks = counter.marks.days
    used = marks[DECEMBER.date()] - marks[ended.date()]
    assert days[0].kwh == pytest.approx(used, abs=0.002)
    # Nothing is booked twice, and nothing is left out.
    assert sum(day.kwh for day in days) == pytest.approx(
        counter.value - marks[ended.date()], abs=0.002
    )
