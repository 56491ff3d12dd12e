"""A run that is asked for a range: its periods, acknowledged or not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.errors import InvalidRequest
from custom_components.med_exporter.pushes.date_range import read_push_range
from tests.metering_points import NOON
from tests.pushing import plug, since
from tests.shelf import SUMS, Shelf

if TYPE_CHECKING:
    from tests.pushing import House

CONSUMPTION = [DataType.CONSUMPTION_DAILY]


@pytest.fixture
async def house(paper_house: House) -> House:
    paper_house.add_point("house", plug())
    await paper_house.use(plug(), since(10), NOON, 0.1)
    return paper_house


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2026-11-12", "2026-11-14", 12, 14),
        (date(2026, 11, 12), date(2026, 11, 12), 12, 12),
        ("2026-11-12T00:00:00+01:00", "2026-11-14T00:00", 12, 13),
        (datetime(2026, 11, 11, 23, tzinfo=UTC), None, 12, 19),
        (None, "2026-11-12", 10, 12),
    ],
)
async def test_days_of_the_range_are_sent_again_and_no_others(
    house: House, start: object, end: object, first: int, last: int
) -> None:
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=CONSUMPTION)
    await house.push(runtime)
    shelf.clear()
    record = await house.push(runtime, start=start, end=end)
    assert [day for day, _ in shelf.closed()] == [f"2026-11-{n}" for n in range(first, last + 1)]
    assert len(shelf.current()) == (end is None)
    assert record.request is not None
    assert ("start" in record.request, "end" in record.request) == (bool(start), bool(end))
    shelf.clear()
    await house.push(runtime)
    assert shelf.closed() == []


async def test_a_range_beyond_the_watermark_leaves_what_is_before_it(house: House) -> None:
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=CONSUMPTION)
    await house.push(runtime, start="2026-11-15", end="2026-11-16")
    assert len(shelf.closed()) == 2
    assert await runtime.async_backlog() == 10
    await house.push(runtime, end="2026-11-12")
    assert await runtime.async_backlog() == 7
    await house.push(runtime)
    assert shelf.final() == await house.days()


async def test_where_sums_are_kept_the_range_reaches_to_what_was_sent(house: House) -> None:
    shelf = Shelf(SUMS)
    runtime = await house.add_destination(shelf, data=CONSUMPTION)
    await house.push(runtime)
    shelf.clear()
    await house.push(runtime, start="2026-11-15", end="2026-11-15")
    hours = [hour for hour, _ in shelf.closed()]
    assert (hours[0], len(hours)) == ("2026-11-15T00:00:00+01:00", 5 * 24 + 12)
    assert shelf.current() == []
    assert await runtime.async_backlog() == 0


async def test_where_sums_are_kept_nothing_before_the_range_is_left_out(house: House) -> None:
    shelf = Shelf(SUMS)
    runtime = await house.add_destination(shelf, data=CONSUMPTION)
    await house.push(runtime, start="2026-11-15", end="2026-11-15")
    assert shelf.closed()[0][0] == "2026-11-10T00:00:00+01:00"
    assert len(shelf.closed()) == 6 * 24
    await house.push(runtime)
    assert len(shelf.closed()) == 252


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("tomorrow", None, "start"),
        ("2026-W02-1", None, "start"),
        ("2026-02-30", None, "start"),
        (None, "", "end"),
        (5, None, "start"),
        (None, ["2026-01-01"], "end"),
        ("2026-01-02", "2026-01-01", "start"),
        ("9999-12-31", "9999-12-31", "end"),
    ],
)
def test_what_is_no_range_is_refused_at_its_field(start: object, end: object, field: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        read_push_range(start, end)  # type: ignore[arg-type]
    assert (error.value.code, error.value.field) == ("INVALID_DATE_RANGE", field)
