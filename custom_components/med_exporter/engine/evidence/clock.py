"""The time by two clocks: one that tells the date and may jump, one that only ever goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

# A clock that is put right by less than this is followed, in seconds.
_FOLLOWED: Final = 300.0
# A new time must have lasted as long as the old one had, between these bounds in seconds.
_SETTLES_AFTER: Final = 900.0
_SETTLES_BEFORE: Final = 3600.0
# What has been the time for so long was right, in seconds.
_PROVEN_AFTER: Final = 86400.0


@dataclass(slots=True)
class _Stretch:
    """Some time during which the clock went on without a jump.

    `since` is its beginning in ticks, `offset` what makes them UTC seconds, `floor` the time that
    was told before. `is_ahead` says that it began later than that, and may be found to have been
    too late; `is_behind` that it is earlier than it can be.
    """

    since: float
    offset: float
    floor: float | None = None
    is_ahead: bool = False
    is_behind: bool = False


@dataclass(kw_only=True, slots=True)
class SteadyClock:
    """Tell the time, and do not follow the machine's clock where it jumps for a while.

    A machine without a battery starts in the past, and a time server may take it anywhere. A
    jump counts only when it has lasted: longer than the old time had, at least a quarter of an
    hour and at most an hour; a clock that is again where it was is believed at once. Until then
    time goes on from where it was. Of two readings the later one never has the earlier time,
    except where a clock that was ahead has been put right.

    The seconds that have passed are known better than the date: moments are to be remembered in
    ticks. Where the clock turns out to have been wrong for some of them, `at` gives them their
    right time from then on, and `take_redated` says from when on.

    `last` is the time that was told last: kept over a restart, a clock that then shows less is
    known to be wrong.
    """

    last: datetime | None = None
    _last_ticks: float = 0.0
    _stretches: list[_Stretch] = field(default_factory=list)
    _steady_for: float = 0.0
    _jump: _Stretch | None = None
    _jump_for: float = 0.0
    _redated: float | None = None

    def now(self, wall: datetime, ticks: float) -> datetime:
        """Return the time, in UTC.

        Args:
            wall: what the machine's clock shows, aware.
            ticks: seconds of a clock that is never put right, from any beginning.

        """
        wall = wall.astimezone(UTC)
        offset = wall.timestamp() - ticks
        if not self._stretches:
            self._stretches, self._last_ticks = [self._first(offset, ticks)], ticks
        passed = max(0.0, ticks - self._last_ticks)
        self._last_ticks = ticks
        current = self._stretches[-1]
        if abs(offset - current.offset) <= _FOLLOWED:
            self._steady_for += passed
            self._jump = None
            current.offset = offset
            # A clock that is put back a little is waited for.
            self.last = wall if self.last is None else max(wall, self.last)
            return self.last
        if self._jump is None or abs(offset - self._jump.offset) > _FOLLOWED:
            is_ahead = offset > current.offset
            floor = ticks + current.offset
            self._jump = _Stretch(ticks, offset, floor, is_ahead, not is_ahead)
            self._jump_for = 0.0
        else:
            self._jump_for += passed
        needed = min(max(self._steady_for, _SETTLES_AFTER), _SETTLES_BEFORE)
        place = self._wrong_since(offset, ticks)
        if self._jump_for >= needed or (place is not None and self._is_certain(place, offset)):
            self._follow(place, self._jump)
            self.last = wall
        else:
            # It may have been waited for just before.
            told = self.at(ticks)
            self.last = told if self.last is None else max(told, self.last)
        return self.last

    def at(self, ticks: float) -> datetime:
        """Return the time of a moment, in UTC, by what is known of the clock now."""
        found = self._stretches[0]
        for stretch in self._stretches[1:]:
            if stretch.since <= ticks:
                found = stretch
        return datetime.fromtimestamp(found.offset + ticks, UTC)

    def take_redated(self) -> float | None:
        """Return from which moment on, in ticks, times have changed since this was asked last."""
        redated, self._redated = self._redated, None
        return redated

    def _first(self, offset: float, ticks: float) -> _Stretch:
        if self.last is None:
            return _Stretch(ticks, offset)
        floor = self.last.timestamp()
        off = ticks + offset - floor
        if off < -_FOLLOWED:
            return _Stretch(ticks, floor - ticks, floor, is_behind=True)
        # How long nobody told the time before a start is not known: any later time can be true.
        return _Stretch(ticks, offset, floor, is_ahead=off > _FOLLOWED)

    def _wrong_since(self, offset: float, ticks: float) -> int | None:
        """Return the first stretch that was wrong if the clock is right now."""
        for place, stretch in enumerate(self._stretches):
            off = offset - stretch.offset
            can_be = (stretch.is_ahead and off < -_FOLLOWED) or (
                stretch.is_behind and off > _FOLLOWED
            )
            is_recent = ticks - stretch.since <= _PROVEN_AFTER or self._is_certain(place, offset)
            if can_be and is_recent and _begins_late(stretch, offset) >= -_FOLLOWED:
                return place
        return None

    def _is_certain(self, place: int, offset: float) -> bool:
        """Return whether a clock is again where it was, or first tells a time that can be true."""
        stretch = self._stretches[place]
        late = _begins_late(stretch, offset)
        return abs(late) <= _FOLLOWED or (not place and stretch.is_behind and late > 0)

    def _follow(self, place: int | None, jump: _Stretch) -> None:
        """Believe the time to which the clock has jumped, and since when it should have."""
        self._steady_for, self._jump = self._jump_for, None
        if place is None:
            while self._stretches and self._stretches[-1].since >= jump.since:
                jump.floor = self._stretches.pop().floor
            self._stretches.append(jump)
            since = jump.since
        else:
            wrong = self._stretches[place]
            since, late = wrong.since, _begins_late(wrong, jump.offset)
            del self._stretches[place + 1 :]
            if place and abs(late) <= _FOLLOWED:
                # It goes on from the one before.
                self._stretches.pop()
                self._stretches[-1].offset = jump.offset
            else:
                right = _Stretch(since, jump.offset, wrong.floor, is_ahead=late > _FOLLOWED)
                self._stretches[place] = right
        self._redated = since if self._redated is None else min(since, self._redated)


def _begins_late(stretch: _Stretch, offset: float) -> float:
    """Return how long after its floor a stretch begins if its offset is that, in seconds."""
    return 0.0 if stretch.floor is None else stretch.since + offset - stretch.floor
