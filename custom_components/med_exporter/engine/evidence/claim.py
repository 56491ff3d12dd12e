"""What one reading of a counter claims, by where the counter stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ..lazy_dataclass import dataclass
from .move import (
    ROLLS_WITHIN,
    UNDATED,
    Kind,
    Move,
    Parts,
    begins_within,
    first_day,
    growth_between,
)
from .pace import SHORT
from .standing import Standing, grain_of

if TYPE_CHECKING:
    from .pace import Pace

# A plug that is read every hour is watched, in seconds.
_WATCHED: Final = 4500.0
# A clock that was behind is followed by then, and explains what seemed to have leapt, in seconds.
_DISPROVED_AFTER: Final = 7200.0


@dataclass(kw_only=True, slots=True)
class Claimant(Standing):
    """A counter that says what its readings claim, each against the one before. In mWh."""

    def look(
        self,
        shown: Parts,
        pace: Pace,
        at: datetime,
        *,
        has_rolled: bool | None = None,
        may_end: bool = False,
        ended: int | None = None,
    ) -> Move | None:
        """Return what a reading would claim; None where it says nothing of what runs.

        Args:
            shown: the counter, in mWh by period.
            pace: what can have passed.
            at: when it was read.
            has_rolled: whether the clocks prove that a period without a date is another one, or
                that it is the same; None where they prove neither.
            may_end: whether a period can have ended since what is doubted was read.
            ended: what the plug itself tells of the periods that have, since it was good last.

        """
        self.finest = grain_of(shown)
        newest = max(self.shown)
        # A period that has not begun shows nothing, and an older one tells nothing new, but of
        # where the counter may still be found to stand.
        past = {p for place in self.places() if self.may_return for p in place.shown}
        parts = {
            p: mwh
            for p, mwh in shown.items()
            if p in self.shown or p in past or (p > newest and mwh)
        }
        if not parts or max(parts) < newest:
            return None
        if has_rolled and UNDATED in parts:
            new, kept = parts[UNDATED], self._kept(parts, pace) if may_end else None
            told = ended if ended is not None and ended <= pace.room(self.still) else 0
            if ended is not None:
                kept = max(told, kept or 0)
            claim = self.level + (kept or 0) + (new if new <= pace.room(self.still) else 0)
            move = self._move(parts, claim, claim, claim - self.level, pace)
            return replace(move, kept=kept, told=told)
        known = {p: mwh for p, mwh in parts.items() if p in self.shown}
        growth = growth_between(self.shown, known, self.noise)
        if growth is None or self._is_still_fallen(known, growth, pace):
            return Move(
                kind=Kind.FALLS,
                parts=parts,
                claim=self.level,
                reach=self.level,
                kept=self._kept(parts, pace) if may_end else None,
            )
        new = self._new(parts, self.shown, pace.room(self.ran), self.good_at, at, self.age)
        base = self.claim
        # What others had proved by then may be of what begins already.
        if newest not in parts and not self._may_have_begun(min(p for p in parts if p > newest)):
            base = max(self.claim, self.level)
        # What one lacks that comes late it has not forgotten.
        is_behind = self.level - self.claim > self.lateness(pace) + self.noise
        # What others have proved may be among what it says of a period that has ended.
        has_ended = any(known.get(p) != mwh for p, mwh in self.shown.items() if p != newest)
        if self.is_suspect and is_behind and not has_ended:
            base = self.level
        may_be_new = UNDATED in parts and self.may_restart(parts, pace) and has_rolled is not False
        # What has fallen may have forgotten some, and have passed since what it showed.
        fell = self.doubt is not None and self.doubt.kind is Kind.FALLS
        if fell and self.doubt is not None:
            more = growth_between(self.doubt.shown, known, self.noise)
            fell = more is not None and more <= pace.room(self.doubt.seconds)
        return self._move(
            parts,
            base + growth + new,
            max(base, self.level, self.stood) + growth + new,
            growth + new,
            pace,
            is_exact=newest in parts
            and not (may_be_new or fell or (growth and self.has_lost(growth)))
            # A period that shows nothing may not have begun where the plug is.
            and (newest == UNDATED or self.shown[newest] > 0),
        )

    def _kept(self, parts: Parts, pace: Pace) -> int | None:
        """Return what it had grown by before it began anew, though nobody has confirmed that.

        A reading that followed is not taken back by the end of its period: None where it did not,
        where what begins shows more than can have passed since, and of an outage, after which
        nobody can tell whether it was true.
        """
        doubt = self.doubt
        if doubt is None:
            return None
        if doubt.kept is not None:
            more = growth_between(doubt.shown, parts, self.noise)
            return None if more is None else doubt.kept
        is_likely = parts[max(parts)] <= pace.room(doubt.seconds)
        was_watched = self.age - doubt.seconds <= _WATCHED
        if doubt.kind is not Kind.FOLLOWS or not (is_likely and was_watched):
            return None
        known = {p: mwh for p, mwh in doubt.shown.items() if p in self.shown}
        growth = growth_between(self.shown, known, self.noise)
        # What was said to be back elsewhere has not followed from here.
        is_passable = growth is not None and growth <= pace.room(self.age - doubt.seconds)
        return growth if is_passable else None

    def _move(
        self,
        parts: Parts,
        claim: int,
        reach: int,
        growth: int,
        pace: Pace,
        *,
        is_exact: bool = False,
    ) -> Move:
        newest, room = max(self.shown), pace.room(self.ran)
        leaps = (
            growth > pace.room(self.age)
            or any(mwh > room for p, mwh in parts.items() if p > newest)
            or (
                parts.get(self.empty, 0) > pace.room(self.empty_for)
                and self.empty not in self.shown
            )
            or self._outruns_doubt(parts, growth, pace)
            or self._has_leapt(parts, growth, pace)
        )
        return Move(
            kind=Kind.LEAPS if leaps else Kind.FOLLOWS,
            parts=parts,
            claim=claim,
            reach=reach,
            growth=growth,
            is_exact=is_exact,
        )

    def _outruns_doubt(self, parts: Parts, growth: int, pace: Pace) -> bool:
        """Return whether it cannot have come from the reading that is doubted, nor stood by then.

        One of the two is false: which of them, only the next one tells.
        """
        if self.doubt is None or growth <= pace.room(self.doubt.seconds):
            return False
        doubted = self.doubt.shown
        # What it did not tell of a period before tells nothing.
        more = sum(
            max(0, mwh - doubted.get(p, 0 if p > max(doubted) else mwh)) for p, mwh in parts.items()
        )
        return more > self.room_since_doubt(pace)

    def room_since_doubt(self, pace: Pace) -> int:
        """Return the most that it can have passed since it was doubted, or show late of before."""
        assert self.doubt is not None
        room = pace.room(self.doubt.seconds)
        return max(room, self.doubt.can_show) if self.doubt.has_stood else room

    def _has_leapt(self, parts: Parts, growth: int, pace: Pace) -> bool:
        """Return whether it goes on from a reading that had leapt: waiting makes that no truer."""
        doubt = self.doubt
        if doubt is None or doubt.kind is not Kind.LEAPS:
            return False
        more = growth_between(doubt.shown, parts, self.noise)
        return more is not None and growth - more > pace.room(self.age - doubt.seconds)

    def _new(
        self, parts: Parts, held: Parts, room: int, since: str, at: datetime, seconds: float
    ) -> int:
        """Return what was used in the periods that began after those that are held."""
        new = sum(
            mwh
            for p, mwh in parts.items()
            if p not in held and (p == self.empty or begins_within(p, since, at, seconds))
        )
        # More than what can have passed since was there before.
        return new if new <= room else 0

    def _may_have_begun(self, period: str) -> bool:
        """Return whether a dated period can have begun where the plug is when it was good last."""
        if not self.good_at:
            return False
        latest = datetime.fromisoformat(self.good_at) + ROLLS_WITHIN
        return latest.date() >= first_day(period)

    def may_restart(self, parts: Parts, pace: Pace) -> bool:
        """Return whether all that it shows can have passed since it was good last."""
        room = pace.room(self.age) if self.age > SHORT else pace.likely(self.age)
        return parts[max(parts)] <= room

    def _is_still_fallen(self, parts: Parts, growth: int, pace: Pace) -> bool:
        """Return whether it has fallen, and goes on from there, though near or past where it was.

        Past where it was, power tells: since the fall alone it has brought more than that.
        """
        doubt = self.doubt
        if doubt is None or doubt.kind is not Kind.FALLS:
            return False
        more = growth_between(doubt.shown, parts, self.noise)
        if more is None or more > pace.likely(doubt.seconds) + self.noise:
            return False
        if any(mwh < self.shown[period] for period, mwh in parts.items()):
            return True
        brought = pace.brought(doubt.seconds)
        return abs(more - brought) + self.noise < brought - growth

    def has_rolled_before_doubt(self, name: str) -> bool | None:
        """Return whether the plug's clock told another day or month when it was doubted.

        None where it tells neither, or the same.
        """
        told = None if self.doubt is None else self.doubt.clock
        length = {"day": len("2026-11-28"), "month": len("2026-11")}.get(name, 0)
        if UNDATED not in self.shown or told is None or self.clock is None:
            return None
        return told[:length] != self.clock[:length] or None

    def is_unpowered(self, growth: int, more: int) -> bool:
        """Return whether power tells that it never grew so far.

        Of its `growth`, `more` is since the reading that is doubted. A clock that was behind may
        have hidden the time that is told since: all of the growth must then fit into all of it.
        """
        doubt = self.doubt
        if doubt is None or doubt.kind is not Kind.LEAPS or doubt.could is None:
            return False
        leap, could = growth - more, doubt.could + (doubt.late if doubt.has_stood else 0)
        is_hidden = leap <= could + doubt.unseen and growth <= could + doubt.can_owe
        return leap > could and not is_hidden

    def is_disproved(self) -> bool:
        """Return whether no clock has explained for long what power says never was."""
        return self.doubt is not None and self.doubt.seconds > _DISPROVED_AFTER

    def is_refuted(self, shown: Parts) -> bool:
        """Return whether a period stands below what was doubted of it."""
        doubted = {} if self.doubt is None else self.doubt.shown
        return any(shown.get(p, mwh) + self.noise < mwh for p, mwh in doubted.items())
