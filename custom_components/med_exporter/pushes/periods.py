"""Periods as numbers: where they begin, and how many lie in a stretch of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..destinations.measurements import Grain
from ..engine.times import HOUR, boundaries, ceil_to, floor_to, hour_of
from ..engine.times import period_start as local_period_start

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def period_start(grain: Grain, moment: float, zone: ZoneInfo) -> int:
    """Return when the period of a moment begins, both in UTC seconds.

    Hours are those of UTC, as in the long-term statistics; all others are those of the zone.
    """
    if grain is Grain.HOURLY:
        return hour_of(moment)
    return local_period_start(grain.value, moment, zone)


def count_periods(grain: Grain, start: float, end: float, zone: ZoneInfo) -> int:
    """Return how many periods begin at or after `start` and end at or before `end`."""
    if end <= start:
        return 0
    if grain is Grain.HOURLY:
        return max(0, (floor_to(end, HOUR) - ceil_to(start, HOUR)) // HOUR)
    edges = [edge for edge in boundaries(grain.value, start, end, zone) if start <= edge <= end]
    return max(0, len(edges) - 1)
