"""What a run has is read a batch ahead, and no further."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.destinations.victoriametrics.reading import Reader
from tests.measurements import pages_of

from .bench import half_hours

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from custom_components.med_exporter.destinations.measurements import Energy
    from custom_components.med_exporter.destinations.victoriametrics.rows import Rows


class Series:
    """Some measurements, and how many of them have been read."""

    def __init__(self, count: int) -> None:
        self.values = list(half_hours(count, "one"))
        self.taken = 0
        self.fails_at: int | None = None

    async def __aiter__(self) -> AsyncIterator[list[Energy]]:
        for number, value in enumerate(self.values):
            if number == self.fails_at:
                raise OSError("gone")
            self.taken += 1
            yield [value]
            await asyncio.sleep(0)


async def counted(rows: Rows) -> int:
    """Make something of rows."""
    return len(rows)


async def test_rows_come_in_batches_the_last_one_is_shorter() -> None:
    reader = Reader(aiter(Series(5)), 2, counted)
    assert [len((await reader.next())[0]) for _ in range(4)] == [2, 2, 1, 0]
    await reader.close()


async def test_a_page_may_end_amid_a_batch_and_hold_many() -> None:
    values = list(half_hours(20, "one"))
    reader = Reader(pages_of(values, 7), 5, counted)
    read = [(await reader.next())[0] for _ in range(5)]
    assert [len(rows) for rows in read] == [5, 5, 5, 5, 0]
    assert [one for rows in read for one in rows.measurements] == values
    await reader.close()


async def test_what_comes_next_is_read_while_others_work() -> None:
    series = Series(2000)
    reader = Reader(aiter(series), 600, counted)
    first, made = await reader.next()
    assert made is None
    assert series.taken == 600
    reader.begin()
    assert reader.is_reading
    while series.taken < 1200:  # noqa: ASYNC110
        await asyncio.sleep(0)
    second, made = await reader.next()
    assert made == 600
    assert not reader.is_reading
    assert series.taken == 1200
    assert [*first.measurements, *second.measurements] == list(islice(series.values, 1200))


async def test_what_is_read_ahead_for_nobody_is_dropped() -> None:
    series = Series(2000)
    reader = Reader(aiter(series), 2000, counted)
    reader.begin()
    await asyncio.sleep(0)
    await reader.close()
    assert not reader.is_reading
    assert 0 < series.taken < 2000


async def test_what_fails_ahead_fails_when_it_is_asked_for() -> None:
    series = Series(10)
    series.fails_at = 3
    reader = Reader(aiter(series), 2, counted)
    assert len((await reader.next())[0]) == 2
    reader.begin()
    with pytest.raises(OSError, match="gone"):
        await reader.next()
    assert not reader.is_reading
