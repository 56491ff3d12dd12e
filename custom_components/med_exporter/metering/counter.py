"""The energy counter of a plug: it never falls and loses only what the plug itself forgets."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from ..sources.plug import PlugCounters

# Day and month counters are rounded to a watt-hour each; a difference below this is not energy.
_ROUNDING_KWH = 0.01


@dataclass(kw_only=True, slots=True)
class EnergyCounter:
    """Make one ever-growing counter of a plug's restarting ones, and cut it at local midnights.

    Energies are in kWh, times are aware and local: their dates name the day and month that run.
    `began_at` is when the plug was read for the first time, `began_value` the counter then, and
    `began_today` what the plug had counted on that day before.
    The whole state goes through `to_dict` and `from_dict`; what is restored from an older state
    makes up for the time between by what the plug counted on its own.
    """

    value: float = 0.0
    began_at: datetime | None = None
    began_value: float = 0.0
    began_today: float = 0.0
    seen_at: datetime | None = None
    seen: PlugCounters = field(default_factory=PlugCounters)
    day: date | None = None
    day_start: float = 0.0
    month_start: float = 0.0
    last_day: float | None = None
    last_month: float | None = None

    @property
    def today(self) -> float:
        """Return the energy since local midnight."""
        return round(self.value - self.day_start, 6)

    @property
    def this_month(self) -> float:
        """Return the energy since the first of the month."""
        return round(self.value - self.month_start, 6)

    def advance(self, seen: PlugCounters, now: datetime, *, filled: bool = False) -> float:
        """Take a new reading and return the energy since the previous one.

        `filled` says that nobody read the plug for a while. Then the plug's own day and month
        counters tell which part of the growth belongs to the running day and month, and whether
        the plug has rebooted unseen.
        """
        if self.seen_at is None:
            self._begin(seen, now)
            return 0.0
        seen_before = self.seen_at
        growth = round(self._growth(seen, now, filled=filled), 6)
        self.roll(now)
        self.value = round(self.value + growth, 6)
        if seen_before.date() < now.date():
            self._hand_back(growth, seen, seen_before.date(), now.date())
        self.seen_at = now
        self.seen = PlugCounters(
            total=seen.total if seen.total is not None else self.seen.total,
            today=seen.today,
            month=seen.month,
            month_before=seen.month_before,
        )
        return growth

    def roll(self, now: datetime) -> None:
        """Close the day, and the month, that is over by `now`. Does nothing in a running day."""
        if self.day is None or now.date() <= self.day:
            return
        whole = (now.date() - self.day).days == 1
        self.last_day = self.today if whole else None
        self.day_start = self.value
        if months := _months(self.day, now):
            self.last_month = self.this_month if months == 1 else None
            self.month_start = self.value
        self.day = now.date()

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return {
            **asdict(self),
            "began_at": self.began_at and self.began_at.isoformat(),
            "seen_at": self.seen_at and self.seen_at.isoformat(),
            "day": self.day and self.day.isoformat(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EnergyCounter:
        """Return the counter that `to_dict` described.

        Raises KeyError, TypeError or ValueError where the data is none of its own.
        """
        return cls(
            **{
                **data,
                "began_at": _moment(data["began_at"]),
                "seen_at": _moment(data["seen_at"]),
                "seen": PlugCounters(**data["seen"]),
                "day": date.fromisoformat(data["day"]) if data["day"] else None,
            }
        )

    def _begin(self, seen: PlugCounters, now: datetime) -> None:
        """Start so that the running day and month stand where the plug has them."""
        self.value = round(max(seen.total or 0.0, seen.today or 0.0, seen.month or 0.0), 6)
        self.day_start = round(self.value - (seen.today or 0.0), 6)
        self.month_start = round(self.value - max(seen.month or 0.0, seen.today or 0.0), 6)
        self.day = now.date()
        self.began_at, self.began_value, self.began_today = now, self.value, self.today
        self.seen_at = now
        self.seen = seen

    def _growth(self, seen: PlugCounters, now: datetime, *, filled: bool) -> float:
        by_periods = self._growth_by_periods(seen, now)
        if seen.total is None or self.seen.total is None:
            return by_periods
        growth = seen.total - self.seen.total
        if growth < 0:
            return max(seen.total, by_periods)
        assert self.seen_at is not None
        same_month = _months(self.seen_at, now) == 0
        if (filled or same_month) and by_periods > growth + _ROUNDING_KWH:
            # A plug that rebooted unseen may have passed its old total since. Where the month
            # has just changed, a plug whose clock is ahead looks the same.
            return by_periods
        return growth

    def _growth_by_periods(self, seen: PlugCounters, now: datetime) -> float:
        """Return what the day or month counter has grown; 0 where the plug has forgotten."""
        assert self.seen_at is not None
        before, months = self.seen, _months(self.seen_at, now)
        if self.seen_at.date() == now.date():
            return _difference(before.today, seen.today)
        if months == 0:
            return _difference(before.month, seen.month)
        if months == 1:
            return _difference(before.month, seen.month_before) + (seen.month or 0.0)
        return (seen.month_before or 0.0) + (seen.month or 0.0)

    def _hand_back(self, growth: float, seen: PlugCounters, before: date, today: date) -> None:
        """Give the day and month before what the plug counted in them while nobody read it."""
        if seen.today is not None:
            late = min(growth, max(0.0, self.today - seen.today))
            self.day_start = round(self.day_start + late, 6)
            if (today - before).days == 1 and self.last_day is not None:
                self.last_day = round(self.last_day + late, 6)
        if seen.month is not None and (before.year, before.month) != (today.year, today.month):
            late = min(growth, max(0.0, self.this_month - seen.month))
            self.month_start = round(self.month_start + late, 6)
            if self.last_month is not None:
                self.last_month = round(self.last_month + late, 6)
            elif seen.month_before is not None:
                self.last_month = seen.month_before


def _difference(before: float | None, after: float | None) -> float:
    return 0.0 if before is None or after is None else max(0.0, after - before)


def _months(start: date, end: date) -> int:
    """Return how many month ends lie between two local dates."""
    return (end.year - start.year) * 12 + end.month - start.month


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
