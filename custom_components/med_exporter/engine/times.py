"""Quarter-hours, hours, local days and months: where they begin and end.

Moments are UTC seconds since 1970. Every zone in use stands a multiple of 15 minutes off UTC and
changes its clock by such a multiple, so quarter-hours of UTC fill the half-hours, hours and days
of all of them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

QUARTER: Final = 900
HALF_HOUR: Final = 1800
HOUR: Final = 3600
UTC_DAY: Final = 86_400
"""Lengths in seconds."""
FOREVER: Final = 2**40
"""UTC seconds that no clock shows; not every database knows what is infinite."""

_ONE_DAY: Final = timedelta(days=1)
_CLOCK_LENGTHS: Final = {"half_hourly": HALF_HOUR, "hourly": HOUR}


def floor_to(moment: float, length: int) -> int:
    """Return the last multiple of a length, in seconds of UTC, at or before a moment."""
    return int(moment // length) * length


def ceil_to(moment: float, length: int) -> int:
    """Return the first multiple of a length, in seconds of UTC, at or after a moment."""
    return -int(-moment // length) * length


def quarter_of(moment: float) -> int:
    """Return when the quarter-hour begins that a moment lies in."""
    return floor_to(moment, QUARTER)


def hour_of(moment: float) -> int:
    """Return when the hour of UTC begins that a moment lies in."""
    return floor_to(moment, HOUR)


def quarters_between(start: float, end: float) -> range:
    """Return the quarter-hours that the range [start, end) touches."""
    return range(quarter_of(start), ceil_to(end, QUARTER), QUARTER)


def local_time(moment: float, zone: tzinfo) -> datetime:
    """Return a moment as a time of the zone."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone)


def with_own_offset(at: datetime) -> datetime:
    """Return a time with its offset in place of its zone.

    Python compares and subtracts two times of one zone by what the clock on the wall shows, which
    is not what has passed where clocks change.
    """
    return at.replace(tzinfo=timezone(at.utcoffset() or timedelta()))


def day_of(moment: float, zone: tzinfo) -> date:
    """Return the local date of a moment."""
    return local_time(moment, zone).date()


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return, in UTC, when a local day begins; where the clock skips midnight, when it does."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_start(day: date, zone: tzinfo) -> int:
    """Return when a local day begins."""
    return int(midnight(day, zone).timestamp())


def day_bounds(day: date, zone: tzinfo) -> tuple[int, int]:
    """Return when a local day of 23, 24 or 25 hours begins and ends."""
    return day_start(day, zone), day_start(day + _ONE_DAY, zone)


def days_between(start: float, end: float, zone: tzinfo) -> Iterator[tuple[date, float, float]]:
    """Cut [start, end) at local midnights: yield each day with the part of the range in it."""
    day = day_of(start, zone)
    while start < end:
        day_end = day_start(day + _ONE_DAY, zone)
        # A zone that crosses the date line skips a whole day.
        if day_end > start:
            yield day, start, min(end, day_end)
            start = day_end
        day += _ONE_DAY


def period_start(aggregation: str, moment: float, zone: tzinfo) -> int:
    """Return when the local period begins that a moment lies in.

    Args:
        aggregation: `half_hourly`, `hourly`, `daily`, `weekly` or `monthly`.
        moment: UTC seconds.
        zone: the time zone that decides.

    """
    if (length := _CLOCK_LENGTHS.get(aggregation)) is not None:
        moment = int(moment // 1)
        return moment - _into(moment, length, zone)
    return day_start(_first_day(aggregation, day_of(moment, zone)), zone)


def boundaries(aggregation: str, start: float, end: float, zone: tzinfo) -> list[int]:
    """Return the edges of all local periods that a range touches, ascending.

    Period i runs from edge i (included) to edge i + 1 (not included); the first edge is at or
    before start, the last at or after end. Days may have 23 or 25 hours; hours and half-hours
    begin where the local clock shows them, also in zones that are 15, 30 or 45 minutes off; weeks
    are ISO weeks.

    Args:
        aggregation: `half_hourly`, `hourly`, `daily`, `weekly` or `monthly`.
        start: UTC seconds.
        end: UTC seconds, after start.
        zone: the time zone that decides.

    """
    edges = [period_start(aggregation, start, zone)]
    if (length := _CLOCK_LENGTHS.get(aggregation)) is not None:
        while edges[-1] < end:
            following = edges[-1] + length
            into = _into(following, length, zone)
            # Where the clock changes by a part of the period, that one lasts longer.
            edges.append(following + length - into if into else following)
        return edges
    day = _first_day(aggregation, day_of(start, zone))
    while edges[-1] < end:
        day = _following(aggregation, day)
        edge = day_start(day, zone)
        # A zone that crosses the date line skips a whole day.
        if edge > edges[-1]:
            edges.append(edge)
    return edges


def utc_text(moment: float) -> str:
    """Return a moment as text, such as 2026-10-25T01:00:00Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _into(moment: int, length: int, zone: tzinfo) -> int:
    """Return how many seconds of the local hour or half-hour have passed."""
    offset = local_time(moment, zone).utcoffset() or timedelta()
    return (moment + int(offset.total_seconds())) % length


def _first_day(aggregation: str, day: date) -> date:
    if aggregation == "weekly":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if aggregation == "monthly" else day


def _following(aggregation: str, day: date) -> date:
    if aggregation == "monthly":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if aggregation == "weekly" else 1)
