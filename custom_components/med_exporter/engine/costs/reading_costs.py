"""What readings cost: their share of what the ledger's energy cost in the same time.

Money is worked out in one place, from the ledger's energy (`costing.py`): that is what is billed.
The readings of a counter tell the same energy a little differently: the one that comes after
midnight brings what was used before it, a plug's own day counter, from which the ledger filled
days that nobody saw, counts whole watt-hours, and what came before a range is in its first reading.
So each reading has the price of its moment, and what is left of a local day's money is shared out
among the day's readings by their energy. Their costs add up to the ledger's then: by the day, and
in any range.

A day stays open while the counter is not known, since what was used in it comes with a later
reading, and while none of its readings has energy. What was used before the counter is known for
the first time, and after the last time, has no reading; its money is in none.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from ..readings.filling import spread, told_in, used_in, with_amounts
from ..readings.reading import CARRIED, FROM_LEDGER, READING_COLUMNS
from ..times import QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..readings.reading import Reading
    from .plug_ledger import PlugLedger

_ENERGY = READING_COLUMNS.index("energy_kwh")
_TOTAL = READING_COLUMNS.index("energy_total_kwh")
_FILLED_FROM = READING_COLUMNS.index("filled_from")
_MOST_HELD = 1024
"""Readings of an open day that are in memory; of more, the earlier ones keep their price."""
_NOTHING = 1e-9


class _Held(NamedTuple):
    """A reading of an open day, its cost at the price of its moment, and the kWh that count."""

    reading: Reading
    cost: float | None
    kwh: float


def with_costs(
    readings: Iterable[Reading], ledger: PlugLedger, start: float, end: float
) -> Iterator[Reading]:
    """Return readings with their costs.

    Args:
        readings: of one device in a range: all of them, oldest first.
        ledger: of the same device.
        start: UTC seconds, included.
        end: UTC seconds, not included.

    """
    return chain.from_iterable(_Bill(ledger, start, end).shares(readings))


class _Bill:
    """The money of a device, shared out day by day."""

    def __init__(self, ledger: PlugLedger, start: float, end: float) -> None:
        self._ledger = ledger
        self._start = start
        self._end = end
        self._midnights = ledger.midnights(start, end)
        # From when on nothing is shared out yet, and until when the counter is known.
        self._since: float | None = None
        self._known_until = start
        self._held: list[_Held] = []
        self._let_go = 0.0

    def shares(self, readings: Iterable[Reading]) -> Iterator[Iterable[Reading]]:
        for reading in readings:
            if reading[_TOTAL] is not None or reading[_ENERGY] is not None:
                if (midnight := self._ended_before(reading)) is not None:
                    yield self._close(midnight)
                self._cover(reading)
            self._held.append(self._priced(reading))
            if len(self._held) > _MOST_HELD:
                yield self._without_share(_MOST_HELD // 2)
        if self._since is not None:
            yield self._close(min(self._known_until, self._end), is_last=True)
        yield self._without_share(len(self._held))

    def _ended_before(self, reading: Reading) -> float | None:
        """Return the midnight at which what is open ends by a reading, None where it goes on."""
        if reading[_ENERGY] is None or self._since is None:
            return None
        begin = reading[0] if reading[_FILLED_FROM] is None else reading[_FILLED_FROM]
        place = bisect_right(self._midnights, begin) - 1  # type: ignore[type-var]
        midnight = self._midnights[place] if place >= 0 else self._start
        return midnight if midnight > self._since else None

    def _cover(self, reading: Reading) -> None:
        """Note of which time readings tell the energy."""
        if self._since is None:
            first = reading[0] if reading[_ENERGY] is None else reading[_FILLED_FROM]
            is_whole = first is None or reading[2] == FROM_LEDGER
            self._since = self._start if is_whole else max(first or 0.0, self._start)
        until = reading[0] + QUARTER if reading[2] == FROM_LEDGER else reading[1]
        self._known_until = max(self._known_until, until)

    def _priced(self, reading: Reading) -> _Held:
        """Return a reading with what it costs at the price of its moment, or moments."""
        kwh, ledger = reading[_ENERGY], self._ledger
        if kwh is None:
            return _Held(reading, None, 0.0)
        if (time := used_in(reading)) is None:
            cost = ledger.cost(kwh, reading[0], is_timed=reading[2] != FROM_LEDGER)
            return _Held(reading, cost, max(kwh, 0.0))
        is_filled = reading[_FILLED_FROM] is not None
        if is_filled and time[0] <= self._start:
            # A part of it is from before the range: what the ledger has inside is what counts.
            kwh = told_in(ledger, *time) or kwh
        parts = [
            (cost, part)
            for begin, _, part in spread(ledger, *time, kwh)
            if (cost := ledger.cost(part, begin, is_timed=not is_filled)) is not None
        ]
        if not parts:
            return _Held(reading, None, 0.0)
        return _Held(reading, sum(cost for cost, _ in parts), max(kwh, 0.0))

    def _close(self, until: float, *, is_last: bool = False) -> list[Reading]:
        """Share out what the energy up to a moment cost, among the readings from before it."""
        since = self._since
        count = len(self._held)
        while count and self._held[count - 1].reading[0] >= until:
            count -= 1
        own = [(place, one) for place, one in enumerate(self._held[:count]) if one.cost is not None]
        given = self._let_go + sum(one.cost or 0.0 for _, one in own)
        rest = 0.0 if since is None else self._ledger.billed(since, until) - given
        kwh = sum(one.kwh for _, one in own)
        if not kwh and abs(rest) > _NOTHING:
            if not is_last:
                return []
            # What was in force when the range began is no reading of it.
            made = [both for both in own if both[1].reading[2] != CARRIED]
            if made:
                place, one = made[-1]
                self._held[place] = one._replace(cost=(one.cost or 0.0) + rest)
        elif kwh:
            for place, one in own:
                share = rest * one.kwh / kwh
                self._held[place] = one._replace(cost=(one.cost or 0.0) + share)
        self._since = until
        shared = self._without_share(count)
        self._let_go = 0.0
        return shared

    def _without_share(self, count: int) -> list[Reading]:
        """Let the first readings go as they are."""
        going, self._held = self._held[:count], self._held[count:]
        self._let_go += sum(one.cost or 0.0 for one in going)
        return [
            one.reading
            if one.cost is None
            else with_amounts(
                one.reading, one.reading[_ENERGY], one.reading[_FILLED_FROM], one.cost
            )
            for one in going
        ]
