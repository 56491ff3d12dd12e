"""What a destination no longer has is noticed by the next run, said, and given again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.metering_points import NOON
from tests.pushing import House, plug, since
from tests.shelf import DAYS, SUMS, Shelf

if TYPE_CHECKING:
    from custom_components.med_exporter.destinations.measurements import Measurement
    from custom_components.med_exporter.pushes.runtime import DestinationRuntime


@pytest.fixture
async def house(paper_house: House) -> House:
    paper_house.add_point("house", plug())
    await paper_house.use(plug(), since(40), NOON, 0.1)
    return paper_house


async def filled(house: House, shelf: Shelf, **options: object) -> DestinationRuntime:
    runtime = await house.add_destination(shelf, **options)
    await house.push(runtime)
    shelf.clear()
    return runtime


async def test_all_is_given_again_to_one_that_was_emptied(house: House) -> None:
    runtime = await filled(house, shelf := Shelf())
    shelf.lost = lambda _: True
    record = await house.push(runtime)
    assert record.status is ExportStatus.COMPLETED
    assert shelf.final() == pytest.approx(await house.days())
    lost = [one for one in record.warnings if one["code"] == "LOST"]
    assert {one["data"] for one in lost} >= {"consumption_daily", "consumption_monthly"}
    shelf.lost = lambda _: False
    shelf.clear()
    assert (await house.push(runtime)).warnings == []
    assert shelf.closed() == []


@pytest.mark.parametrize("hour", [0, 1])
async def test_a_half_hour_that_clocks_show_twice_is_missed_in_its_own_right(
    house: House, hour: int
) -> None:
    runtime = await filled(house, shelf := Shelf(), data=[DataType.CONSUMPTION_DETAILED])
    gone = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    shelf.lost = lambda one: one.start.timestamp() == gone.timestamp()
    # Each run looks at another part of the past.
    for _ in range(3):
        await house.push(runtime)
    closed = shelf.closed(series="consumption_detailed")
    given = [datetime.fromisoformat(start) for start, _ in closed]
    assert gone in given


async def test_one_restored_from_a_backup_is_given_what_came_after(house: House) -> None:
    runtime = await filled(house, shelf := Shelf(), data=[DataType.CONSUMPTION_DAILY])
    shelf.lost = lambda one: one.start >= since(3)
    await house.push(runtime)
    given = [date for date, _ in shelf.closed()]
    assert given[-3:] == ["2026-11-17", "2026-11-18", "2026-11-19"]
    assert len(given) < 20, "what is there is not given again from the beginning"


async def test_a_hole_that_newer_periods_hide_is_filled(house: House) -> None:
    runtime = await filled(house, shelf := Shelf(), data=[DataType.CONSUMPTION_DAILY])
    shelf.lost = lambda one: since(6) <= one.start < since(3)
    record = await house.push(runtime)
    [lost] = [one for one in record.warnings if one["code"] == "LOST"]
    assert lost["start"].startswith("2026-11-14T00:00")
    assert shelf.closed()[0][0] == "2026-11-14"


async def test_a_hole_within_one_day_of_half_hours_is_filled(house: House) -> None:
    runtime = await filled(house, shelf := Shelf(), data=[DataType.CONSUMPTION_DETAILED])
    noon = since(5) + timedelta(hours=12)
    shelf.lost = lambda one: noon <= one.start < noon + timedelta(hours=1)
    record = await house.push(runtime)
    [lost] = [one for one in record.warnings if one["code"] == "LOST"]
    assert lost["start"] == noon.isoformat(timespec="minutes")
    assert shelf.closed(series="consumption_detailed")[0][0] == noon.isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("data_type", "series", "hole"),
    [
        (DataType.CONSUMPTION_DAILY, "consumption_daily", timedelta(days=2)),
        (DataType.CONSUMPTION_DETAILED, "consumption_detailed", timedelta(hours=1)),
    ],
)
async def test_a_hole_in_the_middle_of_the_past_is_filled_after_some_runs(
    house: House, data_type: DataType, series: str, hole: timedelta
) -> None:
    runtime = await filled(house, shelf := Shelf(), data=[data_type])
    # Neither among the first nor among the last.
    shelf.lost = lambda one: since(24) <= one.start < since(24) + hole
    for _ in range(3):
        if (record := await house.push(runtime)).warnings:
            break
    [lost] = record.warnings
    assert lost["start"] == since(24).isoformat(timespec="minutes")
    first = since(24).date().isoformat()
    assert str(shelf.closed(series=series)[0][0]).startswith(first)
    shelf.lost = lambda _: False
    for _ in range(3):
        assert (await house.push(runtime)).warnings == []


@pytest.mark.parametrize("days", [33, 14, 1])
async def test_what_is_lost_is_told_from_its_first_day(house: House, days: int) -> None:
    runtime = await filled(house, shelf := Shelf(), data=[DataType.CONSUMPTION_DAILY])
    shelf.lost = lambda one: one.start >= since(days)
    record = await house.push(runtime)
    [lost] = [one for one in record.warnings if one["code"] == "LOST"]
    first = since(days).date().isoformat()
    assert lost["start"].startswith(first)
    assert shelf.closed()[0][0] == first


async def test_sums_are_built_anew(house: House) -> None:
    shelf = Shelf(SUMS)
    runtime = await filled(house, shelf, data=[DataType.CONSUMPTION_DAILY])
    shelf.lost = lambda _: True
    await house.push(runtime)
    # Twelve hours of today are closed too, and the clock was set back meanwhile.
    assert len(shelf.closed()) == 40 * 24 + 12 + 1


async def test_colours_are_given_again(house: House) -> None:
    grid = house.add_grid()
    grid.know(dict.fromkeys((since(day).date() for day in range(1, 6)), TempoColour.BLUE))
    runtime = await filled(house, shelf := Shelf(), data=[DataType.TEMPO])
    shelf.lost = lambda _: True
    await house.push(runtime)
    assert len(shelf.closed(series="tempo")) == 5


async def test_a_run_by_range_asks_for_nothing_but_an_answer(house: House) -> None:
    runtime = await filled(house, shelf := Shelf())
    asked: list[Measurement] = []
    shelf.lost = lambda one: asked.append(one) or True  # type: ignore[func-returns-value]
    record = await house.push(runtime, start="2026-11-10", end="2026-11-11")
    assert (record.status, asked) == (ExportStatus.COMPLETED, [])


def refuse() -> None:
    raise DestinationError("refused", host="shelf", port=1)


async def test_one_that_is_down_is_no_success_though_nothing_was_to_be_sent(house: House) -> None:
    shelf = Shelf()
    runtime = await filled(house, shelf)
    shelf.begins = refuse
    record = await house.push(runtime, start="2020-01-01", end="2020-01-02")
    assert (record.status, record.error_code, record.records) == (
        ExportStatus.FAILED,
        "REFUSED",
        0,
    )
    assert shelf.taken == []


async def test_series_side_by_side_tell_once_that_all_is_in_vain(house: House) -> None:
    shelf = Shelf(replace(DAYS, at_once=32))
    shelf.fails = lambda _: refuse()
    runtime = await house.add_destination(shelf)
    record = await house.push(runtime)
    assert (record.status, record.error_code, record.records) == (ExportStatus.FAILED, "REFUSED", 0)
    assert [one["code"] for one in record.warnings] == ["REFUSED"]
    shelf.fails = lambda _: None
    again = await house.push(runtime)
    assert (again.status, runtime.backlog) == (ExportStatus.COMPLETED, 0)
    assert shelf.final() == pytest.approx(await house.days())


async def test_a_run_by_range_that_was_cut_short_is_taken_up_again(house: House) -> None:
    shelf = Shelf()
    runtime = await filled(house, shelf, enabled=True)
    shelf.begins = refuse
    await house.push(runtime, start="2026-11-10", end="2026-11-11")
    assert len(runtime.cut_short) == 1
    shelf.begins = lambda: None
    # A new life of the destination learns of it from the history.
    await house.hass.config_entries.async_reload(runtime.entry.entry_id)
    await house.committed()
    runtime = runtime.entry.runtime_data
    assert len(runtime.cut_short) == 1
    await house.push(runtime)
    assert shelf.closed() == []
    await house.pass_time(seconds=10)
    assert [date for date, _ in shelf.closed()] == ["2026-11-10", "2026-11-11"]
    assert runtime.cut_short == []


async def test_what_waits_is_known_when_a_run_has_ended(house: House) -> None:
    runtime = await filled(house, shelf := Shelf(), data=[DataType.CONSUMPTION_DAILY])
    house.freezer.tick(timedelta(days=2))
    await house.use(plug(), NOON, NOON + timedelta(days=2), 0.1)
    shelf.begins = refuse
    await house.push(runtime)
    assert runtime.backlog == 2
    shelf.begins = lambda: None
    await house.push(runtime)
    assert runtime.backlog == 0
