"""How much the recorder's thread is given at a time."""

from __future__ import annotations

from math import isqrt
from typing import Final

from ..database import Held

# How long the recorder's thread may take for a part, in seconds of processor and by the clock. Most
# of it by the clock alone is what others do: parts by that would be the smaller the more they do,
# and each rewrites all pages of the indexes that it has a share in.
SHORT: Final = 0.4
LATE: Final = 0.7

# Hours of a part at least and at most. With fewer, most of what is written is pages of the indexes
# that were written with the part before, and all of it takes longer than it holds others less.
_FEWEST: Final = 6_000
_MOST: Final = 100_000
_FASTEST: Final = 2.0
_SLOWER: Final = 1.25
# Of a sum at a time at least: what is less is left to Home Assistant's import. It is a whole number
# of days, so that sums mostly stay in step where the pace changes.
_SHORTEST: Final = 120
_DAY: Final = 24
# See `Pace.stretch`.
_BALANCE: Final = 1_600


class Pace:
    """How many hours are written in one transaction, by how long those before have taken.

    Attributes:
        hours: of all sums together.

    """

    def __init__(self) -> None:
        # While nobody knows how fast this machine is.
        self.hours = _FEWEST
        # By how much they may grow with a part: the less once it is known how many are too many.
        self._growth = _FASTEST
        self._held = Held(SHORT, LATE)

    def begin(self) -> None:
        """Note that the recorder's thread begins with a part. To be called in it."""
        self._held = Held(SHORT, LATE)

    @property
    def took_long(self) -> bool:
        """Tell whether the part has taken as long as it may. To be asked in its thread."""
        return self._held.share > 1

    def end(self, hours: int) -> None:
        """Note that a part with so many hours is committed. To be called in its thread."""
        share = self._held.share
        if not hours or (share <= 1 and 2 * hours < self.hours):
            # Not all that it might have been: nothing is known of more.
            return
        if share > 1:
            self._growth = _SLOWER
        # No less by one part, which may have met a disk that others kept busy.
        least, most = self.hours / 2, self.hours * self._growth
        fit = min(max(hours / share, least), most) if share else most
        self.hours = int(min(max(fit, _FEWEST), _MOST))

    def stretch(self, sums: int, most: int) -> int:
        """Return how many hours of each of so many sums go ahead together, `most` at most.

        A transaction writes two or three pages of the index by sum for each sum that it comes to,
        however few of its hours, and the part of the index by time in which the stretch lies, which
        the next sums of the stretch write again. Both together are least where the stretch is as
        the root of how many hours of each sum a transaction has.
        """
        best = min(most, isqrt(_BALANCE * self.hours // max(1, sums)))
        return max(_SHORTEST, best // _DAY * _DAY)
