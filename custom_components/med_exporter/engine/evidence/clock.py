"""The time by two clocks: one that tells the date and may jump, one that only ever goes on."""

from __future__ import annotations

from dataclasses import asdict, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

from ..lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

# A clock that is put right by less than this is followed, in seconds.
_FOLLOWED: Final = 300.0
# A new time must have lasted as long as the old one had, between these bounds in seconds.
_SETTLES_AFTER: Final = 900.0
_SETTLES_BEFORE: Final = 3600.0
# What has been the time for so long was right, in seconds.
_PROVEN_AFTER: Final = 86400.0
# A start that showed too little is put right within so many seconds; later, time was away.
_SET_WITHIN: Final = 7200.0
# However short a stop was, in seconds.
_A_STOP: Final = 1.0
_KEPT_STRETCHES: Final = 20


@dataclass(slots=True)
class _Stretch:
    """Some time during which the clock went on without a jump.

    `since` is its beginning in ticks, `offset` what makes them UTC seconds, `floor` the time that
    was told before, None where none was. `is_ahead` says that it may be found to have been too
    late, `is_behind` too early; `is_start` that nobody knows how long no time was told before: one
    that is not ahead shows less than was told, and is known to be wrong. `was` is the offset that
    was found to be wrong.
    """

    since: float
    offset: float
    floor: float | None = None
    is_ahead: bool = False
    is_behind: bool = False
    is_start: bool = False
    was: float | None = None

    @property
    def can_be_true(self) -> bool:
        """Return whether nothing speaks against a start but that the clock may be wrong."""
        return self.is_start and self.is_ahead


