"""Which readings an export keeps.

Readings are chosen before anything is made of them, each by its own values, so that the raw rows
and the periods of one request tell the same energy: that of the readings kept.

- Power and relay: the reading's own value, within both bounds. What is not known is not kept.
- Time of day and days of the week cut the range into stretches, and each stretch behaves as a
  range of its own: a value in force when it begins counts from then on, the first reading carries
  all energy since the one before, and a gap's energy goes to the part inside. A time belongs to
  the weekday on which it lies, also behind midnight.
- Outliers: readings whose power lies beyond Tukey's outer fences of their device, Q1 - 3 x IQR
  and Q3 + 3 x IQR, over the readings that the other filters keep. Quartiles are interpolated
  linearly between the two nearest values (Hyndman and Fan's type 7). With an IQR of 0, as of an
  appliance that is idle most of the time, nothing is an outlier, nor is an unknown power.

An hour from statistics (`statistics.py`) is judged like a reading, by its mean power.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta
from typing import TYPE_CHECKING

from ..job.filters import minutes_of_day
from ..times import local_time
from .reading import CARRIED, READING_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from ..job import Filters
    from .reading import Reading

    type Stretch = tuple[float, float]
    """Start (included) and end (not included) in UTC seconds."""

_POWER = READING_COLUMNS.index("power_w")
_IS_ON = READING_COLUMNS.index("is_on")
_TOTAL = READING_COLUMNS.index("energy_total_kwh")
_DAY = 86400
_FENCE = 3.0


def kept_by_value(readings: Iterable[Reading], filters: Filters) -> Iterator[Reading]:
    """Yield the readings whose power and relay are as wanted.

    Args:
        readings: of one device.
        filters: outliers and times are not looked at.

    """
    low, high = filters.min_power, filters.max_power
    states = {float(state == "on") for state in filters.device_states}
    for reading in readings:
        power = reading[_POWER]
        if low is not None and (power is None or power < low):
            continue
        if high is not None and (power is None or power > high):
            continue
        if states and reading[_IS_ON] not in states:
            continue
        yield reading


def kept_by_time(readings: Iterable[Reading], stretches: Sequence[Stretch]) -> Iterator[Reading]:
    """Yield what of the readings lies in some stretches of time.

    Args:
        readings: of one device, oldest first.
        stretches: ascending, apart from each other.

    """
    starts = [start for start, _ in stretches]
    for reading in readings:
        moment, until, measured, *values = reading
        place = bisect_right(starts, moment) - 1
        if place >= 0 and moment < stretches[place][1]:
            begin, end = stretches[place]
            *others, filled_from, cost = values
            if filled_from is not None:
                filled_from = max(filled_from, begin)
            yield (moment, min(until, end), measured, *others, filled_from, cost)  # type: ignore[misc]
        while (place := place + 1) < len(stretches) and stretches[place][0] < until:
            begin, end = stretches[place]
            power, voltage, current, total, _, is_on, *_ = values
            grown = None if total is None else 0.0
            yield (
                begin, min(until, end), CARRIED, power, voltage, current, total, grown, is_on,
                None, None,
            )  # fmt: skip


def within_fences(
    readings: Iterable[Reading], low: float, high: float, on_outlier: list[int]
) -> Iterator[Reading]:
    """Yield the readings whose power is no outlier; `on_outlier[0]` counts those that are."""
    for reading in readings:
        power = reading[_POWER]
        if power is not None and not low <= power <= high:
            on_outlier[0] += bool(reading[2])
            continue
        yield reading


def fences(lower_quartile: float, upper_quartile: float) -> tuple[float, float] | None:
    """Return the bounds beyond which a value is an outlier, None when nothing is one."""
    spread = upper_quartile - lower_quartile
    if spread <= 0:
        return None
    return lower_quartile - _FENCE * spread, upper_quartile + _FENCE * spread


def stretches_of(filters: Filters, start: float, end: float, zone: ZoneInfo) -> list[Stretch]:
    """Return the stretches of a range that filters by time keep, ascending.

    Args:
        filters: what is wanted.
        start: UTC seconds, included.
        end: UTC seconds, not included.
        zone: whose clock and days count.

    """
    found: list[Stretch] = []
    for begin, until, offset in _same_offset(start, end, zone):
        day = (begin + offset) // _DAY
        while day * _DAY - offset < until:
            # 1970-01-01 was a Thursday.
            if not filters.days_of_week or (day + 3) % 7 + 1 in filters.days_of_week:
                for first, last in _of_day(filters):
                    low = max(day * _DAY + first - offset, begin)
                    high = min(day * _DAY + last - offset, until)
                    if low >= high:
                        continue
                    if found and found[-1][1] == low:
                        low = found.pop()[0]
                    found.append((low, high))
            day += 1
    return found


def _of_day(filters: Filters) -> list[tuple[int, int]]:
    """Return the parts of a day that are kept, in seconds since midnight by the clock."""
    if filters.time_of_day is None:
        return [(0, _DAY)]
    first = (minutes_of_day(filters.time_of_day.start) or 0) * 60
    last = (minutes_of_day(filters.time_of_day.end) or 0) * 60
    if first < last:
        return [(first, last)]
    return [(0, last), (first, _DAY)] if last else [(first, _DAY)]


def _same_offset(start: float, end: float, zone: ZoneInfo) -> Iterator[tuple[float, float, float]]:
    """Yield the parts of a range in which the clock does not change, and its offset in seconds."""
    begin, offset = start, _offset(start, zone)
    moment = start
    while moment < end:
        following = min(moment + _DAY, end)
        if _offset(following, zone) != offset:
            change = _change(moment, following, zone)
            yield begin, change, offset
            begin, offset = change, _offset(change, zone)
            following = change
        moment = following
    if begin < end:
        yield begin, end, offset


def _change(low: float, high: float, zone: ZoneInfo) -> float:
    """Return the second at which the clock changes between two moments."""
    offset = _offset(low, zone)
    below, above = int(low // 1), -int(-high // 1)
    while above - below > 1:
        middle = (below + above) // 2
        if _offset(max(middle, low), zone) == offset:
            below = middle
        else:
            above = middle
    return float(above)


def _offset(moment: float, zone: ZoneInfo) -> float:
    local = local_time(moment, zone)
    return (local.utcoffset() or timedelta()).total_seconds()
