"""How much energy some time can have brought: by the socket, and by the power that was measured."""

from __future__ import annotations

from typing import Final

from ..lazy_dataclass import dataclass

# How long a plug may take to bring its counters up to date, in seconds.
_REFRESH: Final = 120.0
# So long a power that was measured says something of the time around it, in seconds.
SHORT: Final = 600.0
# The counters of one plug are brought up to date at times of their own, in seconds.
LAG: Final = 300
# What the power may have been more between two measurements, and less.
_MORE, _LESS = 1.25, 0.5


def passable(watts: float, seconds: float) -> int:
    """Return the mWh that pass at a power in W in some seconds."""
    return int(watts * seconds / 3.6)


def at_most(mwh: int) -> int:
    """Return the most that power may have brought, in mWh, where it was told to bring so much."""
    return int(_MORE * mwh)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """What can have passed, in mWh: by the socket, and by the power at both ends of the time.

    `limit_w` is what the socket passes; `low_w` and `high_w` are the lesser and the greater of
    the powers that were measured, None where one is not told. All in W.
    """

    limit_w: float
    low_w: float | None = None
    high_w: float | None = None

    def room(self, seconds: float) -> int:
        """Return the most that the socket can have passed."""
        return passable(self.limit_w, seconds + _REFRESH)

    def likely(self, seconds: float) -> int:
        """Return how much one counter alone is believed to have grown.

        It is what the measured power brings, and where none is told what the socket passes. Of a
        longer time than ten minutes no counter is believed alone.
        """
        if seconds > SHORT:
            return passable(self.limit_w, _REFRESH)
        if self.high_w is None:
            return self.room(seconds)
        return passable(min(self.limit_w, _MORE * self.high_w), seconds + _REFRESH / 2)

    def most(self, seconds: float) -> int:
        """Return the most that some seconds can have brought, by the power where it is told."""
        if self.high_w is None or seconds > SHORT:
            return passable(self.limit_w, seconds)
        return passable(min(self.limit_w, _MORE * self.high_w), seconds)

    def brought(self, seconds: float) -> int:
        """Return what the lesser of the measured powers brings; 0 where none is told."""
        return 0 if self.low_w is None else passable(self.low_w, min(seconds, SHORT))

    def least(self, seconds: float) -> int:
        """Return the least that the measured power brings; 0 where none is told."""
        return int(_LESS * self.brought(seconds))
