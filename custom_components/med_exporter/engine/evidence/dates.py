"""What the dates that a plug tells, or is asked for, say of its counters."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from .move import ROLLS_WITHIN, UNDATED, Parts
from .pace import LAG, SHORT
from .reading import Reason, to_mwh, unlikely

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .pace import Pace
    from .reading import Reading
    from .register import Register

type Clocks = dict[str, str | None]
"""By counter, the plug's own date of what it shows; None where it tells none."""
type Unlikely = tuple[str, Reason, float]
"""A counter that cannot be true whatever was before: its name, why, and what it shows in kWh."""

# How much of a date tells a period of a counter.
_DATED_BY: Final = {"day": len("2026-11-28"), "month": len("2026-11")}
# How far a plug's clock may be off and still tell its month.
_CLOCK_SKEW: Final = timedelta(days=2)


def clock_of(reading: Reading) -> str | None:
    """Return the date by the plug's clock, None where it is far from the machine's."""
    return near_date(reading.clock, reading.at.date())


def clocks_of(
    reading: Reading, shown: Mapping[str, Parts], registers: Mapping[str, Register], pace: Pace
) -> Clocks:
    """Return the date by the plug's clock of what each counter shows.

    A month that has ended is shown until its counter is brought up to date: that is known of one
    that stands, without having fallen, where the plug itself says that its month has ended. The
    day's counter is then as late, unless it has fallen.

    Args:
        reading: what the plug said.
        shown: what can be true of that, in mWh by counter and period.
        registers: the counters by name, as they were before.
        pace: what can have passed.

    """
    clock, month, day = clock_of(reading), registers["month"], registers["day"]
    clocks: Clocks = dict.fromkeys(registers, clock)
    mwh, read = shown.get("month", {}).get(UNDATED), month.counts_on or ""
    if clock is None or mwh is None or read[:7] >= clock[:7] or not _may_lag("month", reading):
        return clocks
    last = date.fromisoformat(clock).replace(day=1) - timedelta(days=1)
    kwh = reading.ended.get(last.replace(day=1))
    if kwh is None or unlikely("month", kwh, pace.limit_w):
        return clocks
    is_there = mwh - month.noise <= to_mwh(kwh) <= mwh + pace.room(LAG)
    has_fallen = read[:7] == f"{last:%Y-%m}" and mwh < month.value
    today = shown.get("day", {}).get(UNDATED, 0)
    has_begun = today < day.value
    if is_there and not has_fallen and not (has_begun and today > pace.room(LAG)):
        clocks["month"] = last.isoformat()
        clocks["day"] = clock if has_begun else clocks["month"]
    return clocks


def _may_lag(name: str, reading: Reading) -> bool:
    """Return whether a counter may not have been brought up to date since its period began."""
    edges = (reading.at - ROLLS_WITHIN, reading.at + ROLLS_WITHIN)
    first, last = (edge.date().isoformat()[: _DATED_BY[name]] for edge in edges)
    return first != last


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
    if reading.dated is None or "month" not in shown:
        return shown, refused
    first = reading.dated.replace(day=1)
    before = {start: kwh for start, kwh in reading.ended.items() if start < first}
    if reading.month_before is not None:
        before[(first - timedelta(days=1)).replace(day=1)] = reading.month_before
    for start, kwh in before.items():
        if reason := unlikely("month", kwh, limit_w):
            refused.append(("month", reason, kwh))
        else:
            shown["month"][period_of("month", start)] = to_mwh(kwh)
    return shown, refused


def period_of(name: str, dated: date | None) -> str:
    """Return the period that a counter is of, if it was asked for a date."""
    if dated is None or name == "total":
        return UNDATED
    return dated.isoformat() if name == "day" else f"{dated:%Y-%m}"


def is_over(name: str, reading: Reading) -> bool:
    """Return whether a plug has ended the day or month that its counter was asked for."""
    if reading.ahead is None or reading.dated is None or name not in _DATED_BY:
        return False
    return period_of(name, reading.ahead) > period_of(name, reading.dated)


def rolled(
    registers: Mapping[str, Register],
    since: datetime,
    reading: Reading,
    shown: Mapping[str, Parts],
    clocks: Clocks,
) -> dict[str, bool | None]:
    """Return whether the plug's day and month are others than before; None if nobody knows.

    Args:
        registers: the counters by name.
        since: until when the energy was known before.
        reading: what the plug said.
        shown: what can be true of that, in mWh by counter and period.
        clocks: the plug's own date of each counter.

    """
    # Far enough from both ends of the month, no clock is so wrong as to see another one.
    edges = (since - ROLLS_WITHIN, reading.at + ROLLS_WITHIN)
    is_same = len({(edge.year, edge.month) for edge in edges}) == 1
    month = False if is_same else None
    found = {"day": None, "month": month}
    for name, length in _DATED_BY.items():
        register, mwh = registers[name], shown.get(name, {}).get(UNDATED)
        clock = clocks[name]
        if clock is None or register.clock is None or mwh is None:
            continue
        # A clock may be ahead of its counters: while they are watched, they show it fall.
        has_fallen = mwh < register.value
        read = register.counts_on if has_fallen else register.clock
        if has_fallen or register.age > SHORT:
            found[name] = clock[:length] != (read or clock)[:length] or found[name]
    return found
