"""The time by two clocks: one that tells the date and may jump, one that only ever goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

# A clock that is put right by less than this is followed, in seconds.
_FOLLOWED: Final = 300.0
# A new time must have lasted as long as the old one had, between these bounds in seconds.
_SETTLES_AFTER: Final = 900.0
_SETTLES_BEFORE: Final = 3600.0


@dataclass(kw_only=True, slots=True)
class SteadyClock:
    """Tell the time, and do not follow the machine's clock where it jumps for a while.

    A machine without a battery starts in the past, and a time server may take it anywhere. A
    jump counts only when it has lasted: longer than the old time had, at least a quarter of an
    hour and at most an hour. Until then time goes on from where it was. Of two readings the later
    one never has the earlier time, except where a clock that was ahead has been put right.

    `last` is the time that was told last: kept over a restart, a clock that then shows less is
    known to be wrong.
    """

    last: datetime | None = None
    _last_ticks: float | None = None
    _is_proven: bool = False
    _steady_for: float = 0.0
    _offset: float | None = None
    _offset_for: float = 0.0

    def now(self, wall: datetime, ticks: float) -> datetime:
        """Return the time, in UTC.

        Args:
            wall: what the machine's clock shows, aware.
            ticks: seconds of a clock that is never put right, from any beginning.

        """
        wall = wall.astimezone(UTC)
        passed = 0.0 if self._last_ticks is None else max(0.0, ticks - self._last_ticks)
        self._last_ticks = ticks
        if self.last is None:
            self.last, self._is_proven = wall, True
            return wall
        expected = self.last + timedelta(seconds=passed)
        off = (wall - expected).total_seconds()
        # How long nobody told the time before a start is not known: any later time can be true.
        if abs(off) <= _FOLLOWED or (off > 0 and not self._is_proven):
            self._is_proven = True
            self._steady_for += passed
            self._offset = None
            # A clock that is put back a little is waited for.
            self.last = max(wall, self.last)
            return self.last
        if self._offset is None or abs(off - self._offset) > _FOLLOWED:
            self._offset, self._offset_for = off, 0.0
        else:
            self._offset_for += passed
        needed = min(max(self._steady_for, _SETTLES_AFTER), _SETTLES_BEFORE)
        if self._offset_for >= needed:
            self._steady_for, self._offset = self._offset_for, None
            self.last = wall
        else:
            self.last = expected
        return self.last
