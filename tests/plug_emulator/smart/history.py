"""The history that a newer plug keeps of its own energy: per hour, day and month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..clock import Clock
    from ..outlet import Outlet

_HOUR, _DAY, _MONTH = 60, 1440, 43200


@dataclass(kw_only=True)
class EnergyHistory:
    """How a firmware answers a question about the past.

    `most` is how many hours one answer holds at most, `most_days` and `most_months` likewise.
    `kept_hours` is of how many of the last days it still has the hours; of others it tells none.
    One that tells `as_asked` does not begin with the quarter or the year. With `end_is_start` the
    answer's end is its start, which says nothing. `intervals` are those it knows.
    """

    most: int = 400
    most_days: int = 400
    most_months: int = 400
    kept_hours: int = 4000
    as_asked: bool = False
    end_is_start: bool = False
    intervals: tuple[int, ...] = (_HOUR, _DAY, _MONTH)

    def answer(self, outlet: Outlet, clock: Clock, params: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer, None for a question that the firmware refuses."""
        interval = params["interval"]
        if interval not in self.intervals:
            return None
        asked = datetime.fromtimestamp(params["start_timestamp"], clock.timezone).date()
        start = asked if self.as_asked else _first(asked, interval)
        most = {_HOUR: self.most, _DAY: self.most_days, _MONTH: self.most_months}[interval]
        forgotten = clock() - timedelta(days=self.kept_hours)
        end = datetime.fromtimestamp(params["end_timestamp"], UTC)
        data: list[int] = []
        at = _midnight(clock, start)
        first, last = at, at
        for since, to in _buckets(clock, start, interval):
            if since >= end or len(data) == most:
                break
            over = min(to, clock())
            is_told = since < over and (interval != _HOUR or since >= forgotten)
            data.append(round(outlet.energy_between(since, over) * 1000) if is_told else 0)
            last = to
        return {
            "local_time": clock.local().strftime("%Y-%m-%d %H:%M:%S"),
            "data": data,
            "start_timestamp": int(first.timestamp()),
            "end_timestamp": int((first if self.end_is_start else last).timestamp()),
            "interval": interval,
        }


NO_HISTORY = EnergyHistory(intervals=())
"""A firmware that refuses every such question."""


def _first(asked: date, interval: int) -> date:
    """Return where an answer begins: at the quarter for days, at the year for months."""
    if interval == _DAY:
        return asked.replace(month=asked.month - (asked.month - 1) % 3, day=1)
    return asked.replace(month=1, day=1) if interval == _MONTH else asked


def _buckets(clock: Clock, start: date, interval: int) -> Iterator[tuple[datetime, datetime]]:
    since, day = _midnight(clock, start), start
    while True:
        if interval == _HOUR:
            to = since + timedelta(hours=1)
        else:
            day = day + timedelta(days=1) if interval == _DAY else _next_month(day)
            to = _midnight(clock, day)
        yield since, to
        since = to


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _midnight(clock: Clock, day: date) -> datetime:
    return datetime.combine(day, time(), clock.timezone).astimezone(UTC)
