"""What is plugged in: power at a time, and the exact energy between two times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SECONDS_PER_HOUR = 3600


class Load(Protocol):
    """A load profile, the same for every moment past and future."""

    def power(self, when: datetime) -> float:
        """Return the power in W at `when` (aware)."""

    def energy(self, start: datetime, end: datetime) -> float:
        """Return the integral of the power from `start` to `end` (aware), in Wh."""


@dataclass(frozen=True)
class ConstantLoad:
    """Always the same power, in W."""

    watts: float

    def power(self, when: datetime) -> float:
        """Return the power in W."""
        return self.watts

    def energy(self, start: datetime, end: datetime) -> float:
        """Return the energy in Wh."""
        return self.watts * (end.timestamp() - start.timestamp()) / SECONDS_PER_HOUR


@dataclass(frozen=True)
class EveryOtherDay:
    """200 W on even local days, 4.8 kWh of them, and nothing on odd ones."""

    zone: ZoneInfo

    def power(self, when: datetime) -> float:
        """Return the power in W."""
        return 200.0 * (when.astimezone(self.zone).toordinal() % 2 == 0)

    def energy(self, start: datetime, end: datetime) -> float:
        """Return the energy in Wh."""
        total, at = 0.0, start.astimezone(self.zone)
        while at < end:
            midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
            until = min(midnight + timedelta(days=1), end.astimezone(self.zone))
            total += self.power(at) * (until.timestamp() - at.timestamp()) / 3600
            at = until
        return total


class Step(NamedTuple):
    """A power in W that holds from `second` of the day until the next step."""

    second: float
    watts: float


class _Day(NamedTuple):
    start: float
    end: float
    seconds: list[float]
    watts: list[float]
    energy_before: list[float]  # Wh from midnight to each step


class DailyLoad(ABC):
    """A load described day by day in steps of constant power.

    A day is a local day of `timezone`, 23 or 25 hours long where the clocks change.
    """

    def __init__(self, timezone: ZoneInfo) -> None:
        self.timezone = timezone
        self._totals: dict[date, float] = {}
        self._day = lru_cache(maxsize=64)(self._build_day)
        self._bounds = lru_cache(maxsize=None)(self._build_bounds)

    @abstractmethod
    def steps(self, day: date, length: float) -> list[Step]:
        """Return the steps of `day`, ascending, the first at second 0.

        `length` is the day's length in seconds; steps at or after it are ignored.
        The same day must always give the same steps.
        """

    def power(self, when: datetime) -> float:
        """Return the power in W at `when`."""
        day = self._day(self._date(when.timestamp()))
        return day.watts[bisect_right(day.seconds, when.timestamp() - day.start) - 1]

    def energy(self, start: datetime, end: datetime) -> float:
        """Return the energy from `start` to `end` in Wh; whole days come from a cache."""
        first, last = start.timestamp(), end.timestamp()
        day = self._date(first)
        total = 0.0
        while True:
            day_start, day_end = self._bounds(day)
            if day_start >= last:
                return total
            if first <= day_start and day_end <= last:
                total += self._day_total(day)
            else:
                profile = self._day(day)
                total += _until(profile, min(last, day_end)) - _until(
                    profile, max(first, day_start)
                )
            day += timedelta(days=1)

    def _day_total(self, day: date) -> float:
        if (total := self._totals.get(day)) is None:
            profile = self._day(day)
            total = self._totals[day] = _until(profile, profile.end)
        return total

    def _date(self, timestamp: float) -> date:
        return datetime.fromtimestamp(timestamp, self.timezone).date()

    def _build_bounds(self, day: date) -> tuple[float, float]:
        start, end = (
            datetime.combine(midnight, time(), self.timezone).timestamp()
            for midnight in (day, day + timedelta(days=1))
        )
        return start, end

    def _build_day(self, day: date) -> _Day:
        start, end = self._bounds(day)
        steps = [step for step in self.steps(day, end - start) if step.second < end - start]
        energy_before = [0.0]
        for one, following in pairwise(steps):
            hours = (following.second - one.second) / SECONDS_PER_HOUR
            energy_before.append(energy_before[-1] + one.watts * hours)
        return _Day(
            start,
            end,
            [step.second for step in steps],
            [step.watts for step in steps],
            energy_before,
        )


def _until(day: _Day, timestamp: float) -> float:
    second = timestamp - day.start
    index = bisect_right(day.seconds, second) - 1
    hours = (second - day.seconds[index]) / SECONDS_PER_HOUR
    return day.energy_before[index] + day.watts[index] * hours


def seeded(*what: object) -> Random:
    """Return a generator that is the same for the same words on every machine.

    Only its `random` and `uniform` may be used: the others may change between Pythons.
    """
    return Random(":".join(str(word) for word in what))
