"""The ledger's energy where Home Assistant's recorder has no counter of a device.

An entity may be excluded by the recorder's filter, or be disabled: then there are neither states
nor statistics of its counter, or none any more, or none before the first number. And a plug tells
of days before it was added, when there was no entity. For periods, the ledger's quarter-hours
stand in. Raw rows are readings, and the ledger has none: what it knows more than they do is named,
where the recorder could have had it.

The time between two numbers of a counter needs no help: its growth tells.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Self

from .lazy_dataclass import dataclass
from .reading import FROM_LEDGER, FROM_STATISTICS, READING_COLUMNS
from .times import HOUR, QUARTER, floor_to, quarter_of, quarters_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .plug_ledger import PlugLedger
    from .reading import Reading
    from .statistics import Coverage

_TOTAL = READING_COLUMNS.index("energy_total_kwh")
_ENERGY = READING_COLUMNS.index("energy_kwh")
_FILLED_FROM = READING_COLUMNS.index("filled_from")

_ROUNDING = 0.002
"""kWh by which a counter's states and the ledger may differ in a stretch that both know."""


@dataclass(slots=True)
class StandIn:
    """What the ledger tells of a device beside its readings; it fills as they are taken.

    Attributes:
        ledger: of the device.
        is_needed: whether the recorder does not keep the counter now.
        begins: whether it gives rows, and the recorder knows no number before the start.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        gives_rows: whether the energy is given as rows, or only told.
        first: UTC seconds at which the first energy begins that only the ledger knows, None
            without any.
        last: when the last one ends.
        kwh: how much that is.

    """

    ledger: PlugLedger
    is_needed: bool
    begins: bool
    start: float
    end: float
    gives_rows: bool
    first: float | None = None
    last: float | None = None
    kwh: float = 0.0

    @property
    def is_active(self) -> bool:
        """Tell whether rows of the ledger may come, some of them later than their time."""
        return self.ledger.has_energy and (self.is_needed or self.begins)

    def readings(self, found: Iterator[Reading], coverage: Coverage) -> Iterator[Reading]:
        """Return readings, oldest first, and rows of what only the ledger knows.

        Args:
            found: the readings of the device.
            coverage: filled by them as they are taken.

        """
        if not self.is_active:
            return found
        found = self._with_begin(found, coverage)
        return self._with_end(found) if self.is_needed else self._or_all(found)

    def _or_all(self, found: Iterator[Reading]) -> Iterator[Reading]:
        """Yield readings, and all that the ledger knows where none of them tells of energy."""
        is_told = False
        for reading in found:
            is_told |= reading[_TOTAL] is not None or reading[_ENERGY] is not None
            yield reading
        if not is_told:
            yield from self._rows(self.start, self.end)

    def _with_begin(self, found: Iterator[Reading], coverage: Coverage) -> Iterator[Reading]:
        for reading in found:
            if reading[_TOTAL] is None:
                yield reading
                continue
            if reading[_ENERGY] is None or coverage.counter_begins == reading[0]:
                edge = _Edge.of(reading)
                first, found = _until(edge.end, reading, found)
                for one in first:
                    edge.add(one)
                following = next(found, None)
                yield from self._before(edge, following)
                yield from first
                if following is not None:
                    yield following
            else:
                yield reading
            yield from found
            return

    def _with_end(self, found: Iterator[Reading]) -> Iterator[Reading]:
        edge: _Edge | None = None
        known_until = self.start
        for reading in found:
            if reading[_TOTAL] is not None:
                if edge is None or reading[0] >= edge.end:
                    edge = _Edge.of(reading)
                edge.add(reading)
                known_until = reading[1]
            yield reading
        if edge is None:
            yield from self._rows(self.start, self.end)
        elif known_until < self.end:
            yield from self._after(edge, known_until)

    def _before(self, edge: _Edge, following: Reading | None) -> Iterator[Reading]:
        """Yield what was used before the first number of the counter."""
        yield from self._rows(self.start, edge.start)
        if edge.begins:
            since = following[_FILLED_FROM] if following else None
            is_told = since is not None and since < edge.end
            yield from self._rest(edge, max(edge.start, self.start), filled_is_told=is_told)

    def _after(self, edge: _Edge, known_until: float) -> Iterator[Reading]:
        """Yield what was used since the last number of the counter held."""
        if known_until > edge.end:
            # It has held into a later quarter-hour, in which nothing was used before that.
            edge = _Edge(quarter_of(known_until), QUARTER)
        yield from self._rest(edge, min(known_until, self.end))
        yield from self._rows(edge.end, self.end)

    def _rest(
        self, edge: _Edge, moment: float, *, filled_is_told: bool = False
    ) -> Iterator[Reading]:
        """Yield what the ledger knows more of a stretch than the readings in it.

        `filled_is_told`: by a reading that comes after it, with the growth of a gap.
        """
        known = [
            (energy[0] - energy[1], 0.0) if filled_is_told else energy
            for quarter in quarters_between(edge.start, min(edge.end, self.end))
            if (energy := self.ledger.energy(quarter)) is not None
        ]
        kwh = sum(energy for energy, _ in known)
        if known and (rest := kwh - edge.grown) > _ROUNDING:
            filled = min(rest, sum(part for _, part in known))
            yield from self._row(moment, moment, rest, filled)

    def _rows(self, start: float, end: float) -> Iterator[Reading]:
        for quarter in quarters_between(start, end) if start < end else ():
            energy = self.ledger.energy(quarter)
            if energy is not None:
                since, until = max(quarter, start), min(quarter + QUARTER, end)
                share = (until - since) / QUARTER
                yield from self._row(since, until, energy[0] * share, energy[1] * share)

    def _row(self, start: float, end: float, kwh: float, filled: float) -> Iterator[Reading]:
        self.first = start if self.first is None else self.first
        self.last = end
        self.kwh += kwh
        if not self.gives_rows:
            return
        for part, filled_from in ((kwh - filled, None), (filled, start)):
            if part or (not kwh and filled_from is None):
                yield (
                    start, start, FROM_LEDGER, None, None, None, None, part, None,
                    filled_from, None,
                )  # fmt: skip


@dataclass(slots=True)
class _Edge:
    """The stretch of the ledger that holds a number of the counter, and what grew in it then.

    `begins`: whether a part of it may lie before that number.
    """

    start: int
    length: int
    grown: float = 0.0
    begins: bool = False

    @classmethod
    def of(cls, reading: Reading) -> Self:
        """Return the stretch of a reading: of an hour from statistics, the hour."""
        of_hour = reading[2] == FROM_STATISTICS
        length = HOUR if of_hour else QUARTER
        start = floor_to(reading[0], length)
        return cls(start, length, begins=of_hour or reading[0] > start)

    @property
    def end(self) -> int:
        """Return when it ends."""
        return self.start + self.length

    def add(self, reading: Reading) -> None:
        """Count the growth of a reading, as far as it is from this stretch."""
        kwh, since = reading[_ENERGY], reading[_FILLED_FROM]
        if kwh is None:
            return
        if since is not None and since < self.start < reading[0]:
            kwh *= (reading[0] - self.start) / (reading[0] - since)
        self.grown += kwh


def _until(
    moment: float, first: Reading, following: Iterator[Reading]
) -> tuple[list[Reading], Iterator[Reading]]:
    """Return a reading and those before a moment that follow it, and the others."""
    taken = [first]
    for reading in following:
        if reading[0] >= moment:
            return taken, chain([reading], following)
        taken.append(reading)
    return taken, following