@dataclass(kw_only=True, slots=True)
class SteadyClock:
    """Tell the time, and do not follow the machine's clock where it jumps for a while.

    A machine without a battery starts in the past, and a time server may take it anywhere. A
    jump counts only when it has lasted: longer than the old time had, at least a quarter of an
    hour and at most an hour; a clock that is again where it was is believed at once. Until then
    time goes on from where it was. Of two readings the later one never has the earlier time,
    except where a clock that was ahead has been put right.

    The seconds that have passed are known better than the date: moments are to be remembered in
    ticks, which `ticks` makes of those of the process. Where the clock turns out to have been wrong
    for some of them, `at` gives them their right time from then on, and `take_redated` says from
    when on. What is kept by `to_dict` over a stop goes on from there: a clock that was wrong before
    may be found out after it. How long the stop was, the machine's clock says as well as it can,
    unless the machine went on: a start may be put right, also where it showed too little, and more
    than once.

    `last` is the time that was told last: kept over a start, a clock that then shows less is
    known to be wrong.
    """

    last: datetime | None = None
    _last_wall: float = 0.0
    _last_ticks: float = 0.0
    _stretches: list[_Stretch] = field(default_factory=list)
    _steady_for: float = 0.0
    _jump: _Stretch | None = None
    _jump_for: float = 0.0
    _redated: float | None = None
    # What makes ticks of the process's own; None before the first time is told.
    _shift: float | None = None

    def now(self, wall: datetime, ticks: float) -> datetime:
        """Return the time, in UTC.

        Args:
            wall: what the machine's clock shows, aware.
            ticks: seconds of a clock that is never put right, which begins anew with a start.

        """
        wall = wall.astimezone(UTC)
        if self._shift is None:
            self._shift = self._start(wall.timestamp()) - ticks
        ticks += self._shift
        offset = wall.timestamp() - ticks
        self._last_wall = wall.timestamp()
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
        place = self._wrong_since(offset)
        if self._jump_for >= needed or (place is not None and self._is_certain(place, offset)):
            self._follow(place, self._jump)
            self.last = wall
        else:
            # It may have been waited for just before.
            told = self.at(ticks)
            self.last = told if self.last is None else max(told, self.last)
        return self.last

    def ticks(self, ticks: float) -> float:
        """Return the seconds by which moments are remembered, for those of the process.

        To be asked after `now`.
        """
        return ticks + (self._shift or 0.0)

    def at(self, ticks: float) -> datetime:
        """Return the time of a moment, in UTC, by what is known of the clock now."""
        return datetime.fromtimestamp(self._stretch(ticks).offset + ticks, UTC)

    def take_redated(self) -> float | None:
        """Return from which moment on, in ticks, times have changed since this was asked last."""
        redated, self._redated = self._redated, None
        return redated

    @property
    def doubted_since(self) -> float | None:
        """Return from which moment on, in ticks, times may be found to be wrong; None for none."""
        doubted = [
            stretch.since
            for stretch in self._stretches
            if (stretch.is_ahead or stretch.is_behind)
            and self._last_ticks - stretch.since <= _PROVEN_AFTER
        ]
        if self._jump is not None:
            doubted.append(self._jump.since)
        if self._redated is not None:
            doubted.append(self._redated)
        return min(doubted, default=None)

    @property
    def settled(self) -> datetime | None:
        """Return before which time, in UTC, nothing is missing; None before the first is told.

        While it is judged which of two times is right, and until what has turned out is taken,
        nothing is over that moments may have to go to.
        """
        if self.last is None:
            return None
        began = [self.last.timestamp()]
        if (jump := self._jump) is not None:
            place = self._wrong_since(jump.offset)
            wrong = jump if place is None else self._stretches[place]
            began += [wrong.since + jump.offset, wrong.floor or began[0]]
        if (redated := self._redated) is not None:
            right = self._stretch(redated)
            began += [redated + right.offset, right.floor or began[0]]
        return datetime.fromtimestamp(min(began), UTC)

    def to_dict(self) -> dict[str, Any]:
        """Return what is known of the clock as plain JSON values."""
        return {
            "last": self.last and self.last.isoformat(),
            "last_wall": self._last_wall,
            "last_ticks": self._last_ticks,
            "stretches": [asdict(one) for one in self._stretches[-_KEPT_STRETCHES:]],
            "steady_for": self._steady_for,
            "jump": self._jump and asdict(self._jump),
            "jump_for": self._jump_for,
            "redated": self._redated,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the clock that `to_dict` described.

        Raises KeyError, TypeError or ValueError where the data is none of its own.
        """
        return cls(
            last=None if data["last"] is None else datetime.fromisoformat(data["last"]),
            _last_wall=data["last_wall"],
            _last_ticks=data["last_ticks"],
            _stretches=[_Stretch(**one) for one in data["stretches"]],
            _steady_for=data["steady_for"],
            _jump=None if data["jump"] is None else _Stretch(**data["jump"]),
            _jump_for=data["jump_for"],
            # An older version has not kept it.
            _redated=data.get("redated"),
        )

    def went_on(self, seconds: float, ticks: float) -> None:
        """Take it that so many seconds have passed since `to_dict`: the machine itself went on.

        How long the stop was is no question then to a clock that may be wrong. To be told before
        all else, with the ticks of the process.
        """
        if self._stretches:
            self._shift = self._last_ticks + seconds - ticks

    def told_until(self, last: datetime) -> None:
        """Take it that time was told until then, before a stop: not all of it may be kept."""
        if self.last is not None and last > self.last and self._stretches:
            more = (last - self.last).total_seconds()
            self._last_ticks += more
            self._last_wall += more
        self.last = last if self.last is None else max(self.last, last)

    def _stretch(self, ticks: float) -> _Stretch:
        """Return the stretch that goes on at a moment."""
        begun = [one for one in self._stretches if one.since <= ticks]
        return (begun or self._stretches[:1])[-1]

    def _start(self, wall: float) -> float:
        """Go on after a start; return the ticks."""
        if self.last is None:
            # Nobody knows anything: it may be wrong either way.
            self._stretches = [_Stretch(wall, 0.0, is_ahead=True, is_behind=True)]
            self._last_ticks = wall
            return wall
        told = self.last.timestamp()
        if not self._stretches:
            self._stretches = [_Stretch(told, 0.0)]
            self._last_ticks = self._last_wall = told
        # No moment of before is one of after.
        self._last_ticks += _A_STOP
        place = self._wrong_since(wall - self._last_ticks)
        if place and self._stretches[place].is_behind and not self._stretches[place].can_be_true:
            # Not a long stop, but a clock that was too late, and is put right.
            return self._last_ticks
        if wall < told - _FOLLOWED:
            self._begin(told, told, is_ahead=False)
            return self._last_ticks
        if (jump := self._jump) and jump.is_ahead and wall >= self._last_wall - _FOLLOWED:
            # It is still there after a stop: it has lasted.
            self._follow(self._wrong_since(jump.offset), jump)
            told = self._last_wall
        self._begin(wall, told, is_ahead=True)
        return self._last_ticks

    def _begin(self, time: float, told: float, *, is_ahead: bool) -> None:
        """Go on with a time after a stop: how long it was, that time says, and no ticks do."""
        ticks = self._last_ticks
        start = _Stretch(ticks, time - ticks, told, is_ahead, is_behind=True, is_start=True)
        self._stretches.append(start)
        self._jump, self._steady_for = None, 0.0

    def _wrong_since(self, offset: float) -> int | None:
        """Return the stretch that was wrong if the clock is right now: the first, if none fits."""
        current, found = self._stretches[-1], list[tuple[bool, bool, bool, int]]()
        for place, stretch in enumerate(self._stretches):
            if stretch.floor is None and current.is_start and not current.is_ahead:
                # A start that shows less than was told is no correction of what was told.
                continue
            off, is_certain = offset - stretch.offset, self._is_certain(place, offset)
            can_be = (stretch.is_ahead and off < -_FOLLOWED) or (
                stretch.is_behind and off > _FOLLOWED
            )
            proven_after = _SET_WITHIN if stretch.can_be_true and off > 0 else _PROVEN_AFTER
            since = self._last_ticks if self._jump is None else self._jump.since
            is_recent = since - stretch.since <= proven_after or is_certain
            if can_be and is_recent and _begins_late(stretch, offset) >= -_FOLLOWED:
                found.append((not is_certain, stretch.can_be_true, stretch.floor is None, place))
        return min(found)[-1] if found else None

    def _is_certain(self, place: int, offset: float) -> bool:
        """Return whether a clock is again where it was, or first tells a time that can be true.

        A start that is ahead is taken back as it was told: by nothing but the clock itself.
        """
        stretch = self._stretches[place]
        if stretch.was is not None and abs(offset - stretch.was) <= _FOLLOWED:
            return True
        if stretch.floor is None:
            return False
        late = _begins_late(stretch, offset)
        if abs(late) <= _FOLLOWED or not stretch.is_start or late < 0:
            return abs(late) <= _FOLLOWED
        is_recent = self._last_ticks - stretch.since <= _PROVEN_AFTER
        return not stretch.is_ahead or (offset < stretch.offset and is_recent)

    def _follow(self, place: int | None, jump: _Stretch) -> None:
        """Believe the time to which the clock has jumped, and since when it should have."""
        self._steady_for, self._jump = self._jump_for, None
        if place is None:
            while self._stretches and self._stretches[-1].since >= jump.since:
                popped = self._stretches.pop()
                jump.floor, jump.is_start = popped.floor, popped.is_start
            self._stretches.append(jump)
            since = jump.since
        else:
            wrong, stops = self._stretches[place], self._stops_since(place, jump.offset)
            since, offset = wrong.since, jump.offset - sum(length for _, length in stops)
            late = _begins_late(wrong, offset)
            del self._stretches[place:]
            before = self._stretches[-1] if place else None
            if before is not None and abs(before.offset - offset) <= _FOLLOWED:
                # It goes on from the one before.
                before.offset = offset
            else:
                # A start may be put right more than once.
                is_open = wrong.floor is None or wrong.is_start
                self._stretches.append(
                    _Stretch(
                        since,
                        offset,
                        wrong.floor,
                        is_ahead=is_open or late > _FOLLOWED,
                        is_behind=is_open,
                        is_start=wrong.is_start,
                        was=wrong.offset if is_open else None,
                    )
                )
            for start, length in stops:
                offset += length
                self._stretches.append(
                    replace(start, offset=offset, floor=start.since + offset - length)
                )
        self._redated = since if self._redated is None else min(since, self._redated)

    def _stops_since(self, place: int, offset: float) -> list[tuple[_Stretch, float]]:
        """Return the starts after a stretch that was wrong, and how long the stops before were.

        A clock that was off all the time knows that. There are none where it cannot have been.
        """
        stops = [
            (start, start.offset - before.offset)
            for before, start in pairwise(self._stretches[place:])
            if start.can_be_true
        ]
        began = _begins_late(self._stretches[place], offset - sum(length for _, length in stops))
        return stops if began >= -_FOLLOWED else []


def _begins_late(stretch: _Stretch, offset: float) -> float:
    """Return how long after its floor a stretch begins if its offset is that, in seconds."""
    return 0.0 if stretch.floor is None else stretch.since + offset - stretch.floor
