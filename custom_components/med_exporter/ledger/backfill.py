"""What a plug's own hours, days and months tell of the time before it was read."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ..engine.times import (
    HOUR,
    QUARTER,
    UTC_DAY,
    day_bounds,
    day_of,
    day_start,
    quarter_of,
    quarters_between,
)
from .spreading import Spread, without

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from .spreading import Hour, Stretch

KEPT_DAYS: Final = 400

# A plug cuts each day and month down to a watt-hour: what is less than one is no energy.
_ROUNDING_MWH = 1000


def by_hours(
    hours: Mapping[int, Hour],
    stretch: tuple[float | None, float],
    held: Mapping[int, int],
    told_at: float,
    cut: int | None = None,
) -> Spread:
    """Return what a plug's own hours bring to a stretch, each spread evenly over its quarter-hours.

    An hour's energy, less what is known of it, goes to those of its quarter-hours that nothing is
    known of. Nothing goes further back than 400 days.

    Args:
        hours: what the plug counted per hour, by the UTC second at which it begins.
        stretch: as for `backfill`; an hour that goes on after it has its share by time. None that
            begins before it counts.
        held: what is known of the plug already, in mWh by quarter-hour.
        told_at: the UTC second at which the plug told them: the running hour is as of then.
        cut: the UTC second, on a quarter-hour, before which the hours are booked by others: of one
            that goes on over it, the rest is brought.

    """
    since, until = stretch
    oldest = until - KEPT_DAYS * UTC_DAY
    first = oldest if since is None else max(since, oldest)
    found = Spread({}, set())
    for hour, counted in sorted(hours.items()):
        start, end = hour if cut is None else max(hour, cut), min(hour + HOUR, until)
        if hour < first or start >= end:
            continue
        past = min(hour + HOUR, max(told_at, until))
        # Of the same hour, both sides of a moment have together what was counted, to the last mWh.
        before, used = (
            round(counted.mwh * (moment - hour) / (past - hour)) for moment in (start, end)
        )
        used -= before
        quarters = quarters_between(start, end)
        if any(quarter not in held for quarter in quarters):
            rest = max(0, used - sum(held.get(quarter, 0) for quarter in quarters))
            places = without((start, end), [q for q in quarters if q in held])
            whole = counted.whole_within((first, until))
            if whole is None and start > hour:
                whole = hour, end
            found.take(rest, places, whole)
    return found


def backfill(
    days: Mapping[date, int],
    months: Mapping[date, int],
    stretch: tuple[float | None, float],
    held: Mapping[int, int],
    zone: tzinfo,
) -> Spread:
    """Fill a stretch by what the plug counted, spread evenly, and count nothing twice.

    A day's energy goes to the part of the day that lies in the stretch and that nothing is known
    of, less what is known of the day. A month's energy, less that of its days, goes to those of
    its days that the plug tells nothing about. Nothing goes further back than 400 days.

    Args:
        days: what the plug counted per local day, in mWh.
        months: the same per month, by the first of the month; read together with `days`.
        stretch: from where (None: from as far back as the plug tells) to where, in UTC seconds.
        held: what is known of the plug already, in mWh by quarter-hour.
        zone: the time zone of days and months.

    Returns:
        What to add to the quarter-hours. A quarter-hour that held nothing and gets nothing is
        known to be empty.

    """
    since, until = stretch
    last_day = day_of(until, zone)
    first_day = last_day - timedelta(days=KEPT_DAYS - 1)
    known: defaultdict[date, int] = defaultdict(int)
    for quarter, mwh in held.items():
        known[day_of(quarter, zone)] += mwh
    # A quarter-hour at either edge is known for the part of it that lies outside the stretch.
    inside = sorted(
        quarter
        for quarter in held
        if (since is None or quarter > since) and quarter + QUARTER <= until
    )

    def unknown_of(day: date) -> list[Stretch]:
        first, last = day_bounds(day, zone)
        start = first if since is None else max(first, since)
        end = min(last, until)
        if start >= end:
            return []
        first, past = bisect_left(inside, quarter_of(start)), bisect_left(inside, end)
        return without((start, end), inside[first:past])

    filled = Spread({}, set())
    for day, mwh in sorted(days.items()):
        if first_day <= day <= last_day and (unknown := unknown_of(day)):
            filled.take(max(0, mwh - known[day]), unknown)
    for month, mwh in sorted(months.items()):
        counted = [day for day in days if (day.year, day.month) == (month.year, month.month)]
        others = [day for day in _days_of_month(month) if day not in days and day <= last_day]
        rest = mwh - sum(days[day] for day in counted) - sum(known[day] for day in others)
        unknown = [stretch for day in others for stretch in unknown_of(day)]
        if unknown and rest > _ROUNDING_MWH * (len(counted) + 1 if counted else 0):
            filled.take(rest, unknown)
    oldest = day_start(first_day, zone)
    if min(filled.quarters, default=oldest) >= oldest:
        return filled
    return Spread(
        {quarter: mwh for quarter, mwh in filled.quarters.items() if quarter >= oldest},
        {quarter for quarter in filled.joined if quarter >= oldest},
    )


def _days_of_month(month: date) -> list[date]:
    first = month.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return [first + timedelta(days=number) for number in range((following - first).days)]
