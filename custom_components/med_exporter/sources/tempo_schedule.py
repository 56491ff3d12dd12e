"""Which days' Tempo colours are to be asked for, and when: as rarely as will do."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ..engine.lazy_dataclass import dataclass
from .pace import growing_pause
from .tempo_calendar import FIRST_DAY, ONE_DAY, announced_at, days_between, paris_date, season_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Protocol

    class Known(Protocol):
        """Where colours are kept."""

        def is_final(self, day: date) -> bool:
            """Return whether the colour of a day is known for good."""


# A past day that a server answered without will hardly turn up soon.
_DENIED_PAUSE: Final = timedelta(days=1)


@dataclass(slots=True)
class _Missed:
    times: int
    until: datetime


class TempoSchedule:
    """Ask for a day once its colour is announced, and once it is known never again.

    Wanted are the days of the season up to today, for the count of days left, and tomorrow.
    `spread` delays the question for tomorrow, so that not all homes ask at the same second.
    """

    def __init__(self, spread: timedelta = timedelta(0)) -> None:
        self._spread = spread
        self._missed: dict[date, _Missed] = {}

    def due(self, known: Known, now: datetime) -> set[date]:
        """Return the days to ask for now."""
        return {day for day in self._candidates(known, now) if self._not_before(day) <= now}

    def due_of(self, known: Known, start: date, end: date, now: datetime) -> set[date]:
        """Return which past days of a range, today included, to ask for now."""
        last = min(end, paris_date(now))
        return {
            day
            for day in days_between(max(start, FIRST_DAY), last)
            if not known.is_final(day) and self._not_before(day) <= now
        }

    def next_at(self, known: Known, now: datetime) -> datetime:
        """Return when there will be something to ask for."""
        after_next = self._not_before(paris_date(now) + 2 * ONE_DAY)
        return min(
            (self._not_before(day) for day in self._candidates(known, now)), default=after_next
        )

    def asked(
        self, days: Iterable[date], known: Known, denied: Iterable[date], now: datetime
    ) -> list[date]:
        """Note that the days were asked for; `denied` are those some server answered without.

        Returns the days up to today that are missed for the first time.
        """
        today, without = paris_date(now), set(denied)
        new: list[date] = []
        for day in sorted(days):
            if known.is_final(day):
                self._missed.pop(day, None)
                continue
            before = self._missed.get(day)
            times = 1 if before is None else before.times + 1
            hopeless = day < today and day in without
            pause = _DENIED_PAUSE if hopeless else growing_pause(times)
            self._missed[day] = _Missed(times, now + pause)
            if day <= today and before is None:
                new.append(day)
        return new

    def _candidates(self, known: Known, now: datetime) -> Iterator[date]:
        today = paris_date(now)
        for day in days_between(season_start(today), today + ONE_DAY):
            if not known.is_final(day):
                yield day

    def _not_before(self, day: date) -> datetime:
        missed = self._missed.get(day)
        announced = announced_at(day) + self._spread
        return announced if missed is None else max(announced, missed.until)
