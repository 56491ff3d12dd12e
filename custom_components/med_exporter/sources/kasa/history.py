"""What a plug itself has kept of its past.

Older plugs list their days and months. Newer ones answer a question that python-kasa knows no
call for; `_ask` is the one place that sends it, by the library's general query.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from kasa import AuthenticationError, Device, DeviceError, Module
from kasa.iot.modules import Emeter

from ...engine.lazy_dataclass import dataclass
from ...engine.times import QUARTER
from ..plug import PlugStatistics
from .plug_time import PlugTime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_METHOD: Final = "get_energy_data"
# The lengths of a bucket that a newer plug knows, in minutes.
_HOURS: Final = 60
_DAYS: Final = 1440
_MONTHS: Final = 43200
_DAY: Final = timedelta(days=1)
# Firmwares refuse more hours than eight days have.
_HOURS_STEP: Final = timedelta(days=7)
# A year of hours is many questions; what a slow plug has not told by then stays with its days.
_HOURS_LIMIT: Final = timedelta(seconds=30)

# 25 hours of whole watt-hours, and the day of them, in kWh.
_ROUNDING: Final = 0.026


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    """Buckets in kWh from a time on, by the plug's clock, and the time at which they end.

    `first` and `last` are the plug's dates of both. A bucket of which it tells nothing is None.
    """

    start: datetime
    first: date
    last: date
    kwh: list[float | None]


@dataclass(frozen=True, slots=True)
class _Past:
    """The days and months that a plug tells of some of its dates, both included."""

    since: date
    today: date
    days: Mapping[date, float]
    months: Mapping[date, float]

    @property
    def first(self) -> date:
        """The first date that may have had energy."""
        day = self.since
        while day < self.today and not self.days.get(day, self.months.get(day.replace(day=1), 1)):
            day += _DAY
        return day

    def has_energy(self, start: date, end: date) -> bool:
        """Tell whether dates in [start, end) are known to have had energy."""
        return any(kwh and start <= day < end for day, kwh in self.days.items())

    def believed(self, hours: Mapping[datetime, float], clock: PlugTime) -> dict[datetime, float]:
        """Return the hours that make up their day: others have been forgotten in part."""
        sums, count = _days_of(hours, clock), Counter(clock.day(at) for at in hours)
        # What is forgotten is told as nothing; that ends within a day.
        kept_from = min((day for day, kwh in sums.items() if kwh), default=date.max)
        # One that was not told may have had little.
        whole = {
            day
            for day in sums
            if day == self.today or (count[day] >= clock.hours_of(day) and clock.is_in_hours(day))
        }
        right = {
            day for day in whole & self.days.keys() if abs(sums[day] - self.days[day]) <= _ROUNDING
        }
        untold = {day for day in whole - self.days.keys() if day > kept_from}
        for month, kwh in self.months.items():
            own = {day for day in untold if day.replace(day=1) == month}
            others = sum(one for day, one in self.days.items() if day.replace(day=1) == month)
            if sum(sums[day] for day in own) + others > kwh + 31 * _ROUNDING:
                untold -= own
        return {at: hours[at] for at in sorted(hours) if clock.day(at) in right | untold}


class PlugHistory:
    """Asks plugs for their past, and remembers what they do not keep."""

    def __init__(self) -> None:
        self._lacking: set[tuple[str, int]] = set()
        self._kept: set[tuple[str, int]] = set()

    async def of(self, plug: Device, since: date, today: date) -> PlugStatistics:
        """Return what a plug has counted from one local date to another, both included.

        Of a newer plug, the last day is the one that runs. Raises what python-kasa raises where
        the plug does not answer.
        """
        if isinstance(plug.modules[Module.Energy], Emeter):
            return await _of_older(plug, since, today)
        clock = PlugTime.of(plug)
        since, today = clock.first_day(since), clock.day(clock.now())
        months = await self._months(plug, clock, since, today)
        days = await self._days(plug, clock, since, today)
        told = await self._hours(plug, clock, _Past(since, today, days, months))
        days = _from_first(_days_of(told, clock) | days)
        hours = clock.true_hours({at: kwh for at, kwh in told.items() if clock.day(at) in days})
        months = _from_first(months)
        return PlugStatistics(hours=hours, days=days, months=months)

    async def months(self, plug: Device, since: date, today: date) -> dict[date, float]:
        """Return what a plug has counted in months, those of both of its dates included.

        Of a firmware that tells only days, they are summed up. Raises what python-kasa raises
        where the plug does not answer.
        """
        energy = plug.modules[Module.Energy]
        if isinstance(energy, Emeter):
            return await _months_of_older(energy, since, today)
        clock = PlugTime.of(plug)
        if months := await self._months(plug, clock, since, today):
            return months
        sums: dict[date, float] = defaultdict(float)
        for day, kwh in (await self._days(plug, clock, since.replace(day=1), today)).items():
            sums[day.replace(day=1)] += kwh
        return sums

    async def _months(
        self, plug: Device, clock: PlugTime, since: date, today: date
    ) -> dict[date, float]:
        found: dict[date, float] = {}
        for year in range(since.year, today.year + 1):
            start, end = date(year, 1, 1), date(year + 1, 1, 1)
            for answer in await self._answers(plug, clock, _MONTHS, start, end):
                found |= _told(zip(_months_from(answer.first), answer.kwh, strict=False))
        return {m: kwh for m, kwh in found.items() if since.replace(day=1) <= m <= today}

    async def _days(
        self, plug: Device, clock: PlugTime, since: date, today: date
    ) -> dict[date, float]:
        found: dict[date, float] = {}
        quarter = since.replace(month=since.month - (since.month - 1) % 3, day=1)
        while quarter <= today:
            after = _month_after(quarter, 3)
            for answer in await self._answers(plug, clock, _DAYS, quarter, after):
                found |= _told(
                    (answer.first + timedelta(days=number), kwh)
                    for number, kwh in enumerate(answer.kwh)
                )
            quarter = after
        return {day: kwh for day, kwh in found.items() if since <= day <= today}

    async def _hours(self, plug: Device, clock: PlugTime, past: _Past) -> dict[datetime, float]:
        """Return hours, as far back as the plug has kept them, by its clock: those of whole days.

        Also those of days that it does not tell: a firmware may have more hours than days.
        """
        began, now = datetime.now(UTC), clock.now()
        found: dict[datetime, float] = {}
        end, first = past.today + _DAY, past.first
        while end > first and datetime.now(UTC) - began < _HOURS_LIMIT:
            start = max(end - _HOURS_STEP, first)
            while start + _DAY < end and clock.offset(start) != clock.offset(end):
                # After a change of half an hour, hours no longer begin with the days.
                start += _DAY
            hours: dict[datetime, float] = {}
            for answer in await self._answers(plug, clock, _HOURS, start, end):
                hours |= _told(
                    (at, kwh)
                    for number, kwh in enumerate(answer.kwh)
                    if (at := answer.start + timedelta(hours=number)) < now
                    and start <= clock.day(at) < end
                )
            if past.has_energy(start, end) and not any(hours.values()):
                break
            found = hours | found
            end = start
        return past.believed(found, clock)

    async def _answers(
        self, plug: Device, clock: PlugTime, interval: int, start: date, end: date
    ) -> list[_Answer]:
        """Return all that a plug tells of a range, which it may do in several answers."""
        answers: list[_Answer] = []
        kind = (plug.device_id, interval)
        while start < end and kind not in self._lacking:
            answer = await _ask(plug, clock, interval, start, end)
            if answer is None:
                if kind not in self._kept:
                    self._lacking.add(kind)
                break
            self._kept.add(kind)
            answers.append(answer)
            if interval == _HOURS:
                # A plug that ends within a day begins that day again, and never gets beyond it.
                start = max(answer.last, start + _DAY)
            elif answer.last > start:
                start = answer.last
            else:
                break
        return answers


async def _ask(
    plug: Device, clock: PlugTime, interval: int, start: date, end: date
) -> _Answer | None:
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
        if told.get("interval", interval) != interval:
            return None
        first, last = (
            # A plug's hours do not always begin quite on the second.
            datetime.fromtimestamp(round(told[key] / QUARTER) * QUARTER, UTC)
            for key in ("start_timestamp", "end_timestamp")
        )
        kwh = [_kwh(wh) for wh in told["data"]]
        first_day = clock.day(first + timedelta(hours=12))
        end_day = _end_of(first, first_day, interval, len(kwh), clock)
        if last > first:  # else it says nothing
            # It may say that it ends where it was asked to, and tell less.
            end_day = min(end_day, clock.day(last))
        return _Answer(start=first, first=first_day, last=end_day, kwh=kwh)
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError, OSError):
        return None


def _kwh(wh: float | str | None) -> float | None:
    """Return a bucket's energy, None for a hole. Raises ValueError for what is no number."""
    kwh = math.nan if wh is None else float(wh) / 1000
    return kwh if math.isfinite(kwh) and kwh >= 0 else None


