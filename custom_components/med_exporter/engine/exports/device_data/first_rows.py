"""The first rows of a file of periods, made in their order and of no more readings than they need.

A file has the rows of a period one device after the other, then those of the next period. So the
rows of a preview are the first few of these cells, and of each device only the readings behind its
cells are taken. Where periods are long and readings many, fewer rows are shown than are wanted, and
where one period has too many of them for its row (`allowance.py`), none.
"""

from __future__ import annotations

import math
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from ...readings.reading import READING_COLUMNS
from .allowance import MOST_READINGS, TooManyReadingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...readings.reading import Reading
    from ...rows.spool import Spool

_ENERGY = READING_COLUMNS.index("energy_kwh")
_TOTAL = READING_COLUMNS.index("energy_total_kwh")

_MOMENT, _UNTIL = (itemgetter(READING_COLUMNS.index(name)) for name in ("timestamp", "until"))

_AT_ONCE = 32
"""Readings that are looked at together: nearly all belong to one period."""


class Line(NamedTuple):
    """The readings of one device, and how long to wait for its counter.

    Attributes:
        readings: as `filling.spread_over_periods` gives them.
        counter_until: UTC seconds of the last number that the counter is known to have; energy
            from before it may still come when readings tell of none.
        reach: UTC seconds up to which the readings are few enough for a row; infinity for all.

    """

    readings: Iterator[Reading]
    counter_until: float
    reach: float


class Part(NamedTuple):
    """What rows that are not all are made of.

    Attributes:
        until: when the period of the last one ends, in UTC seconds.
        devices: how many there are any of, the first ones.

    """

    until: float
    devices: int


def add_first_rows(spool: Spool, lines: Iterator[Line], limit: int) -> Part | None:
    """Put the first rows into the spool, at least one.

    Args:
        spool: for periods, empty.
        lines: of each device in their order; asked for one when its first row is looked for.
        limit: number of rows, at least 1.

    Returns:
        What they are made of; None where there are no others.

    Raises:
        TooManyReadingsError: the first row has too many readings.

    """
    edges = spool.edges
    opened: list[_Line] = []
    rows = period = 0
    shown = Part(edges[0], 0)
    while period < len(edges) - 1:
        for place, line in enumerate(_all(opened, lines, edges)):
            taken = sum(one.taken for one in opened)
            if rows >= limit or (rows and taken * (rows + 1) / rows > MOST_READINGS):
                return shown
            if not line.reaches(period):
                continue
            if line.reach < edges[period + 1]:
                if rows:
                    return shown
                raise TooManyReadingsError(line.reach)
            if added := spool.add({place: line.of_period(period)}, period):
                rows += added
                shown = Part(edges[period + 1], max(shown.devices, place + 1))
        following = min((line.next_moment() for line in opened), default=math.inf)
        if following == math.inf:
            return None
        period += 1
        while period < len(edges) - 1 and edges[period + 1] <= following:
            period += 1
    return None


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
        self.reach = line.reach
        self._edges = edges
        # What reaches beyond the last period that was asked for, and what lies beyond it.
        self._kept: list[Reading] = []
        self._next = self._some()
        self.taken = 0

    def next_moment(self) -> float:
        """Return from when on there may be rows: any time, a moment, or infinity for no row."""
        if self._kept:
            return -math.inf
        if not self._next:
            return math.inf
        # Until the counter is known, energy of any time before may still come.
        return self._next[0][0] if self._tells(self._next[0]) else -math.inf

    def reaches(self, period: int) -> bool:
        """Tell whether any reading may reach into a period."""
        return self.next_moment() < self._edges[period + 1]

    def of_period(self, period: int) -> Iterator[Reading]:
        """Return all readings that reach into a period; the periods before it must be done."""
        return chain.from_iterable(self._reaching(self._edges[period], self._edges[period + 1]))

    def _reaching(self, start: float, end: float) -> Iterator[list[Reading]]:
        kept, self._kept = self._kept, []
        for some in chain((kept,), self._until(end)):
            if not some or (min(map(_MOMENT, some)) >= start and max(map(_UNTIL, some)) <= end):
                yield some
                continue
            self._kept += (one for one in some if one[0] >= end or one[1] > end)
            yield [one for one in some if one[0] < end and (one[0] >= start or one[1] > start)]

    def _until(self, end: float) -> Iterator[list[Reading]]:
        """Yield readings until all that belongs before a moment has come.

        While the counter is not known, energy of that time may still come: a gap's parts are
        yielded when it ends.
        """
        while some := self._next:
            count = len(some)
            if max(map(_MOMENT, some)) >= end:
                count = next((n for n, one in enumerate(some) if self._ends(one, end)), count)
            self.taken += count
            self._next = some[count:] or self._some()
            yield some[:count]
            if count < len(some):
                return

    def _ends(self, reading: Reading, end: float) -> bool:
        """Tell whether nothing more comes that belongs before a moment."""
        return reading[0] >= end and self._tells(reading)

    def _tells(self, reading: Reading) -> bool:
        """Tell whether a reading knows the counter, or comes when it is not known any more."""
        return (
            reading[_ENERGY] is not None
            or reading[_TOTAL] is not None
            or reading[0] > self._counter_until
        )

    def _some(self) -> list[Reading]:
        return list(islice(self._readings, _AT_ONCE))
