"""The first rows of a file of periods, made in their order and of no more readings than they need.

A file has the rows of a period one device after the other, then those of the next period. So the
rows of a preview are the first few of these cells, and of each device only the readings behind its
cells are taken. Where periods are long and readings many, fewer rows are shown than are wanted.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from ...reading import READING_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...reading import Reading
    from ...spool import Spool

_ENERGY = READING_COLUMNS.index("energy_kwh")
_TOTAL = READING_COLUMNS.index("energy_total_kwh")

_MOST_READINGS = 12_000
"""Readings after which no further row is begun."""


class Line(NamedTuple):
    """The readings of one device, and how long to wait for its counter.

    Attributes:
        readings: as `filling.spread_over_periods` gives them.
        counter_until: UTC seconds of the last number that the counter is known to have; energy
            from before it may still come when readings tell of none.

    """

    readings: Iterator[Reading]
    counter_until: float


def add_first_rows(spool: Spool, lines: Iterator[Line], limit: int) -> bool:
    """Put the first rows into the spool, at least one, and tell whether there are no others.

    Args:
        spool: for periods, empty.
        lines: of each device in their order; asked for one when its first row is looked for.
        limit: number of rows, at least 1.

    """
    edges = spool.edges
    opened: list[_Line] = []
    rows = period = 0
    while period < len(edges) - 1:
        for place, line in enumerate(_all(opened, lines, edges)):
            taken = sum(one.taken for one in opened)
            if rows >= limit or (rows and taken * (rows + 1) / rows > _MOST_READINGS):
                return False
            if line.reaches(period):
                rows += spool.add({place: line.of_period(period)}, period)
        following = min((line.next_moment() for line in opened), default=math.inf)
        if following == math.inf:
            return True
        period += 1
        while period < len(edges) - 1 and edges[period + 1] <= following:
            period += 1
    return True


def _all(opened: list[_Line], others: Iterator[Line], edges: Sequence[float]) -> Iterator[_Line]:
    """Yield those that are opened, and then the others, each when it is asked for."""
    yield from opened
    for line in others:
        opened.append(_Line(line, edges))
        yield opened[-1]


class _Line:
    """The readings of one device, taken period by period."""

    def __init__(self, line: Line, edges: Sequence[float]) -> None:
        self._readings = line.readings
        self._counter_until = line.counter_until
        self._edges = edges
        # What reaches beyond the last period that was asked for, and what lies beyond it.
        self._kept: list[Reading] = []
        self._next = next(self._readings, None)
        self.taken = 0

    def next_moment(self) -> float:
        """Return from when on there may be rows: any time, a moment, or infinity for no row."""
        if self._kept:
            return -math.inf
        return math.inf if self._next is None else self._next[0]

    def reaches(self, period: int) -> bool:
        """Tell whether any reading may reach into a period."""
        return self.next_moment() < self._edges[period + 1]

    def of_period(self, period: int) -> Iterator[Reading]:
        """Yield all readings that reach into a period; the periods before it must be done."""
        start, end = self._edges[period], self._edges[period + 1]
        kept, self._kept = self._kept, []
        for reading in chain(kept, self._until(end)):
            if reading[0] >= end or reading[1] > end:
                self._kept.append(reading)
            if reading[0] < end and (reading[0] >= start or reading[1] > start):
                yield reading

    def _until(self, end: float) -> Iterator[Reading]:
        """Yield readings until all that belongs before a moment has come.

        While the counter is not known, energy of that time may still come: a gap's parts are
        yielded when it ends.
        """
        while (reading := self._next) is not None:
            if reading[0] >= end and (
                reading[_ENERGY] is not None
                or reading[_TOTAL] is not None
                or reading[0] > self._counter_until
            ):
                return
            self._next = next(self._readings, None)
            self.taken += 1
            yield reading
