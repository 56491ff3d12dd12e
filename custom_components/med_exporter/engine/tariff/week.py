"""Hours of a week: who holds which minute, and whether every minute is held exactly once.

Days name the day on which the hours start: `sat 22:00 to 06:00` is Saturday night and ends on
Sunday morning, as suppliers write their contracts. Minutes count from Monday 00:00 on the wall
clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import time

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 24 * 60
WEEK_MINUTES: Final = 7 * DAY_MINUTES


class Span(NamedTuple):
    """Minutes `start` (0 to 10,079) to `start + length` of the week, held by `owner`."""

    start: int
    length: int
    owner: int


class Flaw(NamedTuple):
    """A stretch of the week that is held by nobody, or by two owners.

    `start` and `end` are minutes of the week (an end of 0 is the week's), `owners` is empty for a
    gap.
    """

    start: int
    end: int
    owners: tuple[int, ...]


def spans(owner: int, days: Sequence[int], start: time, end: time) -> list[Span]:
    """Return the spans of hours that start on each of the days (0 is Monday).

    An end at or before the start lies on the next day; equal ones make 24 hours.
    """
    first = start.hour * 60 + start.minute
    length = (end.hour * 60 + end.minute - first) % DAY_MINUTES or DAY_MINUTES
    return [Span(day * DAY_MINUTES + first, length, owner) for day in days]


def find_flaw(held: Iterable[Span]) -> Flaw | None:
    """Return the first gap or overlap of the week, or None; a gap over its end is one gap."""
    pieces = sorted(piece for span in held for piece in _within_week(span))
    covered = 0
    owner = -1
    for span in pieces:
        if span.start > covered:
            start = covered
            if start == 0:
                start = max(piece.start + piece.length for piece in pieces)
            return Flaw(start % WEEK_MINUTES, span.start, ())
        end = span.start + span.length
        if span.start < covered:
            return Flaw(span.start, min(covered, end) % WEEK_MINUTES, (owner, span.owner))
        covered, owner = end, span.owner
    return Flaw(covered, 0, ()) if covered < WEEK_MINUTES else None


def _within_week(span: Span) -> list[Span]:
    """Return what of a span lies before the week's end, and what after it at its beginning."""
    over = span.start + span.length - WEEK_MINUTES
    if over <= 0:
        return [span]
    return [Span(span.start, span.length - over, span.owner), Span(0, over, span.owner)]


def day_and_time(minute: int) -> tuple[str, str]:
    """Return a minute of the week as day and time, such as `("mon", "06:00")`."""
    day, rest = divmod(minute % WEEK_MINUTES, DAY_MINUTES)
    return DAYS[day], f"{rest // 60:02d}:{rest % 60:02d}"
