"""The wall clock's rules on instants: a local day, and prices that go by the clock.

Hours that a clock change skips do not exist; hours that it repeats are priced twice by the same
rule.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ..times import HOUR, day_bounds
from .rates import LocalDay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from .rates import Rate

_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001
_SECOND: Final = timedelta(seconds=1)


def local_day(day: date, zone: tzinfo) -> LocalDay:
    """Return a day of the wall clock; one that a zone skips has no length."""
    return LocalDay(day, *day_bounds(day, zone), zone)


def on_the_clock(
    day: LocalDay,
    rate_at: Callable[[datetime], Rate],
    next_edge: Callable[[datetime], datetime],
) -> Iterator[tuple[int, int, Rate]]:
    """Yield the stretches of a day whose rates go by the wall clock.

    Args:
        day: the day.
        rate_at: the rate at a local, naive time.
        next_edge: a later local, naive time, until which that rate holds.

    """
    for begin, after, offset in _steady_clock(day):
        wall, wall_end = (_EPOCH + timedelta(seconds=moment + offset) for moment in (begin, after))
        while wall < wall_end:
            edge = min(next_edge(wall), wall_end)
            yield _instant(wall, offset), _instant(edge, offset), rate_at(wall)
            wall = edge


def _instant(wall: datetime, offset: int) -> int:
    return (wall - _EPOCH) // _SECOND - offset


def _steady_clock(day: LocalDay) -> Iterator[tuple[int, int, int]]:
    """Yield the stretches of a day in which the clock keeps its offset from UTC, in seconds."""
    zone = day.zone
    begin, offset = day.start, _offset(day.start, zone)
    seen = day.start
    while seen < day.end:
        following = min(seen + HOUR, day.end)
        # The day's end belongs to the next day, whose offset may be another.
        if _offset(following - 1, zone) != offset:
            change = _change(seen - 1, following - 1, offset, zone)
            yield begin, change, offset
            begin, offset = change, _offset(change, zone)
        seen = following
    if begin < day.end:
        yield begin, day.end, offset


def _change(before: int, after: int, offset: int, zone: tzinfo) -> int:
    """Return the first second after `before` at which the clock no longer has an offset."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(moment: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset() or timedelta()
    return offset // _SECOND
