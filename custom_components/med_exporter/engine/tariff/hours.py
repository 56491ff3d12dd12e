"""Hours of a time-of-use contract that is being entered: which ones are left, and who has them.

Periods are those of the options: `name`, `price`, `days`, `start`, `end`.
"""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any

from .week import DAY_MINUTES, DAYS, WEEK_MINUTES, day_and_time, spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

type Period = dict[str, Any]


def remaining(periods: Iterable[Mapping[str, Any]]) -> list[Period]:
    """Return the hours that no period holds, as `days`, `start` and `end`.

    Hours that are the same on several days are one item. More than a day on end is cut at midnight.
    """
    free = bytearray([1]) * WEEK_MINUTES
    for period in periods:
        days = [DAYS.index(day) for day in period["days"]]
        start, end = (time.fromisoformat(period[edge]) for edge in ("start", "end"))
        for span in spans(0, days, start, end):
            for minute in range(span.start, span.start + span.length):
                free[minute % WEEK_MINUTES] = 0
    days_of: dict[tuple[int, int], set[int]] = {}
    for start_minute, length in _pieces(free):
        day, begin = divmod(start_minute % WEEK_MINUTES, DAY_MINUTES)
        days_of.setdefault((begin, length), set()).add(day)
    return [
        {
            "days": [DAYS[day] for day in sorted(days_of[begin, length])],
            "start": day_and_time(begin)[1],
            "end": day_and_time(begin + length)[1],
        }
        for begin, length in sorted(days_of, key=lambda hours: (min(days_of[hours]), hours))
    ]


def with_rest(periods: Sequence[Period], rest: Mapping[str, Any]) -> list[Period]:
    """Return the periods, and the hours that they leave with the name and price of `rest`."""
    named = {"name": rest["name"], "price": rest["price"]}
    return [*periods, *({**named, **hours} for hours in remaining(periods))]


def split_rest(periods: Sequence[Period]) -> tuple[list[Period], Period | None]:
    """Return the periods without those that `with_rest` adds, and the rest; None if there is none.

    So that hours which fill what the others leave follow by themselves when those change.
    """
    rest = {"name": periods[-1]["name"], "price": periods[-1]["price"]}
    others = [period for period in periods if period["name"] != rest["name"]]
    if others and with_rest(others, rest) == list(periods):
        return others, rest
    return list(periods), None


def _pieces(free: bytearray) -> Iterator[tuple[int, int]]:
    """Yield start and length of the free stretches of a week that goes round."""
    origin = max(free.find(0), 0)
    turned = free[origin:] + free[:origin]
    end = 0
    while (start := turned.find(1, end)) >= 0:
        end = turned.find(0, start)
        if end < 0:
            end = WEEK_MINUTES
        if end - start <= DAY_MINUTES:
            yield origin + start, end - start
            continue
        while start < end:
            length = min(DAY_MINUTES - (origin + start) % DAY_MINUTES, end - start)
            yield origin + start, length
            start += length
