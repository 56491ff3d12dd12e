"""Where an energy counter stood when days and months began."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from ..engine.lazy_dataclass import dataclass
from ..sources.plug import CLOCK_IS_RIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# How long a plug may take to bring its counters up to date, in seconds.
_REFRESH: Final = 120.0
# What two counters may differ by, in kWh.
_ROUNDING: Final = 0.002
_WS_PER_KWH: Final = 3_600_000.0
_KEPT: Final = 6
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Growth:
    """What a counter grew by from one moment to another, and what the plug's own then showed.

    Energies in kWh; `day`, `month` and `month_before` are the plug's own at `until`, None where
    they are not told or not believed; `limit_w` is what its socket passes, in W. `day_for` and
    `month_for` are the seconds since they began by the plug's own clock, None where it tells none.
    """

    since: datetime
    until: datetime
    kwh: float
    day: float | None = None
    month: float | None = None
    month_before: float | None = None
    limit_w: float
    day_for: float | None = None
    month_for: float | None = None

    def used_before(self, start: datetime, own: float | None, own_for: float | None) -> float:
        """Return what of it was used before a moment, in kWh.

        `own` is what the plug has counted since its own clock showed that moment, `own_for` seconds
        ago. It tells something where that was after `since`; between moments that are known, time
        alone tells.
        """
        length = self.until.timestamp() - self.since.timestamp()
        begun = min(length, max(0.0, self.until.timestamp() - start.timestamp()))
        if own is not None and own_for is None:
            can_be = can_have_counted(own, self.until, start, self.limit_w)
            own, own_for = own if can_be else None, begun
        if own is None or own_for is None or own_for > length or own > self.kwh + _ROUNDING:
            return self.kwh * (1 - begun / length) if length else self.kwh
        own = min(own, self.kwh)
        if begun <= own_for:
            return self.kwh - (own * begun / own_for if own_for else own)
        return (self.kwh - own) * (length - begun) / (length - own_for)


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """The kWh at which a counter stood when local days, and months by their first day, began.

    `day` is the one that runs. Marks go by their date: a clock that was wrong for a while finds
    those of the right date again.
    """

    day: date | None = None
    days: Mapping[date, float] = field(default_factory=dict)
    months: Mapping[date, float] = field(default_factory=dict)

    @property
    def day_start(self) -> float:
        """Return where the counter stood when the running day began, 0 before it was read."""
        return 0.0 if self.day is None else self.days[self.day]

    @property
    def month_start(self) -> float:
        """Return where it stood when the running month began, 0 before it was read."""
        return 0.0 if self.day is None else self.months[_month(self.day)]

    @property
    def last_day(self) -> float | None:
        """Return the energy of the day before, None where its beginning is not known."""
        return None if self.day is None else _between(self.days, self.day - _DAY, self.day)

    @property
    def last_month(self) -> float | None:
        """Return the energy of the month before, None where its beginning is not known."""
        if self.day is None:
            return None
        month = _month(self.day)
        return _between(self.months, _month(month - _DAY), month)

    def begun(self, day: date, value: float, own_day: float, own_month: float) -> Self:
        """Return the marks of a counter that is read first, with what the plug has counted."""
        month = round(value - max(own_month, own_day), 6)
        return replace(
            self, day=day, days={day: round(value - own_day, 6)}, months={_month(day): month}
        )

    def rolled(self, today: date, value: float, *, may_look_back: bool) -> Self:
        """Return the marks when the day of `today` runs; `value` is where the counter stands.

        `may_look_back` says that a date that has been before is that one again; else time has gone
        on by itself, and what has been marked of days to come was false.
        """
        if self.day is None or today == self.day:
            return self
        days, month = dict(self.days), _month(today)
        months = dict(self.months)
        if not may_look_back:
            days = {day: mark for day, mark in days.items() if day < today}
            months = {first: mark for first, mark in months.items() if first <= _month(self.day)}
        days[today] = days.pop(today, value)
        months[month] = months.pop(month, value)
        return replace(self, day=today, days=_latest(days), months=_latest(months))

    def is_ahead(self, today: date) -> bool:
        """Return whether the day that runs has not begun yet on `today`."""
        return self.day is not None and today < self.day

    def told_by(self, value: float, day: float | None, month: float | None, before: Marks) -> Self:
        """Return the marks of dates that `before` did not know, by what the plug has counted."""
        if self.day is None:
            return self
        days, months, first = dict(self.days), dict(self.months), _month(self.day)
        if day is not None and self.day not in before.days:
            days[self.day] = round(value - day, 6)
        if first not in before.months:
            # The day is a part of it.
            months[first] = min(round(value - (month or 0.0), 6), days[self.day])
        return replace(self, days=days, months=months)

    def handed_back(self, growth: Growth, value: float, now: datetime) -> Self:
        """Give the day and month before what was used of a growth before they ended."""
        if self.day is None or growth.since.date() >= self.day:
            return self

        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        late = min(
            growth.used_before(midnight, growth.day, growth.day_for),
            round(value - self.day_start, 6),
        )
        days = {**self.days, self.day: round(self.day_start + late, 6)}
        months, first = dict(self.months), _month(self.day)
        if _month(growth.since.date()) < first:
            late = min(
                growth.used_before(midnight.replace(day=1), growth.month, growth.month_for),
                round(value - self.month_start, 6),
            )
            months[first] = round(self.month_start + late, 6)
            last = _month(first - _DAY)
            if last not in months and growth.month_before is not None and growth.month is not None:
                months = {last: round(months[first] - growth.month_before, 6), **months}
        return replace(self, days=days, months=months)

    def to_dict(self) -> dict[str, Any]:
        """Return the marks as plain JSON values."""
        return {
            "day": self.day and self.day.isoformat(),
            "days": {day.isoformat(): mark for day, mark in self.days.items()},
            "months": {day.isoformat(): mark for day, mark in self.months.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` described. Raises KeyError, TypeError or ValueError for others."""
        return cls(
            day=date.fromisoformat(data["day"]) if data["day"] else None,
            days={date.fromisoformat(day): mark for day, mark in data["days"].items()},
            months={date.fromisoformat(day): mark for day, mark in data["months"].items()},
        )


def of_house(kwh: float, counted_for: float | None, start: datetime, now: datetime) -> float:
    """Return what a plug, whose clock may be ahead, has counted since a period of ours began.

    `counted_for` are the seconds since it began by the plug's clock, None where it tells none.
    """
    passed = now.timestamp() - start.timestamp()
    if counted_for is None or counted_for - passed <= CLOCK_IS_RIGHT.total_seconds():
        return kwh
    return kwh * passed / counted_for


def can_have_counted(kwh: float, now: datetime, start: datetime, limit_w: float) -> bool:
    """Return whether a plug can have counted so much since a time, with `limit_w` at most, in W."""
    passed = max(0.0, now.timestamp() - start.timestamp())
    return kwh <= limit_w * (passed + _REFRESH) / _WS_PER_KWH


def _month(day: date) -> date:
    return day.replace(day=1)


def _between(marks: Mapping[date, float], start: date, end: date) -> float | None:
    return round(marks[end] - marks[start], 6) if start in marks else None


def _latest(marks: dict[date, float]) -> dict[date, float]:
    """Keep those that ran last."""
    return dict(list(marks.items())[-_KEPT:])
