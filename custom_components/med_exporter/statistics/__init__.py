"""Running sums in Home Assistant's long-term statistics: kept by the hour, written at ease."""

from __future__ import annotations

from .sums import RunningSum, hours_added, mark_dirty, shift, written_until
from .tables import SCHEMA
from .writer import SumsWriter

__all__ = [
    "SCHEMA",
    "RunningSum",
    "SumsWriter",
    "hours_added",
    "mark_dirty",
    "shift",
    "written_until",
]
