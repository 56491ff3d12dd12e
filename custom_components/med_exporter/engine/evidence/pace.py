"""How much energy some time can have brought: by the socket, and by the power that was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# How long a plug may take to bring its counters up to date, in seconds.
_REFRESH: Final = 120
# The counters of one plug are brought up to date at times of their own, in seconds.
_LAG: Final = 60
# So long a power that was measured says something of the time around it, in seconds.
_SHORT: Final = 600
# What the power may have been more between two measurements, and less.
_MORE, _LESS = 1.25, 0.5


def passable(limit_w: float, seconds: float) -> int:
    """Return the mWh that can pass at a power in W in some seconds."""
    return int(limit_w * seconds / 3.6)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """What can have passed, in mWh: `limit_w` by the socket, `low` to `high` by measured power.

    All in W; `low` and `high` are None where no power is told.
    """

    limit_w: float
    low: float | None = None
    high: float | None = None

    @property
    def is_idle(self) -> bool:
        """Return whether the plug says that nothing flows."""
        return self.high is not None and self.high < 1

    def room(self, seconds: float) -> int:
        """Return the most that the socket can have passed."""
        return passable(self.limit_w, seconds + _REFRESH)

    def expected(self, seconds: float) -> int:
        """Return the most that the measured power makes likely.

        Where none is told, it is what the socket can pass. Of a long time power says little.
        """
        high = self.limit_w if self.high is None else _MORE * self.high
        return passable(high, min(seconds + _LAG, _SHORT))

    def is_short(self, seconds: float) -> bool:
        """Return whether power says something of the whole of that time."""
        return seconds + _LAG <= _SHORT

    def least(self, seconds: float) -> int:
        """Return the least that the measured power makes likely; 0 where none is told."""
        return 0 if self.low is None else int(_LESS * passable(self.low, min(seconds, _SHORT)))

    def suits(self, growth: int, seconds: float, rounding: int) -> bool:
        """Return whether a growth is what the measured power brings in that time."""
        least = self.least(seconds) - rounding
        return max(1, least) <= growth <= self.expected(seconds) + rounding
