"""What the dates that a plug tells, or is asked for, say of its counters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from .move import ROLLS_WITHIN, UNDATED, Parts
from .pace import SHORT
from .reading import Reason, to_mwh, unlikely

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from .reading import Reading
    from .register import Register

type Unlikely = tuple[str, Reason, float]
"""A counter that cannot be true whatever was before: its name, why, and what it shows in kWh."""

# How much of a date tells a period of a counter.
_DATED_BY: Final = {"day": len("2026-11-28"), "month": len("2026-11")}
# How far a plug's clock may be off and still tell its month.
_CLOCK_SKEW: Final = timedelta(days=2)


def clock_of(reading: Reading) -> str | None:
    """Return the date by the plug's clock, None where it is far from the machine's."""
    return near_date(reading.clock, reading.at.date())


def near_date(clock: date | None, day: date) -> str | None:
    """Return a plug's own date, None where it is far from the day that is believed."""
    if clock is None or abs(clock - day) > _CLOCK_SKEW:
        return None
    return clock.isoformat()


def by_period(reading: Reading, limit_w: float) -> tuple[dict[str, Parts], list[Unlikely]]:
    """Return the counters that can be true whatever was before, and those that cannot.

    Args:
        reading: what the plug said.
        limit_w: the power that its socket can pass, in W.

    """
    shown: dict[str, Parts] = {}
    refused: list[Unlikely] = []
    for name, kwh in reading.shown().items():
        if reason := unlikely(name, kwh, limit_w):
            refused.append((name, reason, kwh))
        else:
            shown[name] = {period_of(name, reading.dated): to_mwh(kwh)}
    last = reading.month_before
    if reading.dated is not None and "month" in shown and last is not None:
        if reason := unlikely("month", last, limit_w):
            refused.append(("month", reason, last))
        else:
            first = reading.dated.replace(day=1)
            shown["month"][period_of("month", first - timedelta(days=1))] = to_mwh(last)
    return shown, refused


def period_of(name: str, dated: date | None) -> str:
    """Return the period that a counter is of, if it was asked for a date."""
    if dated is None or name == "total":
        return UNDATED
    return dated.isoformat() if name == "day" else f"{dated:%Y-%m}"


def rolled(
    registers: Mapping[str, Register],
    since: datetime,
    reading: Reading,
    shown: Mapping[str, Parts],
) -> dict[str, bool | None]:
    """Return whether the plug's day and month are others than before; None if nobody knows.

    Args:
        registers: the counters by name.
        since: until when the energy was known before.
        reading: what the plug said.
        shown: what can be true of that, in mWh by counter and period.

    """
    clock = clock_of(reading)
    # Far enough from both ends of the month, no clock is so wrong as to see another one.
    edges = (since - ROLLS_WITHIN, reading.at + ROLLS_WITHIN)
    is_same = len({(edge.year, edge.month) for edge in edges}) == 1
    month = False if is_same else None
    found = {"day": None, "month": month}
    for name, length in _DATED_BY.items():
        register, mwh = registers[name], shown.get(name, {}).get(UNDATED)
        if clock is None or register.clock is None or mwh is None:
            continue
        # A clock may be ahead of its counters: while they are watched, they show it fall.
        has_fallen = mwh < register.value
        read = register.counts_on if has_fallen else register.clock
        if has_fallen or register.age > SHORT:
            found[name] = clock[:length] != (read or clock)[:length] or found[name]
    return found
