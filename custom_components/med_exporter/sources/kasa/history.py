"""What a plug itself has kept of its past."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from kasa import Device, Module
from kasa.iot.modules import Emeter

from ...engine.lazy_dataclass import dataclass
from ..plug import PlugStatistics
from .energy_data import DAYS, HOURS, MONTHS, Answer, ask, month_after
from .older_history import months_of_older, of_older
from .plug_time import PlugTime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_DAY: Final = timedelta(days=1)
# Firmwares refuse more hours than eight days have.
_HOURS_STEP: Final = timedelta(days=7)
# A year of hours is many questions; what a slow plug has not told by then stays with its days.
_HOURS_LIMIT: Final = timedelta(seconds=30)

# 25 hours of whole watt-hours, and the day of them, in kWh.
_ROUNDING: Final = 0.026


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
            return await of_older(plug, since, today)
        clock = PlugTime.of(plug)
        since, today = clock.first_day(since), clock.day(clock.now())
        months = await self._months(plug, clock, since, today)
        days = await self._days(plug, clock, since, today)
        told = await self._hours(plug, clock, _Past(since, today, days, months))
        days = _from_first(_days_of(told, clock) | days)
        hours = clock.true_hours({at: kwh for at, kwh in told.items() if clock.day(at) in days})
        months = _from_first(months)
        zone = clock.zone_of_days()
        return PlugStatistics(hours=hours, days=days, months=months, zone=zone)

    async def months(self, plug: Device, since: date, today: date) -> dict[date, float]:
        """Return what a plug has counted in months, those of both of its dates included.

        Of a firmware that tells only days, they are summed up. Raises what python-kasa raises
        where the plug does not answer.
        """
        energy = plug.modules[Module.Energy]
        if isinstance(energy, Emeter):
            return await months_of_older(energy, since, today)
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
            for answer in await self._answers(plug, clock, MONTHS, start, end):
                found |= _told(zip(_months_from(answer.first), answer.kwh, strict=False))
        return {m: kwh for m, kwh in found.items() if since.replace(day=1) <= m <= today}

    async def _days(
        self, plug: Device, clock: PlugTime, since: date, today: date
    ) -> dict[date, float]:
        found: dict[date, float] = {}
        quarter = since.replace(month=since.month - (since.month - 1) % 3, day=1)
        while quarter <= today:
            after = month_after(quarter, 3)
            for answer in await self._answers(plug, clock, DAYS, quarter, after):
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
            for answer in await self._answers(plug, clock, HOURS, start, end):
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
    ) -> list[Answer]:
        """Return all that a plug tells of a range, which it may do in several answers."""
        answers: list[Answer] = []
        kind = (plug.device_id, interval)
        while start < end and kind not in self._lacking:
            answer = await ask(plug, clock, interval, start, end)
            if answer is None:
                if kind not in self._kept:
                    self._lacking.add(kind)
                break
            self._kept.add(kind)
            answers.append(answer)
            if interval == HOURS:
                # A plug that ends within a day begins that day again, and never gets beyond it.
                start = max(answer.last, start + _DAY)
            elif answer.last > start:
                start = answer.last
            else:
                break
        return answers


def _told[Start](buckets: Iterable[tuple[Start, float | None]]) -> dict[Start, float]:
    return {start: kwh for start, kwh in buckets if kwh is not None}


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
        month = month_after(month, 1)
