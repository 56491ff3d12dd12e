"""What a newer plug answers when it is asked for its energy by the hour, day or month.

python-kasa knows no call for that question; `ask` is the one place that sends it, by the library's
general query.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from kasa import AuthenticationError, Device, DeviceError

from ...engine.lazy_dataclass import dataclass
from ...engine.times import QUARTER
from ..plug import can_be

if TYPE_CHECKING:
    from .plug_time import PlugTime

_METHOD: Final = "get_energy_data"
# The lengths of a bucket that a newer plug knows, in minutes.
HOURS: Final = 60
DAYS: Final = 1440
MONTHS: Final = 43200
# The most hours that each can have.
_MOST_HOURS: Final = {HOURS: 1, DAYS: 25, MONTHS: 745}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Buckets in kWh from a time on, by the plug's clock, and the time at which they end.

    `first` and `last` are the plug's dates of both. A bucket of which it tells nothing is None, or
    more than a socket can have passed.
    """

    start: datetime
    first: date
    last: date
    kwh: list[float | None]


async def ask(
    plug: Device, clock: PlugTime, interval: int, start: date, end: date
) -> Answer | None:
    """Ask a newer plug for buckets of so many minutes; None where it refuses or tells nonsense."""
    question = {
        "start_timestamp": int(clock.midnight(start).timestamp()),
        "end_timestamp": int(clock.midnight(end).timestamp()),
        "interval": interval,
    }
    try:
        told = (await plug.protocol.query({_METHOD: question}))[_METHOD]
    except AuthenticationError:
        raise
    except (DeviceError, LookupError, TypeError, ValueError):
        return None
    try:
        if told["interval"] != interval or not isinstance(told["data"], list):
            return None
        first, last = (
            # A plug's hours do not always begin quite on the second.
            datetime.fromtimestamp(round(told[key] / QUARTER) * QUARTER, UTC)
            for key in ("start_timestamp", "end_timestamp")
        )
        kwh = [_kwh(wh, _MOST_HOURS[interval]) for wh in told["data"]]
        first_day = clock.day(first + timedelta(hours=12))
        end_day = _end_of(first, first_day, interval, len(kwh), clock)
        if last > first:  # else it says nothing
            # It may say that it ends where it was asked to, and tell less.
            end_day = min(end_day, clock.day(last))
        return Answer(start=first, first=first_day, last=end_day, kwh=kwh)
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError, OSError):
        return None


def _kwh(wh: float | str | None, hours: int) -> float | None:
    """Return a bucket's energy, None for a hole. Raises ValueError for what is no number."""
    kwh = math.nan if wh is None else float(wh) / 1000
    return kwh if can_be(kwh, hours) else None


def _end_of(start: datetime, first: date, interval: int, count: int, clock: PlugTime) -> date:
    """Return the date at which so many buckets end."""
    if interval == HOURS:
        return clock.day(start + timedelta(hours=count))
    return first + timedelta(days=count) if interval == DAYS else month_after(first, count)


def month_after(month: date, count: int) -> date:
    """Return the first of the month that comes so many months after one."""
    number = month.month - 1 + count
    return date(month.year + number // 12, number % 12 + 1, 1)
