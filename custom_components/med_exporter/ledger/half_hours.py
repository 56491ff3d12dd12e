"""Half-hours, local days, and energy as whole milliwatt-hours.

A half-hour is named by the UTC second at which it begins, a multiple of 1,800. Energies are whole
mWh (a kWh has a million), so that parts add up to their whole exactly and a second look at the
same energy finds no difference.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

HALF_HOUR: Final = 1800
HOUR: Final = 3600

type HalfHours = dict[int, int]
"""Energy in mWh by the half-hour it belongs to."""

_MWH_PER_KWH = 1_000_000


def to_mwh(kwh: float) -> int:
    """Return an energy in kWh as whole milliwatt-hours."""
    return round(kwh * _MWH_PER_KWH)


def to_kwh(mwh: int) -> float:
    """Return milliwatt-hours as kWh."""
    return mwh / _MWH_PER_KWH


def half_hour_of(moment: float) -> int:
    """Return the half-hour that a moment (UTC seconds) lies in."""
    return int(moment // HALF_HOUR) * HALF_HOUR


def half_hours_between(start: float, end: float) -> range:
    """Return the half-hours that the range [start, end) touches."""
    return range(half_hour_of(start), int(-(-end // HALF_HOUR)) * HALF_HOUR, HALF_HOUR)


def hour_of(moment: float) -> int:
    """Return the UTC second at which the full hour of a moment began."""
    return int(moment // HOUR) * HOUR


def day_of(moment: float, zone: ZoneInfo) -> date:
    """Return the local date of a moment (UTC seconds)."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date()


def day_start(day: date, zone: ZoneInfo) -> float:
    """Return the UTC second at which a local day begins."""
    return datetime.combine(day, time(), zone).timestamp()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[float, float]:
    """Return the UTC seconds at which a local day of 23, 24 or 25 hours begins and ends."""
    return day_start(day, zone), day_start(day + timedelta(days=1), zone)


def days_between(start: float, end: float, zone: ZoneInfo) -> Iterator[tuple[date, float, float]]:
    """Cut [start, end) at local midnights: yield each day with the part of the range in it."""
    day = day_of(start, zone)
    while start < end:
        day_end = day_start(day + timedelta(days=1), zone)
        # A zone that crosses the date line skips a whole day.
        if day_end > start:
            yield day, start, min(end, day_end)
            start = day_end
        day += timedelta(days=1)
