"""Which of the rows that one clock after the other has dated are dated wrong.

Rows are written in the order of what happened: where their dates go back, a clock was ahead before
or is behind from then on. Shares no code with the integration.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def misdated(dates: Sequence[float]) -> set[int]:
    """Return the places of rows that contradict the order in which they were written.

    A clock that was ahead leapt forth by about as much before it was put back, and one that was
    behind when it was put right; where both can be, fewer rows are wrong. Where neither is so,
    since clocks were wrong one after the other, as many rows are right as can be.
    """
    left, places = list(dates), list(range(len(dates)))
    place = 1
    while place < len(left):
        run = _wrong_run(left, place) if left[place] < left[place - 1] else None
        if run is None:
            place += 1
            continue
        del left[run.start : run.stop], places[run.start : run.stop]
        place = max(1, run.start)
    rise = _longest_rise(left)
    return set(range(len(dates))).difference(places[one] for one in rise)


def _wrong_run(dates: Sequence[float], place: int) -> range | None:
    """Return the rows of a clock that was put right by as much as dates go back at a place."""
    back = dates[place - 1] - dates[place]

    def leaps_forth(one: int) -> bool:
        return back / 2 <= dates[one] - dates[one - 1] <= 3 * back / 2

    ahead = next((range(one, place) for one in range(place - 1, 0, -1) if leaps_forth(one)), None)
    behind = next(
        (range(place, one) for one in range(place + 1, len(dates)) if leaps_forth(one)), None
    )
    return min((run for run in (ahead, behind) if run is not None), key=len, default=None)


def _longest_rise(dates: Sequence[float]) -> list[int]:
    """Return the places of the most rows of which none is dated before an earlier one."""
    ends: list[float] = []
    places: list[int] = []
    before: list[int] = []
    for place, date in enumerate(dates):
        length = bisect_right(ends, date)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1] = [date]
        places[length : length + 1] = [place]
    rise = []
    place = places[-1] if places else -1
    while place >= 0:
        rise.append(place)
        place = before[place]
    return rise[::-1]
