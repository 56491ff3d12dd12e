"""Spread energy that nobody saw being used over the time it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine.times import QUARTER, days_between, quarter_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

type Quarters = dict[int, int]
"""Energy in mWh by the quarter-hour it belongs to, named by the UTC second at which it begins."""

type Stretch = tuple[float, float]
"""A range [start, end) in UTC seconds."""


def spread(mwh: int, stretches: Sequence[Stretch]) -> Quarters:
    """Spread an energy evenly over the time of some stretches.

    The parts are whole mWh, none is negative, and they add up exactly. Quarter-hours that get
    nothing are in the result too.

    Args:
        mwh: the energy, at least 0.
        stretches: where it goes, ascending, together longer than nothing.

    """
    length = sum(end - start for start, end in stretches)
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


def spread_by_days(
    mwh: int,
    stretch: Stretch,
    zone: ZoneInfo,
    days: Mapping[date, int],
    known: Callable[[date], int],
) -> Quarters:
    """Spread an energy over a stretch, as far as known by what the plug counted each day.

    What the plug counted on a day, less what is known of that day already, is what the stretch
    used in its part of the day. Days of which the plug tells nothing share the rest evenly. The
    parts add up to the energy exactly: what the plug tells is scaled where it does not fit.

    Args:
        mwh: the energy of the whole stretch, at least 0.
        stretch: where it was used.
        zone: the time zone of the days.
        days: what the plug counted per local day, in mWh.
        known: returns the energy of a day that is known from elsewhere, in mWh.

    """
    told: list[tuple[int, Stretch]] = []
    untold: list[Stretch] = []
    for day, start, end in days_between(*stretch, zone):
        if day in days:
            told.append((max(0, days[day] - known(day)), (start, end)))
        else:
            untold.append((start, end))
    total = sum(part for part, _ in told)
    if not total and not untold:
        return spread(mwh, [stretch])
    quarters: Quarters = {}
    if untold:
        add(quarters, spread(max(0, mwh - total), untold))
    whole = min(mwh, total) if untold else mwh
    counted, given = 0, 0
    for part, place in told:
        counted += part
        due = whole * counted // total if total else 0
        add(quarters, spread(due - given, [place]))
        given = due
    return quarters


def add(to: Quarters, more: Mapping[int, int]) -> None:
    """Add energies to quarter-hours."""
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
