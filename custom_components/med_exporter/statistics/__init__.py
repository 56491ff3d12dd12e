"""Running sums in Home Assistant's long-term statistics: kept by the hour, written at ease."""

from __future__ import annotations

from .sums import (
    RunningSum,
    dirty_from,
    forget_sum,
    hours_added,
    mark_dirty,
    shift,
    written_until,
)
from .tables import SCHEMA
from .writer import SumsWriter

__all__ = [
    "SCHEMA",
    "RunningSum",
    "SumsWriter",
    "dirty_from",
    "forget_sum",
    "hours_added",
    "mark_dirty",
    "shift",
    "written_until",
]
