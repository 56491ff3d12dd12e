"""Spread energy that nobody saw being used over the time it came from."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ..engine.times import HOUR, QUARTER, ceil_to, days_between, quarter_of, quarters_between

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date, tzinfo

type Quarters = dict[int, int]
"""Energy in mWh by the quarter-hour it belongs to, named by the UTC second at which it begins."""

type Stretch = tuple[float, float]
"""A range [start, end) in UTC seconds."""


class Hour(NamedTuple):
    """What a plug counted in an hour, in mWh, and where the whole of it begins, in UTC seconds.

    It lasts an hour too; None where it is the hour itself.
    """

    mwh: int
    whole: int | None = None

    def whole_within(self, stretch: Stretch) -> Stretch | None:
        """Return the whole as far as it lies in a stretch, None where it is the hour itself."""
        if self.whole is None:
            return None
        return max(self.whole, stretch[0]), min(self.whole + HOUR, stretch[1])


class Spread(NamedTuple):
    """Energy that was spread, and the quarter-hours that share a whole with the one before.

    How much of a whole each of its quarter-hours had is a guess; what they have together is known.
    """

    quarters: Quarters
    joined: set[int]

    def take(self, mwh: int, stretches: Sequence[Stretch], whole: Stretch | None = None) -> None:
        """Spread an energy evenly over some stretches, which then share a whole.

        So does what lies between them: an edge there splits the whole, too. Another `whole` lies
        beside them.
        """
        add(self.quarters, spread(mwh, stretches))
        # How nothing is shared out is no guess.
        if mwh:
            start, end = whole or (stretches[0][0], stretches[-1][1])
            quarters = quarters_between(start, end)
            self.joined.update(quarters[1:] if quarters and quarters[0] <= start else quarters)


def begin_of_whole(moment: float, joined: Collection[int], filled: Collection[int]) -> int | None:
    """Return when the whole begins that was spread up to a moment; None where none was.

    Args:
        moment: UTC seconds.
        joined: the quarter-hours that share a whole with the one before.
        filled: those that have energy that was spread.

    """
    quarter = ceil_to(moment, QUARTER) - QUARTER
    while quarter in joined:
        quarter -= QUARTER
    return quarter if quarter in filled else None


def spread(mwh: int, stretches: Sequence[Stretch]) -> Quarters:
    """Spread an energy evenly over the time of some stretches.

    The parts are whole mWh, none is negative, and they add up exactly. Quarter-hours that get
    nothing are in the result too.

    Args:
        mwh: the energy, at least 0.
        stretches: where it goes, ascending, together longer than nothing.

    """
    length = sum(end - start for start, end in stretches)
    if len(stretches) == 1 and not (stretches[0][0] % QUARTER or stretches[0][1] % QUARTER):
        return _spread_evenly(mwh, int(stretches[0][0]), int(stretches[0][1]))
    quarters: Quarters = {}
    # Differences of moments, and their sums, are exact: in the end `passed` is `length`.
    passed, given = 0.0, 0
    for start, end in stretches:
        since = start
        while since < end:
            quarter = quarter_of(since)
            until = min(end, quarter + QUARTER)
            passed += until - since
            due = min(mwh, round(mwh * passed / length))
            quarters[quarter] = quarters.get(quarter, 0) + due - given
            given, since = due, until
    return quarters


def _spread_evenly(mwh: int, start: int, end: int) -> Quarters:
    """Spread an energy over whole quarter-hours, as the days of a past are: hundreds at once."""
    starts = range(start, end, QUARTER)
    each, rest = divmod(mwh, len(starts))
    parts = [each + more for more in _rests(rest, len(starts))]
    return dict(zip(starts, parts, strict=True))


@lru_cache(128)
def _rests(rest: int, count: int) -> list[int]:
    """Return how a rest that is less than what there are of places is spread over these."""
    due = [rest * place // count for place in range(count + 1)]
    return [after - before for before, after in pairwise(due)]


def spread_by_hours(
    mwh: int,
    stretch: Stretch,
    hours: Mapping[int, Hour],
    known: Callable[[float, float], int],
) -> tuple[Spread, list[Stretch]]:
    """Spread an energy over a stretch, as far as known by what the plug counted each hour.

    What the plug counted in an hour, less what is known of it already, is what the stretch used in
    its part of the hour. What is more than there is, is taken off the last of them; they share what
    nothing else is left for.

    Args:
        mwh: the energy of the whole stretch, at least 0.
        stretch: where it was used.
        hours: what the plug counted, by the UTC second at which an hour begins.
        known: returns the energy of a range that is known from elsewhere, in mWh.

    Returns:
        What was spread, and the parts of the stretch of which the plug tells no hours.

    """
    start, end = stretch
    told: list[_Told] = []
    left: list[Stretch] = []
    reached = start
    for hour, counted in sorted(hours.items()):
        place = (max(hour, reached), min(hour + HOUR, end))
        if place[0] >= place[1]:
            continue
        if reached < place[0]:
            left.append((reached, place[0]))
        more = max(0, counted.mwh - known(hour, hour + HOUR))
        told.append(_Told(more, [place], counted.whole_within(stretch)))
        reached = place[1]
    if reached < end:
        left.append((reached, end))
    total = sum(one.mwh for one in told)
    if not left and not total:
        return Spread({}, set()), [stretch]
    return _shared(min(mwh, total) if left else mwh, told), left


def spread_by_days(
    mwh: int,
    stretches: Sequence[Stretch],
    zone: tzinfo,
    days: Mapping[date, int],
    known: Callable[[date], int],
) -> Spread:
    """Spread an energy over some time, as far as known by what the plug counted each day.

    What the plug counted on a day, less what is known of that day already, is what was used in
    those parts of the day. Days of which the plug tells nothing share the rest evenly. The
    parts add up to the energy exactly: what the plug tells too much is taken off the last day, what
    it tells too little is shared out by what it tells.

    Args:
        mwh: the energy of all stretches, at least 0.
        stretches: where it was used, ascending.
        zone: the time zone of the days.
        days: what the plug counted per day of that zone, in mWh.
        known: returns the energy of a day that is known from elsewhere, in mWh.

    """
    places: dict[date, list[Stretch]] = {}
    untold: list[Stretch] = []
    for stretch in stretches:
        for day, start, end in days_between(*stretch, zone):
            (places.setdefault(day, []) if day in days else untold).append((start, end))
    told = [_Told(max(0, days[day] - known(day)), parts) for day, parts in places.items()]
    total = sum(one.mwh for one in told)
    if not total and not untold:
        told = [_Told(1, list(stretches))]
    found = _shared(min(mwh, total) if untold else mwh, told)
    if untold:
        found.take(max(0, mwh - total), untold)
    return found


class _Told(NamedTuple):
    """What was told of some places, in mWh, and the whole that lies beside them."""

    mwh: int
    places: list[Stretch]
    whole: Stretch | None = None


def _shared(mwh: int, told: Sequence[_Told]) -> Spread:
    """Spread an energy over places, ascending, by what was told of each.

    What is told beyond the energy was used after it: a plug answers a moment later than the
    reading that is believed. Where there is more energy than was told, all have their share of it.
    """
    found = Spread({}, set())
    total = sum(one.mwh for one in told)
    counted, given = 0, 0
    for part, places, whole in told:
        counted += part
        due = counted if mwh < total else mwh * counted // total if total else 0
        due = min(due, mwh)
        found.take(due - given, places, whole)
        given = due
    return found


def add(to: Quarters, more: Mapping[int, int]) -> None:
    """Add energies to quarter-hours."""
    if to.keys().isdisjoint(more):
        # As a day of a past is from those before.
        to.update(more)
        return
    for quarter, mwh in more.items():
        to[quarter] = to.get(quarter, 0) + mwh


def without(stretch: Stretch, quarters: Iterable[int]) -> list[Stretch]:
    """Return what is left of a stretch when whole quarter-hours (ascending) are cut out of it."""
    start, end = stretch
    left: list[Stretch] = []
    for quarter in quarters:
        if quarter > start:
            left.append((start, min(end, quarter)))
        start = max(start, quarter + QUARTER)
        if start >= end:
            return left
    return [*left, (start, end)] if start < end else left
