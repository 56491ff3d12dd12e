"""Hours of a week: who holds which minute, and whether every minute is held exactly once.

Days name the day on which the hours start: `sat 22:00 to 06:00` is Saturday night and ends on
Sunday morning, as suppliers write their contracts. Minutes count from Monday 00:00 on the wall
clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    """The first stretch of the week that is held by nobody, or by two owners.

    `start` and `end` are minutes of the week, `owners` is empty for a gap.
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


def find_flaw(held: Sequence[Span]) -> Flaw | None:
    """Return the first gap or overlap after the first span of the week, or None.

    Args:
        held: at least one span, in any order.

    """
    ordered = sorted(held)
    # Seen from the first span's start, so that a gap over the week's end is one gap.
    origin = ordered[0].start
    covered = 0
    previous = ordered[0]
    for span in (*ordered, Span(origin + WEEK_MINUTES, 0, ordered[0].owner)):
        start = span.start - origin
        if start > covered:
            return _flaw(origin, covered, start)
        if start < covered:
            # The week's end stands for the first span, which then begins anew.
            length = span.length or ordered[0].length
            return _flaw(origin, start, min(covered, start + length), (previous.owner, span.owner))
        covered = start + span.length
        previous = span
    return None


def _flaw(origin: int, start: int, end: int, owners: tuple[int, ...] = ()) -> Flaw:
    return Flaw((origin + start) % WEEK_MINUTES, (origin + end) % WEEK_MINUTES, owners)


def day_and_time(minute: int) -> tuple[str, str]:
    """Return a minute of the week as day and time, such as `("mon", "06:00")`."""
    day, rest = divmod(minute % WEEK_MINUTES, DAY_MINUTES)
    return DAYS[day], f"{rest // 60:02d}:{rest % 60:02d}"
