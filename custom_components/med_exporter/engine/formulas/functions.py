"""The functions of formulas that SQLite lacks, or has with another meaning."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..times import QUARTER, local_time

if TYPE_CHECKING:
    import sqlite3
    from zoneinfo import ZoneInfo

_MOST_QUARTERS = 4096


def register(connection: sqlite3.Connection, zone: ZoneInfo) -> None:
    """Give a connection the functions that compiled formulas call.

    Args:
        connection: of the spool.
        zone: the export's time zone, in which DATE and HOUR are told.

    """
    quarters: dict[int, tuple[str, float]] = {}

    def local(moment: float) -> tuple[str, float]:
        quarter = int(moment // QUARTER)
        known = quarters.get(quarter)
        if known is None:
            if len(quarters) >= _MOST_QUARTERS:
                quarters.clear()
            there = local_time(quarter * QUARTER, zone)
            known = quarters[quarter] = (there.date().isoformat(), float(there.hour))
        return known

    def date(moment: float | None) -> str | None:
        return None if moment is None else local(moment)[0]

    def hour(moment: float | None) -> float | None:
        return None if moment is None else local(moment)[1]

    connection.create_function("formula_date", 1, date, deterministic=True)
    connection.create_function("formula_hour", 1, hour, deterministic=True)
    connection.create_function("formula_modulo", 2, _modulo, deterministic=True)
    connection.create_function("formula_round", 2, _rounded, deterministic=True)


def _modulo(value: float | None, divisor: float | None) -> float | None:
    """Return the rest of a division, with the sign of the divisor, as Python's floats do."""
    return None if value is None or not divisor else value % divisor


def _rounded(value: float | None, digits: int) -> float | None:
    return value if value is None or math.isinf(value) else round(value, digits)
