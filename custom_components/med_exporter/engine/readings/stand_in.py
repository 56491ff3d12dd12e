"""The ledger's energy where Home Assistant's recorder has no counter of a device.

An entity may be excluded by the recorder's filter, or be disabled: then there are neither states
nor statistics of its counter, or none any more, or none before the first number. And a plug tells
of days before it was added, when there was no entity. For periods, the ledger's quarter-hours
stand in. Raw rows are readings, and the ledger has none: what it knows more than they do is named,
where the recorder could have had it.

The time between two numbers of a counter needs no help: its growth tells. So it does of the edges:
what the ledger has of the time up to a moment, less what the counter has grown by then, is what was
used before its first number, and what it has not shown yet. The least of that over a day in which
it was read is what only the ledger knows of the time before, whatever it has guessed of any
quarter-hour; what is left in the end is what it knows of the time after. Where nobody has read the
counter for a while, it has not shown that yet at any quarter-hour's end in between: so such a while
is no part of that day, and of one that goes on at the end of the range its row (`edges.py`) shows
what was used inside.
"""

from __future__ import annotations

from collections import deque
from dataclasses import field
from typing import TYPE_CHECKING

from ..lazy_dataclass import dataclass
from ..times import HOUR, QUARTER, UTC_DAY, floor_to, quarter_of, quarters_between
from .reading import FROM_LEDGER, FROM_STATISTICS, READING_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..costs.plug_ledger import PlugLedger
    from ..recorder.statistics import Coverage
    from .reading import Reading

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
        is_now: whether the end is the present: all that has been counted was used before it.
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
    is_now: bool = False
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
        return self._beside(found, coverage) if self.is_active else found

    def _beside(self, found: Iterator[Reading], coverage: Coverage) -> Iterator[Reading]:
        balance: _Balance | None = None
        begins = is_told = False
        known_until = self.start
        for reading in found:
            is_told |= reading[_TOTAL] is not None or reading[_ENERGY] is not None
            if reading[_TOTAL] is not None:
                if balance is None:
                    begins = reading[_ENERGY] is None or coverage.counter_begins == reading[0]
                    balance = _Balance.of(reading, self.ledger)
                    if begins:
                        yield from self._rows(self.start, balance.start)
                balance.take(reading)
                # How long the last number of an hour held, statistics do not say.
                known_until = reading[0] if reading[2] == FROM_STATISTICS else reading[1]
            elif balance is not None and reading[_ENERGY] is not None:
                # What lies inside of a gap that goes on.
                balance.take(reading)
            yield reading
        if balance is None:
            if self.is_needed or not is_told:
                yield from self._rows(self.start, self.end)
            return
        if begins and balance.begins:
            before = balance.before * self._share_before(balance)
            yield from self._rest(balance.start, balance.begun - balance.start, before)
        if self.is_needed and known_until < self.end:
            yield from self._after(balance, known_until)

    def _share_before(self, balance: _Balance) -> float:
        """Return how much of what only the ledger knows of the first stretch the range has.

        Where the range ends inside it, some of that was used later: by time, what was not read.
        """
        after = balance.begun - self.end
        before = balance.first_at - balance.start
        if after <= 0 or before <= 0 or self.is_now:
            return 1.0
        return before / (before + after)

    def _after(self, balance: _Balance, known_until: float) -> Iterator[Reading]:
        """Yield what was used since the last number of the counter held."""
        start, length = balance.last, balance.length
        if known_until >= start + length:
            # It has held into a later quarter-hour, in which nothing was used before that.
            start, length = quarter_of(known_until), QUARTER
        rest = balance.left(start + length)
        yield from self._rest(start, length, rest, min(max(known_until, start), self.end))
        yield from self._rows(start + length, self.end)

    def _rest(
        self, start: int, length: int, rest: float, moment: float | None = None
    ) -> Iterator[Reading]:
        """Yield what only the ledger knows of a stretch in which the counter has a number."""
        known = [
            energy
            for quarter in quarters_between(start, min(start + length, self.end))
            if (energy := self.ledger.energy(quarter)) is not None
        ]
        rest = min(rest, sum(kwh for kwh, _ in known))
        if rest > _ROUNDING:
            moment = max(start, self.start) if moment is None else moment
            filled = min(rest, sum(part for _, part in known))
            yield from self._row(moment, moment, rest, filled)

    def _rows(self, start: float, end: float) -> Iterator[Reading]:
        for quarter in quarters_between(start, end) if start < end else ():
            energy = self.ledger.energy(quarter)
            if energy is not None:
                since, until = max(quarter, start), min(quarter + QUARTER, end)
                lasted = self.end - quarter if self.is_now and until == self.end else QUARTER
                share = (until - since) / lasted
                yield from self._row(since, until, energy[0] * share, energy[1] * share)

    def _row(self, start: float, end: float, kwh: float, filled: float) -> Iterator[Reading]:
        self.first = start if self.first is None else min(start, self.first)
        self.last = end if self.last is None else max(end, self.last)
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
class _Balance:
    """What the ledger has of a counter's time, less what it has grown by.

    `start` is where the stretch of the ledger begins that holds its first number, `last` the same
    of its last number, `length` how long that is: a quarter-hour, of statistics an hour. `begins`:
    whether a part of the first, which ends at `begun`, may lie before the number. `kwh` is the
    balance at `until`, `first_at` when the first number came. `day_until` is when the day is over
    over which the least of it counts.
    """

    ledger: PlugLedger
    start: int
    length: int
    begins: bool
    last: int
    until: int
    begun: int
    first_at: float
    day_until: float
    kwh: float = 0.0
    _first: float | None = None
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=UTC_DAY // QUARTER))

    @classmethod
    def of(cls, reading: Reading, ledger: PlugLedger) -> _Balance:
        """Begin with the first number of a counter."""
        length = _length(reading)
        start = floor_to(reading[0], length)
        begins = reading[2] == FROM_STATISTICS or reading[0] > start
        return cls(
            ledger, start, length, begins, start, start,
            begun=start + length, first_at=reading[0], day_until=start + UTC_DAY,
        )  # fmt: skip

    def take(self, reading: Reading) -> None:
        """Count a reading with a number or a gap's: by then it is shown what it has grown."""
        self.length = _length(reading)
        is_first = reading[0] < self.begun and not self._recent
        self.last = floor_to(reading[0], self.length)
        kwh, since = reading[_ENERGY], reading[_FILLED_FROM]
        if since is not None and since <= self.day_until:
            self.day_until += max(reading[0] - max(since, self.start), 0.0)
        self._reach(self.last + self.length - QUARTER if self.length > QUARTER else self.last)
        if kwh is None:
            return
        if is_first and since is not None and since < self.start < reading[0]:
            # The rest of the gap lies before all that is balanced.
            kwh *= (reading[0] - self.start) / (reading[0] - since)
        self.kwh -= kwh

    @property
    def before(self) -> float:
        """Return the kWh that were used before the first number; all numbers have been taken."""
        self._reach(self.last + self.length)
        return max(0.0, self._first or 0.0)

    def left(self, end: int) -> float:
        """Return the kWh that were used after the last number, in the stretches until `end`."""
        least = min(self._recent, default=0.0)
        self._reach(end)
        return max(0.0, self.kwh - least)

    def _reach(self, moment: int) -> None:
        while self.until < moment:
            energy = self.ledger.energy(self.until)
            self.kwh += 0.0 if energy is None else energy[0]
            self.until += QUARTER
            if self.until < self.begun:
                continue
            self._recent.append(self.kwh)
            if self.until <= self.day_until:
                self._first = self.kwh if self._first is None else min(self._first, self.kwh)


def _length(reading: Reading) -> int:
    return HOUR if reading[2] == FROM_STATISTICS else QUARTER
