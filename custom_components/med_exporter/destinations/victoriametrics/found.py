"""What a VictoriaMetrics server shows of our series, compared with what it should have."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ..databases.series import MILLIONTHS
from .rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .rows import Labels, Row

    type Samples = tuple[Sequence[int], Sequence[float | None]]

# The server gives numbers back to the last digit, unless it was told to keep fewer bits.
EXACT: Final = 1e-9
_ABSOLUTE: Final = 1 / MILLIONTHS / 2


def is_same(number: float, other: float, relative: float) -> bool:
    """Return whether two numbers differ by no more than what a server keeps of them.

    `relative` is by what part of it a number may differ and be the same.
    """
    return math.isclose(number, other, rel_tol=relative, abs_tol=_ABSOLUTE)


class Found:
    """What a series holds at some moments; an answer may repeat a sample.

    What was written is mostly there as it was written. So moments and numbers are first compared
    as a whole, and looked up one by one only where they differ.

    Attributes:
        read: how many samples there were in the answer, of other series and moments too.

    """

    def __init__(
        self, samples: Iterable[Samples] = (), *, read: int = 0, relative: float = EXACT
    ) -> None:
        self.read = read
        self._relative = relative
        self._compared: tuple[Rows, bool] | None = None
        self._stamps: list[int] = []
        self._numbers: list[float | None] = []
        for stamps, numbers in samples:
            self._stamps += stamps
            self._numbers += numbers

    @cached_property
    def _values(self) -> dict[int, list[float]]:
        values: dict[int, list[float]] = {}
        for stamp, number in zip(self._stamps, self._numbers, strict=True):
            if isinstance(number, (int, float)):
                values.setdefault(stamp, []).append(number)
        return values

    def lacks(self, rows: Rows) -> Rows:
        """Return the rows at whose moment there is no value."""
        if not self._stamps or not rows:
            return rows
        if self._is_exactly(rows):
            return rows[:0]
        return Rows.of([row for row in rows if not self.has(row)])

    def differs(self, rows: Rows) -> set[int]:
        """Return the moments of rows that do not agree."""
        if not rows or self._is_exactly(rows):
            return set()
        return {row.stamp for row in rows if not self.agrees(row)}

    def newest_of(self, rows: Rows) -> Row | None:
        """Return the last of some rows at whose moment there is a value."""
        if self._is_exactly(rows):
            return rows[-1]
        return next(filter(self.has, reversed(rows)), None)

    def has(self, row: Row) -> bool:
        """Return whether there is any value at a row's moment."""
        return bool(self._values.get(row.stamp))

    def count(self, row: Row) -> int:
        """Return how many samples of a row's value there are at its moment."""
        values = self._values.get(row.stamp, ())
        return sum(is_same(value, row.value, self._relative) for value in values)

    def agrees(self, row: Row) -> bool:
        """Return whether a row's value is there, and no other at its moment."""
        return self.has(row) and self.count(row) == len(self._values[row.stamp])

    def _is_exactly(self, rows: Rows) -> bool:
        if self._compared is None or self._compared[0] is not rows:
            is_same = self._stamps == rows.stamps and self._numbers == rows.values
            self._compared = rows, is_same
        return self._compared[1]


class Reading:
    """What a server shows of all series that were asked for, at the moments of some rows.

    `relative` is by what part of it a number may differ and be the same.
    """

    def __init__(self, rows: Rows, *, relative: float = EXACT) -> None:
        self._relative = relative
        self._rows = rows
        self._read = 0
        self._series: dict[Labels, list[Samples]] = {}

    def add(self, line: Mapping[str, Any]) -> None:
        """Take note of a line of `/api/v1/export`."""
        self._read += len(line["timestamps"])
        if self._has_one_of(line["timestamps"]):
            samples = self._series.setdefault(frozenset(line["metric"].items()), [])
            samples.append((line["timestamps"], line["values"]))

    def _has_one_of(self, stamps: Sequence[int]) -> bool:
        if not stamps:
            return False
        # Mostly it is the first one of them; a set of all takes longer to make than all the rest.
        place = bisect_left(self._rows.stamps, stamps[0])
        if self._rows.stamps[place : place + 1] == [stamps[0]]:
            return True
        return not self._moments.isdisjoint(stamps)

    @cached_property
    def _moments(self) -> set[int]:
        return set(self._rows.stamps)

    def at(self, places: Iterable[Labels]) -> Found:
        """Return what the series that have exactly these labels have together."""
        samples = (one for place in places for one in self._series.get(place, ()))
        return Found(samples, read=self._read, relative=self._relative)

    def places(self) -> set[Labels]:
        """Return the labels of all series that have a sample at one of the moments."""
        return set(self._series)
