"""When a destination exports by itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.med_exporter.history.history import DATA_HISTORY
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.metering_points import NOON, PARIS
from tests.pushing import House, plug
from tests.shelf import Shelf, refuse

if TYPE_CHECKING:
    from custom_components.med_exporter.pushes.runtime import DestinationRuntime

MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(paper_house: House) -> House:
    paper_house.add_point("house", plug())
    return paper_house


async def at(house: House, when: datetime) -> None:
    """Let the clock say a time, and wait for what that starts."""
    house.freezer.move_to(when)
    async_fire_time_changed(house.hass, when)
    await house.hass.async_block_till_done(wait_background_tasks=True)


async def runs(house: House, runtime: DestinationRuntime) -> int:
    history = house.hass.data[DATA_HISTORY]
    return (await history.async_list(destination=runtime.id))[1]


async def test_at_the_interval(house: House) -> None:
    runtime = await house.add_destination(Shelf(), enabled=True, interval=15)
    await at(house, NOON + MINUTE)
    assert await runs(house, runtime) == 1
    await at(house, NOON + 15 * MINUTE)
    assert await runs(house, runtime) == 1
    await at(house, NOON + 17 * MINUTE)
    assert await runs(house, runtime) == 2


@pytest.mark.parametrize("ahead", [timedelta(days=365), timedelta(weeks=-5)])
async def test_at_the_interval_after_a_start_by_a_clock_that_was_off(
    house: House, ahead: timedelta
) -> None:
    house.freezer.move_to(NOON + max(ahead, timedelta()))
    runtime = await house.add_destination(Shelf(), enabled=True, interval=15)
    await house.push(runtime)
    # The last run began a year from now, or weeks.
    now = NOON + min(ahead, timedelta())
    house.freezer.move_to(now)
    assert await house.hass.config_entries.async_reload(runtime.entry.entry_id)
    await at(house, now + 16 * MINUTE)
    assert await runs(house, runtime) == 2


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2027, 3, 28), date(2027, 10, 31)])
async def test_after_the_daily_sync_at_six_local_time(house: House, day: date) -> None:
    grid = house.add_grid()
    house.freezer.move_to(datetime(day.year, day.month, day.day, 5, 30, tzinfo=PARIS))
    runtime = await house.add_destination(Shelf(), enabled=True, interval=1440)
    six = datetime(day.year, day.month, day.day, 6, tzinfo=PARIS)
    await at(house, six - 20 * MINUTE)
    before = await runs(house, runtime)
    await at(house, six - MINUTE / 60)
    assert await runs(house, runtime) == before
    await at(house, six + MINUTE / 60)
    await at(house, six + 3 * MINUTE)
    assert (await runs(house, runtime), grid.refreshed) == (before + 1, 1)


async def test_at_once_when_the_grid_tells_another_value(house: House) -> None:
    grid = house.add_grid()
    house.hass.bus.async_fire("nothing")
    runtime = await house.add_destination(Shelf(), enabled=True, interval=1440)
    await at(house, NOON + MINUTE)
    assert await runs(house, runtime) == 1
    grid.know({date(2026, 11, 21): TempoColour.RED})
    runner_grid = house.runner._grid
    runner_grid._follow()
    await at(house, NOON + MINUTE + timedelta(seconds=2))
    assert await runs(house, runtime) == 1
    await at(house, NOON + 2 * MINUTE)
    assert await runs(house, runtime) == 2
    runner_grid._follow()
    await at(house, NOON + 4 * MINUTE)
    assert await runs(house, runtime) == 2


async def test_never_while_it_is_off(house: House) -> None:
    runtime = await house.add_destination(Shelf(), enabled=False, interval=15)
    await at(house, NOON + 20 * MINUTE)
    await at(house, NOON + timedelta(hours=18, minutes=5))
    house.runner._grid._listeners[0]()
    await at(house, NOON + timedelta(hours=19))
    assert await runs(house, runtime) == 0
    runtime.set_enabled(enabled=True)
    await at(house, NOON + timedelta(hours=19, minutes=1))
    assert await runs(house, runtime) == 1


async def test_with_growing_pauses_while_it_is_down(house: House) -> None:
    shelf = Shelf()
    shelf.fails = refuse()
    runtime = await house.add_destination(shelf, enabled=True, interval=60)
    now, tried = NOON, []
    for _ in range(40):
        before = await runs(house, runtime)
        now += MINUTE
        await at(house, now)
        if await runs(house, runtime) > before:
            tried.append(int((now - NOON) / MINUTE))
    # A minute, two, four, eight, sixteen between them.
    assert tried == [1, 2, 4, 8, 16, 32]
    shelf.fails = lambda _: None
    await house.push(runtime)
    await at(house, now + 30 * MINUTE)
    assert await runs(house, runtime) == 7
