"""A plug that is only its counters: what a firmware keeps and forgets of the energy it passed."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from random import Random

PARIS = ZoneInfo("Europe/Paris")
BEGINNINGS = [
    datetime(2026, 11, 28, 22, tzinfo=UTC),
    datetime(2026, 12, 30, 12, tzinfo=UTC),
    datetime(2026, 3, 27, 12, tzinfo=UTC),
    datetime(2026, 10, 23, 12, tzinfo=UTC),
    datetime(2026, 11, 12, 7, 13, 5, tzinfo=UTC),
]
NEAR = 3600
"""A plug goes back an hour at most to what it saved, in seconds."""


@dataclass
class Truth:
    """The energy in mWh that has gone through a plug, by seconds since its beginning."""

    begins: datetime
    watts: float
    _since: list[float] = field(default_factory=list)
    _watts: list[float] = field(default_factory=list)
    _before: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Before the beginning: 100 days of little.
        self._since, self._watts, self._before = [-100 * 86400.0], [20.0], [0.0]
        self.draw(0.0, self.watts)

    def draw(self, at: float, watts: float) -> None:
        """Let another load begin."""
        self.watts = watts
        self._before.append(self(at))
        self._since.append(at)
        self._watts.append(watts)

    def __call__(self, at: float) -> float:
        place = max(0, bisect_right(self._since, at) - 1)
        passed = max(0.0, at - self._since[place])
        return self._before[place] + self._watts[place] * passed / 3.6


@dataclass
class Plug:
    """A firmware's counters. `dated` ones answer for a date, the others roll over alone."""

    truth: Truth
    has_total: bool
    has_periods: bool
    is_dated: bool
    tells_clock: bool
    tells_power: bool
    grain: int
    skew: float
    forgets: bool
    booted_at: float
    limit: float = math.inf
    sticks: bool = False
    before_boot: float = 0.0
    erased_at: float = -1e9
    forgotten: list[tuple[float, float]] = field(default_factory=list)
    frozen_at: float | None = None
    every: dict[str, float] = field(default_factory=dict)
    """How often each counter is brought up to date, in seconds; at once where it is not told."""

    def stands_at(self, name: str, at: float) -> float:
        """Return the time as of which a counter shows what it has counted."""
        if self.frozen_at is not None:
            return self.frozen_at
        every = self.every.get(name)
        return at if every is None else max(at - at % every, self.booted_at)

    def rolls_at(self, begins: float) -> float:
        """Return when the month is seen to roll over that has begun."""
        every = self.every.get("month")
        return begins if every is None else math.ceil(begins / every) * every

    def local(self, at: float) -> datetime:
        """Return the time by the plug's own clock."""
        return (self.truth.begins + timedelta(seconds=at + self.skew)).astimezone(PARIS)

    def since(self, local: datetime) -> float:
        """Return when the plug's clock shows a time."""
        return (local - self.truth.begins).total_seconds() - self.skew

    def total(self, at: float) -> int:
        """Return the total; at its limit it sticks, or begins again."""
        counted = self.before_boot + self.truth(at) - self.truth(self.booted_at)
        return self._cut(min(counted, self.limit) if self.sticks else counted % self.limit)

    def between(self, first: date, end: date, at: float) -> int:
        """Return the counter of the plug's local days from `first` up to `end`."""
        start = max(self.since(datetime.combine(first, time(), PARIS)), self.erased_at)
        until = min(at, self.since(datetime.combine(end, time(), PARIS)))
        if until <= start:
            return 0
        lost = sum(mwh for when, mwh in self.forgotten if start <= when < until)
        return self._cut(self.truth(until) - self.truth(start) - lost)

    def month(self, day: date, at: float) -> int:
        """Return the counter of the month of a day."""
        first = day.replace(day=1)
        return self.between(first, (first + timedelta(days=31)).replace(day=1), at)

    def ended(self, at: float) -> dict[date, float]:
        """Return what one that rolls its month over tells of those before, in kWh."""
        if self.is_dated or not (self.has_periods and self.tells_clock):
            return {}
        told, month = {}, self.local(at).date()
        for _ in range(3):
            month = month.replace(day=1) - timedelta(days=1)
            told[month.replace(day=1)] = self.month(month, at) / 1e6
        return told

    def reboot(self, at: float) -> None:
        """Forget the total, and with some firmwares what was not saved of the rest."""
        self.booted_at, self.before_boot = at, 0.0
        if self.forgets and self.has_periods:
            saved = at - at % NEAR
            today = self.local(at).date()
            start = max(saved, self.since(datetime.combine(today, time(), PARIS)), self.erased_at)
            gone = sum(mwh for when, mwh in self.forgotten if when >= start)
            self.forgotten.append((at - 1e-3, self.truth(at) - self.truth(start) - gone))

    def erase(self, at: float) -> None:
        """Forget everything."""
        self.booted_at = self.erased_at = at
        self.before_boot = 0.0
        self.forgotten.clear()

    def counters(self, at: float, asked: date) -> dict[str, int]:
        """Return what the plug shows, in mWh; `asked` is the date that a dated one answers for."""
        shown: dict[str, int] = {}
        if self.has_total:
            shown["total"] = self.total(self.stands_at("total", at))
        if self.has_periods:
            now = self.stands_at("day", at)
            day = asked if self.is_dated else self.local(now).date()
            shown["day"] = self.between(day, day + timedelta(days=1), now)
            now = self.stands_at("month", at)
            day = asked if self.is_dated else self.local(now).date()
            shown["month"] = self.month(day, now)
            if self.is_dated:
                shown["month_before"] = self.month(day.replace(day=1) - timedelta(days=1), now)
        return shown

    def _cut(self, mwh: float) -> int:
        return int((mwh + 1e-3) // self.grain) * self.grain


def new_plug(random: Random, truth: Truth) -> Plug:
    """Return a plug with a firmware by chance."""
    has_periods = random.random() < 0.85
    is_dated = has_periods and random.random() < 0.5
    plug = Plug(
        truth=truth,
        has_total=not has_periods or random.random() < 0.6,
        has_periods=has_periods,
        is_dated=is_dated,
        tells_clock=has_periods and not is_dated and random.random() < 0.5,
        tells_power=random.random() < 0.85,
        grain=random.choice([1, 1000, 1000, 10_000]),
        skew=random.choice([0, 0, -20, 20, -3600, 3600, -400, 5000, -5000]),
        forgets=random.random() < 0.2,
        booted_at=-random.choice([0.0, 3600.0, 40 * 86400.0]),
    )
    if random.random() < 0.1:
        plug.limit, plug.sticks = 10_000_000_000 - plug.grain, random.random() < 0.5
        plug.before_boot = plug.limit - random.choice([5_000, 500_000, 20_000_000])
    return plug