def _told[Start](buckets: Iterable[tuple[Start, float | None]]) -> dict[Start, float]:
    return {start: kwh for start, kwh in buckets if kwh is not None}


def _end_of(start: datetime, first: date, interval: int, count: int, clock: PlugTime) -> date:
    """Return the date at which so many buckets end."""
    if interval == _HOURS:
        return clock.day(start + timedelta(hours=count))
    return first + timedelta(days=count) if interval == _DAYS else _month_after(first, count)


async def _of_older(plug: Device, since: date, today: date) -> PlugStatistics:
    energy = plug.modules[Module.Energy]
    assert isinstance(energy, Emeter)
    months = await _months_of_older(energy, since, today)
    days: dict[date, float] = {}
    for first in months:
        rows = (await energy.get_raw_daystat(year=first.year, month=first.month))["day_list"]
        days |= {first.replace(day=row["day"]): period_kwh(rows, "day", row["day"]) for row in rows}
    return PlugStatistics(
        days={day: kwh for day, kwh in sorted(days.items()) if since <= day <= today},
        months=months,
    )


async def _months_of_older(energy: Emeter, since: date, today: date) -> dict[date, float]:
    months: dict[date, float] = {}
    for year in range(since.year, today.year + 1):
        rows = (await energy.get_raw_monthstat(year=year))["month_list"]
        for number in sorted({row["month"] for row in rows}):
            first = date(year, number, 1)
            if since.replace(day=1) <= first <= today:
                months[first] = period_kwh(rows, "month", number)
    return months


def period_kwh(rows: list[dict[str, Any]], period: str, number: int) -> float:
    """Return the kWh of a day or month; firmwares differ in the unit. 0 where there is none."""
    for row in rows:
        if row[period] == number:
            return float(row["energy_wh"] / 1000 if "energy_wh" in row else row["energy"])
    return 0.0


def _days_of(hours: Mapping[datetime, float], clock: PlugTime) -> dict[date, float]:
    """Return the sums of hours, by the plug's dates."""
    sums: dict[date, float] = defaultdict(float)
    for at, kwh in hours.items():
        sums[clock.day(at)] += kwh
    return dict(sums)


def _from_first(periods: dict[date, float]) -> dict[date, float]:
    """Leave out the zeros before the first energy: the plug was not there yet."""
    first = min((at for at, kwh in periods.items() if kwh), default=date.max)
    return {at: kwh for at, kwh in sorted(periods.items()) if at >= first}


def _months_from(start: date) -> Iterator[date]:
    month = start.replace(day=1)
    while True:
        yield month
        month = _month_after(month, 1)


def _month_after(month: date, count: int) -> date:
    number = month.month - 1 + count
    return date(month.year + number // 12, number % 12 + 1, 1)
