"""What a plug's own clock and history tell of months that it no longer counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from .dates import near_date
from .move import UNDATED, first_day
from .reading import to_mwh, unlikely

if TYPE_CHECKING:
    from .reading import Reading
    from .register import Register


def month_left(month: Register, clock: date | None, day: date) -> date | None:
    """Return when a plug's month was read last, if its readings do not tell how that one ended.

    Args:
        month: the counter; one that is asked for by date tells the month before with each reading.
        clock: the plug's own date now, None where it tells none.
        day: the date by the clock that is believed.

    """
    if not month.is_begun:
        return None
    if UNDATED not in month.shown:
        before = day.replace(day=1) - timedelta(days=1)
        read = first_day(max(month.shown))
        return read if read < before.replace(day=1) else None
    now, counted = near_date(clock, day), month.counts_on
    if now is None or counted is None or counted[:7] >= now[:7]:
        return None
    return date.fromisoformat(counted)


def ended_since(month: Register, reading: Reading, clock: str | None, limit_w: float) -> int | None:
    """Return what was used, in mWh, from when a month was good last until its end, and in others.

    By the months that the plug itself has kept; None where it tells none of them. `clock` is its
    own date of the month that it shows, `limit_w` the power that its socket passes, in W.
    """
    now = None if clock is None else date.fromisoformat(clock)
    left = month_left(month, now, reading.at.date())
    if left is None or now is None:
        return None
    first, now = left.replace(day=1), now.replace(day=1)
    told = [
        max(0, to_mwh(kwh) - _stood(month, to_mwh(kwh))) if start == first else to_mwh(kwh)
        for start, kwh in reading.ended.items()
        if first <= start < now and not unlikely("month", kwh, limit_w)
    ]
    return sum(told) if told else None


def _stood(month: Register, ended: int) -> int:
    """Return where a month stood that has ended with so much when its level was used, in mWh.

    Where it was read last it may have been false to be: the most that it can have been is it. What
    all have proved since it stood there is among what it then used.
    """
    stood = [(month.value, 0)]
    if month.may_return:
        places = [past for past in month.places() if not past.is_over]
        stood += [(past.shown.get(UNDATED, 0), month.level - past.claim) for past in places]
    return sum(max((one for one in stood if one[0] <= ended), default=(ended, 0)))
