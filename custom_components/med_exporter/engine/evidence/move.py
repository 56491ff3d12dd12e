"""What a reading of a counter claims, and what of it waits or was left behind."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ..lazy_dataclass import dataclass
from .pace import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterator

type Parts = dict[str, int]
"""What a counter shows, in mWh by the period that it is of: `2026-11`, or empty where it rolls
over by itself."""

UNDATED: Final = ""
# How far the end of a plug's period may be from ours.
ROLLS_WITHIN: Final = timedelta(hours=3)
# Times by a date and by seconds that differ by more are of a clock that was put right.
_CLOCKS_AGREE: Final = timedelta(minutes=10)
# Smaller falls than this, in mWh, are rounding unless they halve the counter.
SMALL_FALL: Final = 10_000


class Kind(StrEnum):
    """How a reading stands to what was believed of the counter."""

    FOLLOWS = "follows"
    """It stands, or has grown by what the socket can pass."""
    LEAPS = "leaps"
    """It has grown by more."""
    FALLS = "falls"
    """It shows less."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """What a reading of a counter claims if it is true.

    `parts` are what it says of periods that matter, `growth` what it has grown by its own account;
    `claim` is all that must have been used by then, in mWh, and `reach` the same with what it
    lacked before; `is_exact` says that it cannot have forgotten any since it was read before,
    and `sure_for` else that it cannot in so many seconds;
    `is_back` that it is where it had been, and has forgotten some, `is_first` that what it showed
    before was a false beginning, and this may be one. Of one that has begun anew,
    `kept` is what it had grown by in a reading before that was still waiting, or by what the plug
    tells of the period that has ended; else it is None. `told` is what of the claim the plug tells
    so, which needs no other witness. `to` is where it is back, None where it is nowhere else than
    it was.
    """

    kind: Kind
    parts: Parts
    claim: int
    reach: int
    growth: int = 0
    is_exact: bool = False
    is_back: bool = False
    is_first: bool = False
    sure_for: float = 0.0
    kept: int | None = None
    told: int = 0
    to: Past | None = None


@dataclass(kw_only=True, slots=True)
class Doubt:
    """A reading that would be true only if the next one goes on from it.

    `shown` is what it showed, `proved` what all counters had proved by then, `seconds` its age,
    `owed` and `can_owe` the least and the most that the power has brought since, `could` the most
    before, since the counter moved, None where no power was told, `unseen` what of the most since
    was brought while nobody read it, `late` how much it may have been late to show by then;
    `kind` is how it stood to what was believed, `is_alone` that no other counter said the same, and
    `may_be_new` that all it showed can have passed since it was believed, `clock` the plug's date,
    `kept` as of its move, `is_back` that it was again where the counter had been; `has_stood` that
    it was told again when power must have moved it, so that it comes late; `told_for` is how long
    it was told, `rival` the reading that waited before, and was taken back by it.
    """

    shown: Parts
    proved: int
    at: str
    kind: Kind
    is_alone: bool = True
    may_be_new: bool = False
    clock: str | None = None
    seconds: float = 0.0
    owed: int = 0
    can_owe: int = 0
    kept: int | None = None
    is_back: bool = False
    late: int = 0
    could: int | None = None
    unseen: int = 0
    has_stood: bool = False
    told_for: float = 0.0
    rival: Doubt | None = None

    @property
    def can_show(self) -> int:
        """Return the most that one can show more which goes on from it, in mWh."""
        return self.late + self.can_owe

    def pass_time(self, seconds: float, least: int, most: int) -> None:
        """Let time pass, in which power has brought so much at least and at most."""
        self.seconds += seconds
        self.owed += least
        self.can_owe += most
        if seconds > SHORT:
            # A clock that was behind is put right: that time may have passed before.
            self.unseen += most
        if self.rival is not None:
            self.rival.pass_time(seconds, least, most)


@dataclass(kw_only=True, slots=True)
class Past:
    """Where a counter stood before it was found to go on from elsewhere.

    A plug may show zeros for a while, and then be back: nothing of that was energy. `seconds` is
    the time since it was good there, at `good_at`, and `still` since it moved there; `grain` is the
    step in which it counted, `owed` and `can_owe` the least and the most that the power has brought
    since then; `left_for` is the time since it was believed elsewhere, `moves` how often it has
    moved there; `level` is what all had proved when it moved last before, `left_at` when it was
    first read elsewhere, and
    `is_right` that this was false, `is_over` that its period has ended, so that nothing is back
    there; `before` is where it had stood before that.
    """

    shown: Parts
    claim: int
    seconds: float
    grain: int = 1
    still: float = 0.0
    can_owe: int = 0
    owed: int = 0
    left_for: float = 0.0
    moves: int = 0
    good_at: str = ""
    level: int = 0
    left_at: str = ""
    is_right: bool = False
    is_over: bool = False
    before: Past | None = None

    def earlier(self) -> Iterator[Past]:
        """Return where it had stood before that, the latest first."""
        if self.before is not None:
            yield self.before
            yield from self.before.earlier()


def first_day(period: str) -> date:
    """Return the first day of a dated period: a day, or a month."""
    return date.fromisoformat(period if len(period) > len("2026-11") else f"{period}-01")


def begins_within(period: str, since: str, at: datetime, seconds: float) -> bool:
    """Return whether a dated period can have begun in the seconds between two readings.

    Where the dates of both do not agree with the seconds, it must have begun for certain.
    """
    first = first_day(period)
    passed = timedelta(seconds=seconds)
    is_sure = not since or abs(at - datetime.fromisoformat(since) - passed) <= _CLOCKS_AGREE
    return first > (at - passed - (ROLLS_WITHIN if is_sure else -ROLLS_WITHIN)).date()


def growth_between(held: Parts, shown: Parts, noise: int) -> int | None:
    """Return what a counter has grown from one reading to another; None where it fell."""
    growth = 0
    for period, mwh in shown.items():
        before = held.get(period, mwh)
        fall = before - mwh
        is_halved = mwh * 2 < before
        # Rounding takes a step, and no more than that of what is as little.
        if 2 * fall > noise and (is_halved or fall > max(noise, min(SMALL_FALL, 5 * noise))):
            return None
        growth += max(0, -fall)
    return growth
