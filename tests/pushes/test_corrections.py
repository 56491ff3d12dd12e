"""Periods that change after they were sent: again where they can be overwritten, or onwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from custom_components.med_exporter.const import DataType
from tests.costs.conftest import FLAT
from tests.metering_points import NOON
from tests.pushing import House, plug, since
from tests.shelf import SUMS, Shelf

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry

    from custom_components.med_exporter.destinations.measurements import Measurement

LATE = plug(2)


@pytest.fixture
def point(paper_house: House) -> ConfigEntry:
    return paper_house.add_point("house", plug(), LATE)


@pytest.fixture
async def house(paper_house: House, point: ConfigEntry) -> House:
    """Ten days of one plug, and another that was last heard of five days ago."""
    await paper_house.use(plug(), since(10), NOON, 0.1)
    await paper_house.use(LATE, since(10), since(5), 0.1)
    return paper_house


def dates(first: int, last: int = 19) -> list[str]:
    return [f"2026-11-{day}" for day in range(first, last + 1)]


async def test_days_filled_in_late_are_sent_again_alone(house: House) -> None:
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
    await house.push(runtime)
    assert shelf.final()["2026-11-17"] == 4.8
    await house.grow(LATE, 24.0, since(0))
    await house.settle()
    assert await runtime.async_backlog() == 5
    shelf.clear()
    await house.push(runtime)
    assert [date for date, _ in shelf.closed()] == dates(15)
    assert shelf.final().items() <= (await house.days()).items()
    assert shelf.final()["2026-11-17"] == pytest.approx(9.6)
    shelf.clear()
    await house.push(runtime)
    assert shelf.closed() == []


async def test_where_sums_are_kept_everything_follows_the_change(house: House) -> None:
    shelf = Shelf(SUMS)
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
    await house.push(runtime)
    assert len(shelf.closed()) == 252
    # What it used on the fifteenth alone, as far as the plug itself tells.
    await house.grow(LATE, 1.0, since(5) + timedelta(hours=2))
    await house.settle()
    shelf.clear()
    await house.push(runtime)
    assert shelf.closed()[0][0] == "2026-11-15T00:00:00+01:00"
    assert len(shelf.closed()) == 5 * 24 + 12
    assert shelf.closed()[0][1] == pytest.approx(0.7)


async def test_a_change_is_noted_for_a_destination_that_is_not_loaded(house: House) -> None:
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
    await house.push(runtime)
    entry = runtime.entry
    await house.hass.config_entries.async_unload(entry.entry_id)
    await house.grow(LATE, 24.0, since(0))
    await house.settle()
    await house.hass.config_entries.async_setup(entry.entry_id)
    shelf.clear()
    await house.push(entry.runtime_data)
    assert [date for date, _ in shelf.closed()] == dates(15)


async def run_with(
    house: House, runtime: Any, shelf: Shelf, at: str, event: Any
) -> list[tuple[str, Any]]:
    """Let something happen while a run is about to send a period."""
    reached = asyncio.Event()

    def stop(one: Measurement) -> None:
        if one.date == at and not reached.is_set():
            shelf.opened.clear()
            reached.set()

    shelf.fails = stop
    task = asyncio.ensure_future(house.runner.async_run(runtime, trigger="test"))
    await reached.wait()
    await event()
    await house.committed_without_waiting()
    shelf.opened.set()
    await task
    await house.committed()
    return shelf.closed()


@pytest.mark.parametrize("intake", [None, SUMS], ids=["again", "onwards"])
async def test_a_change_during_a_run_is_not_lost(house: House, intake: Any) -> None:
    shelf = Shelf() if intake is None else Shelf(intake)
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])

    async def change() -> None:
        await house.grow(LATE, 24.0, since(0))
        await house.ledger.async_write_statistics()

    at = "2026-11-17" if intake is None else "2026-11-17T00:00:00+01:00"
    await run_with(house, runtime, shelf, at, change)
    if intake is None:
        assert shelf.final() == await house.days()
    else:
        hours = await house.ledger.async_hours(LATE.series[1], since(10), NOON)
        assert shelf.final() == {hour.start.isoformat(): hour.kwh for hour in hours if hour.closed}
        # The last thing that came is the last hour: nothing that builds on the change is older.
        order = [date for date, _ in shelf.closed()]
        assert order[order.index("2026-11-15T00:00:00+01:00", 121) :] == sorted(
            order[order.index("2026-11-15T00:00:00+01:00", 121) :]
        )
    assert await runtime.async_backlog() == 0


class TestCosts:
    async def test_costs_are_a_series_of_their_own(self, house: House, point: ConfigEntry) -> None:
        house.contracts(point, FLAT)
        shelf = Shelf()
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        await house.push(runtime)
        assert shelf.final(series="cost") == {
            day: pytest.approx(kwh * 0.25) for day, kwh in (await house.days()).items()
        }
        assert len(shelf.closed(series="cost")) == 10

    async def test_days_that_get_another_price_are_sent_again(
        self, house: House, point: ConfigEntry
    ) -> None:
        house.contracts(point, FLAT)
        shelf = Shelf()
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        await house.push(runtime)
        shelf.clear()
        house.contracts(point, FLAT, {**FLAT, "valid_from": "2026-11-18", "price": 0.5})
        await house.settle()
        await house.push(runtime)
        assert shelf.closed(series="cost") == [("2026-11-18", 2.4), ("2026-11-19", 2.4)]
        assert shelf.closed() == []

    async def test_hours_without_a_price_wait_until_they_have_one(
        self, house: House, point: ConfigEntry
    ) -> None:
        house.contracts(point, {**FLAT, "valid_from": "2026-11-18"})
        shelf = Shelf(SUMS)
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        await house.push(runtime)
        assert shelf.closed(series="cost")[0] == ("2026-11-18T00:00:00+01:00", 0.05)
        assert len(shelf.closed(series="cost")) == 60
        house.contracts(point, FLAT)
        await house.settle()
        shelf.clear()
        await house.push(runtime)
        costs = shelf.closed(series="cost")
        assert costs[0] == ("2026-11-10T00:00:00+01:00", 0.1)
        assert len(costs) == 252

    async def test_without_a_contract_there_are_none(self, house: House) -> None:
        shelf = Shelf()
        runtime = await house.add_destination(shelf)
        await house.push(runtime)
        assert shelf.closed(series="cost") == []
        assert ("house", "cost") not in await house.watermarks(runtime)
