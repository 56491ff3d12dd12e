"""The boundaries of hours, days, weeks and months in a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

HOUR = 3600


def boundaries(aggregation: str, start: float, end: float, zone: ZoneInfo) -> list[float]:
    """Return the edges of all periods that a range touches, ascending.

    Period i runs from edge i (included) to edge i + 1 (not included); the first edge is at or
    before start, the last at or after end. Days are local and may have 23 or 25 hours; hours begin
    at the full local hour, also in zones that are half an hour off; weeks are ISO weeks.

    Args:
        aggregation: `hourly`, `daily`, `weekly` or `monthly`.
        start: UTC seconds since 1970.
        end: UTC seconds since 1970, after start.
        zone: the time zone that decides.

    """
    if aggregation == "hourly":
        return _hours(start, end, zone)
    return _days(aggregation, start, end, zone)


def _hours(start: float, end: float, zone: ZoneInfo) -> list[float]:
    edges = [start - _into_hour(start, zone)]
    while edges[-1] < end:
        following = edges[-1] + HOUR
        into = _into_hour(following, zone)
        # Where the clock changes by half an hour, one hour lasts 90 minutes.
        edges.append(following + HOUR - into if into else following)
    return edges


def _into_hour(moment: float, zone: ZoneInfo) -> float:
    """Return how many seconds of the local hour have passed."""
    offset = datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset()
    return (moment + (offset or timedelta()).total_seconds()) % HOUR


def _days(aggregation: str, start: float, end: float, zone: ZoneInfo) -> list[float]:
    day = datetime.fromtimestamp(start, UTC).astimezone(zone).date()
    if aggregation == "weekly":
        day -= timedelta(days=day.weekday())
    elif aggregation == "monthly":
        day = day.replace(day=1)
    edges = [_midnight(day, zone)]
    while edges[-1] < end:
        day = _following(aggregation, day)
        edge = _midnight(day, zone)
        # A zone that crosses the date line skips a whole day.
        if edge > edges[-1]:
            edges.append(edge)
    return edges


def _following(aggregation: str, day: date) -> date:
    if aggregation == "monthly":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if aggregation == "weekly" else 1)


def _midnight(day: date, zone: ZoneInfo) -> float:
    """Return when a local day begins; where the clock skips midnight, the moment it does."""
    return datetime.combine(day, time(), zone).timestamp()
