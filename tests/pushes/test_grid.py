"""Tempo and EcoWatt as pushes: known days once, gaps once they are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.measurements import TempoDay
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.metering_points import NOON
from tests.pushing import PaperGrid, plug, since
from tests.shelf import DAYS, Shelf

if TYPE_CHECKING:
    from tests.pushing import House

TODAY = date(2026, 11, 20)
BLUE, RED = TempoColour.BLUE, TempoColour.RED


@pytest.fixture
def house(paper_house: House) -> House:
    paper_house.add_point("house", plug())
    paper_house.add_point("shed", plug(2, point="shed"))
    return paper_house


def days(*back: int, colour: TempoColour = BLUE) -> dict[date, TempoColour]:
    return {TODAY - timedelta(days=number): colour for number in back}


async def test_days_are_closed_up_to_today_and_stamped_with_midnight(house: House) -> None:
    grid = house.add_grid()
    grid.know(days(3, 2, 1, 0))
    grid.know(days(-1, colour=RED))
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.TEMPO])
    await house.push(runtime)
    expected = [(str(TODAY - timedelta(days=number)), "blue") for number in (3, 2, 1, 0)]
    assert shelf.closed("house", "tempo") == shelf.closed("shed", "tempo") == expected
    # Today's and tomorrow's colours tell by their start which day they are.
    assert [one for one in shelf.current() if one[0][0] == "house"] == [
        (("house", "tempo"), "2026-11-20", "blue"),
        (("house", "tempo"), "2026-11-21", "red"),
    ]
    first = shelf.taken[0]
    assert isinstance(first, TempoDay)
    assert (first.start, first.end, first.timestamp) == (since(3), since(2), since(2))
    shelf.clear()
    house.freezer.move_to(NOON + timedelta(days=1))
    await house.push(runtime)
    assert shelf.closed("house", "tempo") == [("2026-11-21", "red")]


async def test_a_destination_may_want_them_once_for_the_house(house: House) -> None:
    house.add_grid().know(days(1, 0))
    shelf = Shelf(replace(DAYS, grid_per_point=False))
    runtime = await house.add_destination(shelf, data=[DataType.TEMPO])
    await house.push(runtime)
    assert len(shelf.closed(None, "tempo")) == 2
    assert {one.point for one in shelf.taken} == {None}
    shelf.clear()
    await house.push(runtime, pdl=["house"])
    assert shelf.taken == []
    await house.push(runtime, pdl=["house"], data=["tempo"])
    assert len(shelf.current()) == 1


async def test_a_missing_day_holds_nothing_up_and_comes_when_it_is_known(house: House) -> None:
    grid = house.add_grid()
    grid.know(days(4, 2, 0))
    await house.use(plug(), since(2), NOON, 0.1)
    shelf = Shelf()
    runtime = await house.add_destination(shelf)
    record = await house.push(runtime)
    assert record.status is ExportStatus.COMPLETED
    assert [day for day, _ in shelf.closed("house", "tempo")] == [
        "2026-11-16",
        "2026-11-18",
        "2026-11-20",
    ]
    assert len(shelf.closed()) == 2
    shelf.clear()
    grid.later = days(3, colour=RED)
    await house.push(runtime)
    assert shelf.closed("house", "tempo") == [("2026-11-17", "red")]
    grid.know(days(1))
    assert await runtime.async_backlog() == 2
    shelf.clear()
    await house.push(runtime)
    assert shelf.closed("house", "tempo") == [("2026-11-19", "blue")]
    shelf.clear()
    await house.push(runtime)
    assert shelf.closed("house", "tempo") == []


async def test_without_a_grid_the_rest_is_sent(house: House) -> None:
    await house.use(plug(), since(2), NOON, 0.1)
    shelf = Shelf()
    runtime = await house.add_destination(shelf)
    record = await house.push(runtime)
    assert record.status is ExportStatus.COMPLETED
    assert len(shelf.closed()) == 2
    assert not [one for one in shelf.taken if one.data_type is DataType.TEMPO]


async def test_ecowatt_is_todays_level_and_a_day_once_it_is_over(house: House) -> None:
    grid: PaperGrid = house.add_grid()
    grid.signal(TODAY, 2)
    grid.tell()
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.ECOWATT])
    await house.push(runtime, pdl=["house"])
    [level] = shelf.taken
    assert (level.closed, level.level, level.date) == (False, 2, "2026-11-20")
    assert level.details["message"] == "Fine"
    assert level.details["hourly_values"][0] == {"pas": 0, "hvalue": 1}
    assert level.timestamp == grid.data.ecowatt_read_at
    house.freezer.move_to(NOON + timedelta(days=1))
    grid.signal(TODAY + timedelta(days=1), 1)
    grid.tell()
    shelf.clear()
    await house.push(runtime, pdl=["house"])
    assert shelf.closed("house", "ecowatt") == [("2026-11-20", 2)]
    assert [value for _, _, value in shelf.current()] == [1]
