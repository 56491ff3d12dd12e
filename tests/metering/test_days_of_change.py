"""On a day on which plugs join, leave or move, all places tell the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType, PlugRole
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.ledger import DATA_LEDGER, PointSeries
from tests.metering_points import (
    NOON,
    PARIS,
    add_metering_point,
    answer,
    poll,
    settle,
    start_reconfigure,
)
from tests.plug_emulator import EmulatedPlug, PlugNetwork
from tests.plug_emulator.smart import EmulatedSmartPlug

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

TODAY = NOON.replace(hour=0)


@pytest.fixture
async def plugs(plug_network: PlugNetwork, clock: HouseClock) -> list[EmulatedPlug]:
    """Two plugs of 1 kW and 500 W that have counted since ten in the morning."""
    made = []
    for number, load in ((1, 1000.0), (2, 500.0)):
        plug = EmulatedPlug(
            mac=f"50:C7:BF:00:00:0{number}",
            alias=f"Plug {number}",
            load=load,
            installed_at=NOON.replace(hour=10),
        )
        await plug_network.start(plug)
        made.append(plug)
    return made


async def pass_minutes(
    hass: HomeAssistant, clock: HouseClock, minutes: int, *entries: ConfigEntry
) -> None:
    for _ in range(minutes // 5):
        clock.tick(300)
        for entry in entries:
            await poll(hass, entry)


async def change_hosts(
    hass: HomeAssistant, entry: ConfigEntry, *hosts: str, count_past: bool = True, **login: str
) -> None:
    flow = await start_reconfigure(hass, entry)
    flow = await answer(hass, flow, {"name": "House", "hosts": list(hosts), **login})
    if flow["type"] == "form":
        await answer(hass, flow, {"count_past": count_past})
    await hass.async_block_till_done()


async def told(hass: HomeAssistant, entry: ConfigEntry, day: datetime) -> tuple[float, float]:
    """Return a day as the running value tells it, and as the ledger does."""
    await settle(hass)
    await async_commit(hass)
    await settle(hass)
    point = entry.runtime_data
    series = PointSeries(point.slug, PlugRole.CONSUMPTION)
    current = point.current(DataType.CONSUMPTION_DAILY)
    (period,) = await hass.data[DATA_LEDGER].async_days(series, day, day.replace(hour=1))
    shown = current.value_kwh if current.date == f"{day:%Y-%m-%d}" else current.last_period
    return shown, period.kwh


async def test_a_plug_goes_and_another_one_comes(
    hass: HomeAssistant, clock: HouseClock, plugs: list[EmulatedPlug]
) -> None:
    first, second = plugs
    entry = await add_metering_point(hass, first.address)
    await pass_minutes(hass, clock, 60, entry)
    await change_hosts(hass, entry, second.address)
    await pass_minutes(hass, clock, 60, entry)
    shown, booked = await told(hass, entry, TODAY)
    # 3 hours of the one, and 4 of the other, which has counted alone before it came.
    assert booked == pytest.approx(5.0, abs=0.01)
    assert shown == pytest.approx(booked, abs=1e-6)
    clock.move_to(datetime(2026, 11, 21, 0, 0, 1, tzinfo=PARIS))
    await settle(hass)
    await poll(hass, entry)
    shown, booked = await told(hass, entry, TODAY)
    assert shown == pytest.approx(booked, abs=1e-6)


async def test_a_plug_moves_to_another_metering_point(
    hass: HomeAssistant, clock: HouseClock, plugs: list[EmulatedPlug]
) -> None:
    first, second = plugs
    house = await add_metering_point(hass, first.address, second.address)
    await pass_minutes(hass, clock, 60, house)
    await change_hosts(hass, house, second.address)
    barn = await add_metering_point(hass, first.address, pdl="barn", name="Barn")
    await pass_minutes(hass, clock, 60, house, barn)
    shown, booked = await told(hass, house, TODAY)
    assert booked == pytest.approx(5.0, abs=0.01)
    assert shown == pytest.approx(booked, abs=1e-6)
    shown, booked = await told(hass, barn, TODAY)
    assert booked == pytest.approx(1.0, abs=0.02)
    assert shown == pytest.approx(booked, abs=1e-6)


async def test_newer_plugs_whose_clock_is_wrong_move_too(
    hass: HomeAssistant, clock: HouseClock
) -> None:
    def plug(number: int, load: float) -> EmulatedSmartPlug:
        return EmulatedSmartPlug(
            host=f"127.0.76.6{number}",
            mac=f"5C:62:8B:76:00:6{number}",
            alias=f"Plug {number}",
            load=load,
            installed_at=NOON - timedelta(days=3),
            clock=lambda: datetime.now(PARIS) + timedelta(hours=1),
            timezone=PARIS,
        )

    login = {"username": "me@example.com", "password": "secret"}
    async with plug(1, 1000.0) as first, plug(2, 500.0) as second:
        house = await add_metering_point(hass, first.address, second.address, **login)
        await pass_minutes(hass, clock, 60, house)
        await change_hosts(hass, house, second.address, **login)
        barn = await add_metering_point(hass, first.address, pdl="barn", name="Barn", **login)
        await pass_minutes(hass, clock, 60, house, barn)
        clock.move_to(datetime(2026, 11, 21, 0, 0, 1, tzinfo=PARIS))
        await settle(hass)
        for _ in range(3):
            clock.tick(30)
            for entry in (house, barn):
                await poll(hass, entry)
        for entry, kwh in ((house, 25.0), (barn, 11.0)):
            shown, booked = await told(hass, entry, TODAY)
            assert booked == pytest.approx(kwh, abs=0.003)
            assert shown == pytest.approx(booked, abs=1e-6)


async def test_between_two_postings_the_counters_go_on(
    hass: HomeAssistant, clock: HouseClock, plugs: list[EmulatedPlug]
) -> None:
    entry = await add_metering_point(hass, plugs[0].address)
    await pass_minutes(hass, clock, 30, entry)
    before, _ = await told(hass, entry, TODAY)
    clock.tick(60)
    await poll(hass, entry)
    shown, booked = await told(hass, entry, TODAY)
    assert booked == pytest.approx(before, abs=1e-6)
    assert shown == pytest.approx(before + 1 / 60, abs=0.002)


@pytest.mark.parametrize("is_taken_out", [True, False])
async def test_a_day_waits_for_a_silent_plug_but_not_for_one_that_was_taken_out(
    hass: HomeAssistant, clock: HouseClock, plugs: list[EmulatedPlug], is_taken_out: bool
) -> None:
    first, second = plugs
    entry = await add_metering_point(hass, first.address, second.address)
    clock.move_to(TODAY.replace(hour=23, minute=50))
    await pass_minutes(hass, clock, 5, entry)
    if is_taken_out:
        await change_hosts(hass, entry, second.address)
    else:
        first.silence()
    clock.move_to(TODAY + timedelta(days=1, seconds=30))
    await poll(hass, entry)
    await told(hass, entry, TODAY)
    ledger = hass.data[DATA_LEDGER]
    series = PointSeries(entry.runtime_data.slug, PlugRole.CONSUMPTION)
    await ledger.async_write_statistics()
    for ask in (ledger.async_days, ledger.async_half_hours):
        period = (await ask(series, TODAY, TODAY + timedelta(days=1)))[-1]
        assert period.closed == is_taken_out


class TestPast:
    """What a plug has counted before it joined counts where it is wished to."""

    @pytest.fixture
    async def old(self, plug_network: PlugNetwork, clock: HouseClock) -> EmulatedPlug:
        """A plug of 1 kW that has counted for three days."""
        plug = EmulatedPlug(
            mac="50:C7:BF:00:00:03",
            alias="Old",
            load=1000.0,
            installed_at=TODAY.replace(day=TODAY.day - 3),
        )
        await plug_network.start(plug)
        return plug

    async def days(self, hass: HomeAssistant, entry: ConfigEntry) -> list[float]:
        await told(hass, entry, TODAY)
        await hass.data[DATA_LEDGER].async_write_statistics()
        series = PointSeries(entry.runtime_data.slug, PlugRole.CONSUMPTION)
        start = TODAY.replace(day=TODAY.day - 3)
        found = await hass.data[DATA_LEDGER].async_days(series, start, TODAY)
        return [round(day.kwh, 2) for day in found]

    @pytest.mark.parametrize(("count_past", "days"), [(True, [24, 24, 24]), (False, [])])
    async def test_of_a_plug_that_joins(
        self,
        hass: HomeAssistant,
        clock: HouseClock,
        plugs: list[EmulatedPlug],
        old: EmulatedPlug,
        count_past: bool,
        days: list[float],
    ) -> None:
        entry = await add_metering_point(hass, plugs[0].address)
        await change_hosts(hass, entry, plugs[0].address, old.address, count_past=count_past)
        await pass_minutes(hass, clock, 30, entry)
        assert await self.days(hass, entry) == days

    async def test_of_a_plug_that_is_added_elsewhere_again(
        self, hass: HomeAssistant, clock: HouseClock, plugs: list[EmulatedPlug], old: EmulatedPlug
    ) -> None:
        house = await add_metering_point(hass, plugs[0].address, old.address)
        await pass_minutes(hass, clock, 30, house)
        assert await self.days(hass, house) == [24, 24, 24]
        await change_hosts(hass, house, plugs[0].address)
        roles = {"count_past": True}
        barn = await add_metering_point(hass, old.address, pdl="barn", roles=roles)
        await pass_minutes(hass, clock, 30, house, barn)
        assert await self.days(hass, barn) == [24, 24, 24]
        assert await self.days(hass, house) == [0, 0, 0]
        shown, booked = await told(hass, barn, TODAY)
        assert shown == pytest.approx(booked, abs=1e-6)
        assert booked == pytest.approx(13.0, abs=0.02)
