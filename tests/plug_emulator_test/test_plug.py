"""One plug as python-kasa sees it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from kasa import DeviceType, Module

from tests.plug_emulator import HS100, KP115, EmulatedPlug, PlugNetwork
from tests.plug_emulator_test.devices import NOON, PARIS, clock_at, connected, plug_at

if TYPE_CHECKING:
    from freezegun.api import FrozenDateTimeFactory


async def test_identity(plug_network: PlugNetwork) -> None:
    plug = plug_at(mac="50:c7:bf:00:00:07", alias="Lampe de l'été", rssi=-61)
    await plug_network.start(plug)
    async with connected(plug) as client:
        assert client.device_type is DeviceType.Plug
        assert client.model == "HS110"
        assert client.mac == "50:C7:BF:00:00:07"
        assert client.alias == "Lampe de l'été"
        assert client.rssi == -61
        assert client.is_on


async def test_meter_reads_what_is_plugged_in(plug_network: PlugNetwork) -> None:
    plug = plug_at(load=1150.0)
    await plug_network.start(plug)
    async with connected(plug) as client:
        energy = client.modules[Module.Energy]
        assert energy.current_consumption == 1150.0
        assert energy.voltage == pytest.approx(230, rel=0.01)
        assert energy.current == pytest.approx(1150 / energy.voltage, abs=0.001)

        plug.set_load(3.21)
        await client.update()
        assert energy.current_consumption == 3.21


async def test_total_grows_with_time(plug_network: PlugNetwork) -> None:
    plug = plug_at(load=500)
    await plug_network.start(plug)
    async with connected(plug) as client:
        assert client.modules[Module.Energy].consumption_total == 0
        plug.advance(timedelta(minutes=30))
        await client.update()
        assert client.modules[Module.Energy].consumption_total == 0.25


async def test_relay_cuts_the_power_and_stops_the_counter(plug_network: PlugNetwork) -> None:
    plug = plug_at(load=1000)
    await plug_network.start(plug)
    async with connected(plug) as client:
        plug.advance(timedelta(hours=1))
        await client.turn_off()
        plug.advance(timedelta(hours=2))
        await client.update()
        assert not client.is_on
        assert client.modules[Module.Energy].current_consumption == 0
        assert client.modules[Module.Energy].consumption_total == 1

        await client.turn_on()
        plug.advance(timedelta(hours=1))
        await client.update()
        assert client.is_on
        assert client.modules[Module.Energy].consumption_total == 2
        assert client.on_since == plug.clock() - timedelta(hours=1)


async def test_day_and_month_statistics(plug_network: PlugNetwork) -> None:
    installed_at = datetime(2026, 3, 28, tzinfo=PARIS)
    plug = plug_at(datetime(2026, 4, 2, 6, tzinfo=PARIS), load=1000, installed_at=installed_at)
    await plug_network.start(plug)
    async with connected(plug) as client:
        energy = client.modules[Module.Energy]
        # The clocks went forward on 29 March: 23 hours.
        assert await energy.get_daily_stats(year=2026, month=3) == {
            28: 24,
            29: 23,
            30: 24,
            31: 24,
        }
        assert await energy.get_daily_stats(year=2026, month=4) == {1: 24, 2: 6}
        assert await energy.get_daily_stats(year=2026, month=5) == {}
        assert await energy.get_monthly_stats(year=2026) == {3: 95, 4: 30}
        assert await energy.get_monthly_stats(year=2025) == {}


async def test_today_and_this_month(plug_network: PlugNetwork) -> None:
    now = datetime.now(PARIS)  # the library asks for the host's date
    zone = PARIS if now.date() == datetime.now().date() else ZoneInfo("UTC")  # noqa: DTZ005
    plug = EmulatedPlug(clock=clock_at(now), timezone=zone)
    plug.use(1.5)
    await plug_network.start(plug)
    async with connected(plug) as client:
        energy = client.modules[Module.Energy]
        assert energy.consumption_today == 1.5
        assert energy.consumption_this_month == 1.5
        assert energy.consumption_total == 1.5


async def test_clock_past_midnight_begins_a_day(plug_network: PlugNetwork) -> None:
    plug = plug_at(datetime(2026, 6, 15, 23, 30, tzinfo=PARIS), load=1000)
    await plug_network.start(plug)
    async with connected(plug) as client:
        plug.advance(timedelta(hours=1))
        energy = client.modules[Module.Energy]
        assert await energy.get_daily_stats(year=2026, month=6) == {15: 0.5, 16: 0.5}


async def test_default_clock_follows_a_frozen_one(
    plug_network: PlugNetwork, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-06-15 21:00:00+00:00")
    plug = EmulatedPlug(load=1000, timezone=PARIS)
    freezer.move_to("2026-06-16 00:00:00+00:00")
    assert plug.day_kwh(date(2026, 6, 15)) == pytest.approx(1)
    assert plug.day_kwh(date(2026, 6, 16)) == pytest.approx(2)


async def test_time_and_time_zone(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    async with connected(plug) as client:
        assert client.time == NOON
        await client.modules[Module.Time].set_time(datetime(2026, 6, 15, 9, tzinfo=UTC))
        assert plug.clock() == datetime(2026, 6, 15, 9, tzinfo=UTC)
        assert plug.clock.timezone.key == "UTC"


async def test_runtime_counts_the_minutes_on(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    plug.advance(timedelta(minutes=42))
    plug.switch(False)
    plug.advance(timedelta(minutes=42))
    async with connected(plug) as client:
        usage = client.modules[Module.IotUsage]
        assert await usage.get_daystat(year=2026, month=6) == {15: 42}
        assert await usage.get_monthstat(year=2026) == {6: 42}


async def test_erased_statistics_begin_again(plug_network: PlugNetwork) -> None:
    plug = plug_at(load=1000, installed_at=NOON - timedelta(days=3))
    await plug_network.start(plug)
    async with connected(plug) as client:
        energy = client.modules[Module.Energy]
        await energy.erase_stats()
        plug.advance(timedelta(hours=1))
        await client.update()
        assert energy.consumption_total == 1
        assert await energy.get_daily_stats(year=2026, month=6) == {15: 1}


async def test_name_and_led_can_be_set(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    async with connected(plug) as client:
        await client.set_alias("Cave")
        await client.modules[Module.Led].set_led(False)
        await client.update()
        assert client.alias == plug.alias == "Cave"
        assert not client.modules[Module.Led].led


async def test_other_kinds(plug_network: PlugNetwork) -> None:
    without_meter, small = plug_at(kind=HS100), plug_at(kind=KP115, mac="50:C7:BF:00:00:02")
    await plug_network.start(without_meter)
    await plug_network.start(small)
    async with connected(without_meter) as client:
        assert client.model == "HS100"
        assert Module.Energy not in client.modules
    async with connected(small) as client:
        assert client.model == "KP115"
        assert Module.Energy in client.modules
