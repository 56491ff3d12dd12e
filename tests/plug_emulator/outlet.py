"""One socket: its relay, what is plugged into it, and the counters that its meter keeps."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from .loads import ConstantLoad, Load

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from .clock import Clock

WH_PER_KWH = 1000


@dataclass(frozen=True)
class _Stretch:
    """From `since` on, this load with the relay on or off."""

    since: datetime
    load: Load
    is_on: bool


@dataclass(frozen=True)
class _Amount:
    when: datetime
    wh: float


class Outlet:
    """A metered socket.

    Counters are the exact integral of the load while the relay was on, plus what
    :meth:`use` added, counted from `installed_at` on, also for days before the program ran.
    `misreads` makes of the true total, in Wh, what the meter shows as it.
    """

    def __init__(
        self,
        *,
        alias: str,
        load: Load | float,
        clock: Clock,
        installed_at: datetime,
        forgets_days: bool = False,
        child_id: str | None = None,
    ) -> None:
        self.alias = alias
        self.child_id = child_id
        self.forgets_days = forgets_days
        self.misreads: Callable[[float], float] = _truly
        self._clock = clock
        installed_at = installed_at.astimezone(UTC)
        self._stretches = [_Stretch(installed_at, as_load(load), is_on=True)]
        self._used: list[_Amount] = []
        self._forgotten: list[_Amount] = []
        self._first_day_start = installed_at
        self._booted_at = installed_at
        self._switched_at = installed_at
        self._used_before_total = 0.0
        self._closed_days: dict[tuple[ZoneInfo, date], float] = {}

    @property
    def installed_at(self) -> datetime:
        """When the meter began to count, in UTC."""
        return self._stretches[0].since

    @property
    def is_on(self) -> bool:
        """Whether the relay is on."""
        return self._stretches[-1].is_on

    @property
    def load(self) -> Load:
        """What is plugged in."""
        return self._stretches[-1].load

    @property
    def on_time(self) -> int:
        """Seconds since the relay was switched on, or since the boot; 0 when it is off."""
        if not self.is_on:
            return 0
        since = max(self._booted_at, self._switched_at)
        return max(0, int((self._clock() - since).total_seconds()))

    @property
    def power(self) -> float:
        """The power now, in W."""
        return self.load.power(self._clock()) if self.is_on else 0.0

    @property
    def total_kwh(self) -> float:
        """The energy since the last reboot, in kWh: the counter that a reboot restarts."""
        return self.total_wh / WH_PER_KWH

    def set_load(self, load: Load | float) -> None:
        """Plug something else in from now on: a load, or a constant power in W."""
        self._change(_Stretch(self._clock(), as_load(load), self.is_on))

    def switch(self, on: bool) -> None:
        """Switch the relay."""
        if on != self.is_on:
            self._switched_at = self._clock()
            self._change(_Stretch(self._switched_at, self.load, on))

    def use(self, kwh: float) -> None:
        """Add energy at this very moment, whatever the load and the relay say."""
        now = self._clock()
        self._drop_days_from(self._clock.today())
        self._used.append(_Amount(now, kwh * WH_PER_KWH))

    def energy_between(self, start: datetime, end: datetime) -> float:
        """Return what was truly used from `start` up to but not at `end`, in kWh.

        No reboot takes anything away from it. `end` may lie ahead of the clock; the present
        load and relay then count on.
        """
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        used = _sum_between(self._used, start, end)
        return (self._load_wh(start, end) + used) / WH_PER_KWH

    def day_kwh(self, day: date) -> float:
        """Return the plug's own counter of a local day, in kWh; today's is what it has so far."""
        return self.day_wh(day) / WH_PER_KWH

    def day_wh(self, day: date) -> float:
        """Return :meth:`day_kwh` in Wh."""
        key = (self._clock.timezone, day)
        if (closed := self._closed_days.get(key)) is not None:
            return closed
        start, end, now = self._day_bounds(day)
        counted = _sum_between(self._used, start, end) - _sum_between(self._forgotten, start, end)
        wh = self._load_wh(start, min(end, now)) + counted
        if end <= now:
            self._closed_days[key] = wh
        return wh

    def day_on_minutes(self, day: date) -> int:
        """Return for how many whole minutes of a local day the relay was on so far."""
        start, end, now = self._day_bounds(day)
        seconds = sum(
            (to - since).total_seconds()
            for since, to, stretch in self._between(start, min(end, now))
            if stretch.is_on
        )
        return int(seconds // 60)

    def days(self, year: int, month: int | None = None) -> list[date]:
        """Return the days of a year or month for which the meter has a counter, ascending."""
        first = max(self._first_day_start.astimezone(self._clock.timezone).date(), date(year, 1, 1))
        last = min(self._clock.today(), date(year, 12, 31))
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return [day for day in days if month is None or day.month == month]

    def reboot(self) -> None:
        """Restart the total; with `forgets_days` also lose today's counter since the full hour."""
        if self.forgets_days:
            today, now = self._clock.today(), self._clock()
            saved_at = max(
                self._clock.day_start(today),
                self._clock.local().replace(minute=0, second=0, microsecond=0).astimezone(UTC),
            )
            start, _, _ = self._day_bounds(today)
            saved = (
                self._load_wh(start, saved_at)
                + _sum_between(self._used, start, saved_at)
                - _sum_between(self._forgotten, start, saved_at)
            )
            self._forgotten.append(_Amount(now, self.day_wh(today) - saved))
        self._restart_total()

    def erase(self) -> None:
        """Set every counter back to zero, as the firmware's own command does."""
        today = self._clock.today()
        self._forgotten.append(_Amount(self._clock(), self.day_wh(today)))
        self._first_day_start = max(self.installed_at, self._clock.day_start(today))
        self._closed_days.clear()
        self._restart_total()

    @property
    def total_wh(self) -> float:
        """:attr:`total_kwh` in Wh."""
        used = sum(amount.wh for amount in self._used) - self._used_before_total
        return self.misreads(self._load_wh(self._booted_at, self._clock()) + used)

    def _restart_total(self) -> None:
        self._booted_at = self._clock()
        self._used_before_total = sum(amount.wh for amount in self._used)

    def _day_bounds(self, day: date) -> tuple[datetime, datetime, datetime]:
        start = max(self._clock.day_start(day), self._first_day_start)
        return start, self._clock.day_start(day + timedelta(days=1)), self._clock()

    def _change(self, stretch: _Stretch) -> None:
        # A clock that was set back rewrites what had been ahead of it.
        kept = [old for old in self._stretches[1:] if old.since < stretch.since]
        self._stretches[1:] = [*kept, stretch]
        self._drop_days_from(self._clock.today())

    def _drop_days_from(self, day: date) -> None:
        for key in [key for key in self._closed_days if key[1] >= day]:
            del self._closed_days[key]

    def _load_wh(self, start: datetime, end: datetime) -> float:
        return sum(
            stretch.load.energy(since, to)
            for since, to, stretch in self._between(start, end)
            if stretch.is_on
        )

    def _between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime, _Stretch]]:
        first = max(0, bisect_right(self._stretches, start, key=lambda one: one.since) - 1)
        found = []
        for index in range(first, len(self._stretches)):
            stretch = self._stretches[index]
            is_last = index + 1 == len(self._stretches)
            since = max(start, stretch.since)
            to = end if is_last else min(end, self._stretches[index + 1].since)
            if since < to:
                found.append((since, to, stretch))
        return found


def as_load(load: Load | float) -> Load:
    """Return `load`, or a constant load for a power in W."""
    return ConstantLoad(float(load)) if isinstance(load, int | float) else load


def _truly(wh: float) -> float:
    return wh


def _sum_between(amounts: list[_Amount], start: datetime, end: datetime) -> float:
    return sum(amount.wh for amount in amounts if start <= amount.when < end)
