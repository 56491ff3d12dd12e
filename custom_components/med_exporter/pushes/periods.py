"""Periods as numbers: where they begin, and how many lie in a stretch of time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from ..destinations.measurements import Grain
from ..ledger.half_hours import (
    HALF_HOUR,
    HOUR,
    day_of,
    day_start,
)

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def period_start(grain: Grain, moment: float, zone: ZoneInfo) -> int:
    """Return when the period of a moment begins, both in UTC seconds.

    Half-hours and hours are those of UTC, days and months those of the zone.
    """
    if grain is Grain.HALF_HOURLY:
        return int(moment // HALF_HOUR) * HALF_HOUR
    if grain is Grain.HOURLY:
        return int(moment // HOUR) * HOUR
    day = day_of(moment, zone)
    return midnight(day.replace(day=1) if grain is Grain.MONTHLY else day, zone)


def count_periods(grain: Grain, start: float, end: float, zone: ZoneInfo) -> int:
    """Return how many periods begin at or after `start` and end at or before `end`."""
    if end <= start:
        return 0
    if grain in (Grain.HALF_HOURLY, Grain.HOURLY):
        length = HALF_HOUR if grain is Grain.HALF_HOURLY else HOUR
        return max(0, int(end // length) - int(-(-start // length)))
    first, after = day_of(start, zone), day_of(end, zone)
    if grain is Grain.DAILY:
        partly = midnight(first, zone) < start
        return max(0, (after - first).days - partly)
    partly = midnight(first.replace(day=1), zone) < start
    return max(0, (after.year - first.year) * 12 + after.month - first.month - partly)


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return when a local day begins, in UTC seconds."""
    return int(day_start(day, zone))


def local(moment: float, zone: ZoneInfo) -> datetime:
    """Return UTC seconds as a time of the zone."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone)
