"""One counter of a plug, as a witness: what it claims, and what of it is doubted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..lazy_dataclass import dataclass
from .move import SMALL_FALL, UNDATED, Doubt, Kind, Move, Parts, Past, begins_within, growth_between
from .pace import SHORT, passable
from .standing import Standing

if TYPE_CHECKING:
    from datetime import datetime

    from .pace import Pace

# A plug that reboots goes back to what it saved last, an hour ago at most.
_SAVED_EVERY: Final = 3600
# A plug that answers twice at once says the same falsehood twice.
_CONFIRMS_AFTER: Final = 3.0
# What stands still where it must move is believed after so long, in seconds.
STANDS_FOR: Final = 3600.0
# A plug that is read every hour is watched, in seconds.
_WATCHED: Final = 4500.0


@dataclass(kw_only=True, slots=True)
class Register(Standing):
    """A counter that may restart, forget and lie: what its readings claim. Energies in mWh."""

    def look(
        self,
        shown: Parts,
        pace: Pace,
        at: datetime,
        *,
        has_rolled: bool | None = None,
        may_end: bool = False,
    ) -> Move | None:
        """Return what a reading would claim; None where it says nothing of what runs.

        Args:
            shown: the counter, in mWh by period.
            pace: what can have passed.
            at: when it was read.
            has_rolled: whether the clocks prove that a period without a date is another one, or
                that it is the same; None where they prove neither.
            may_end: whether a period can have ended since what is doubted was read.

        """
        self.finest = self._grain_of(shown)
        newest = max(self.shown)
        # A period that has not begun shows nothing, and an older one tells nothing new, but of
        # where the counter may still be found to stand.
        past = self.past.shown if self.past is not None and self.may_return else {}
        parts = {
            p: mwh
            for p, mwh in shown.items()
            if p in self.shown or p in past or (p > newest and mwh)
        }
        if not parts or max(parts) < newest:
            return None
        # A clock may be some seconds ahead of its counters: while it is watched, they show it fall.
        has_fallen = parts.get(UNDATED, 0) < self.shown.get(UNDATED, 0)
        if has_rolled and UNDATED in parts and (has_fallen or self.age > SHORT):
            new, kept = parts[UNDATED], self._kept(parts, pace) if may_end else None
            claim = self.level + (kept or 0) + (new if new <= pace.room(self.still) else 0)
            move = self._move(parts, claim, claim, claim - self.level, pace)
            return replace(move, kept=kept)
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
        new = self._new(parts, self.shown, pace.room(self.still), self.good_at, at, self.age)
        base = self.claim if newest in parts else max(self.claim, self.level)
        if self.is_suspect and self.level - self.claim > pace.likely(0) + self.noise:
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
            is_exact=newest in parts and not may_be_new and not fell,
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
        leaps = (
            growth > pace.room(self.age)
            or (
                parts.get(self.empty, 0) > pace.room(self.empty_for)
                and self.empty not in self.shown
            )
            or self._outruns_doubt(parts, growth, pace)
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
        more = sum(max(0, mwh - self.doubt.shown.get(p, 0)) for p, mwh in parts.items())
        return more > pace.room(self.doubt.seconds)

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

    def back(
        self, move: Move, pace: Pace, at: datetime, *, is_together: bool = False
    ) -> Move | None:
        """Return what it claims where it is again where it was before it went elsewhere.

        `is_together` says that another counter can be as well.
        """
        past = self.past
        if past is None or not self.may_return or max(past.shown) not in move.parts:
            return None
        # Together, and soon, they are less likely to have restarted, or used so much.
        is_sure = is_together and self.age <= SHORT
        has_fallen = self._has_fallen_from(past)
        is_far = pace.high_w is None and 2 * self.value < past.shown.get(max(self.shown), 0)
        goes_on_here = {
            Kind.FOLLOWS: self.value > 0 and not (is_sure and has_fallen and is_far),
            Kind.LEAPS: not has_fallen,
            Kind.FALLS: max(self.shown) not in past.shown
            or (self.may_restart(move.parts, pace) and not is_sure),
        }
        if goes_on_here[move.kind]:
            return None
        known = {p: mwh for p, mwh in move.parts.items() if p in past.shown}
        # It may have stood there for long before it left.
        room = pace.room(max(past.seconds, past.still))
        growth = growth_between(past.shown, known, self.noise)
        if growth is None:
            return None
        growth += self._new(move.parts, past.shown, room, past.good_at, at, past.seconds)
        if growth > room:
            return None
        claim = past.claim + growth
        return Move(kind=Kind.FOLLOWS, parts=move.parts, claim=claim, reach=claim, growth=growth)

    def _since_past(self, past: Past, move: Move, pace: Pace) -> Move:
        """Return what it claims by where it stood before it went elsewhere, which was false.

        It need not be there again: its period may have ended meanwhile, or the plug restarted.
        """
        room, value = pace.room(max(past.seconds, past.still)), move.parts[max(move.parts)]
        known = {p: mwh for p, mwh in move.parts.items() if p in past.shown}
        growth = growth_between(past.shown, known, self.noise)
        if growth is not None and known and growth <= room:
            claim = past.claim + growth
        else:
            claim = past.level + (value if value <= room else 0)
        return replace(move, claim=claim, reach=claim, is_exact=False, is_back=True)

    @property
    def is_away(self) -> bool:
        """Return whether it may be back where it was, and has not just grown since."""
        past = self.past
        if past is None or not self.may_return:
            return False
        return past.moves < 1 or self._has_fallen_from(past)

    def _has_fallen_from(self, past: Past) -> bool:
        """Return whether it stands below where it was: only then growing can bring it back."""
        return any(self.shown.get(p, 0) < mwh for p, mwh in past.shown.items())

    def may_restart(self, parts: Parts, pace: Pace) -> bool:
        """Return whether all that it shows can have passed since it was good last."""
        room = pace.room(self.age) if self.age > SHORT else pace.likely(self.age)
        return parts[max(parts)] <= room

    def goes_on(self, move: Move, pace: Pace) -> int | None:
        """Return what the counter has grown since the reading that is doubted.

        None where it does not go on from it.
        """
        doubt = self.doubt
        if doubt is None or (doubt.kind is Kind.FALLS) is not (move.kind is Kind.FALLS):
            return None
        more = growth_between(doubt.shown, move.parts, self.noise)
        if more is None or (doubt.kind is Kind.LEAPS and max(doubt.shown) not in move.parts):
            # Another day says nothing of what leapt in the one before.
            return None
        # A period that has begun since has grown from nothing.
        newest = max(doubt.shown)
        more += sum(mwh for p, mwh in move.parts.items() if p > newest)
        if more > pace.room(doubt.seconds):
            return None
        is_likely = doubt.seconds > SHORT or more <= pace.likely(doubt.seconds) + self.noise
        return more if is_likely else None

    def outgrows(self, more: int, pace: Pace) -> bool:
        """Return whether a reading that goes on by so much says more than it confirms."""
        assert self.doubt is not None
        return more > pace.likely(self.doubt.seconds) + self.noise

    def confirms(self, more: int, pace: Pace, *, is_alone: bool) -> bool:
        """Return whether a reading that goes on by so much says that the doubted one was true.

        What stands still may be the same falsehood once more; only of what has fallen another
        counter beside it tells that it is not.
        """
        assert self.doubt is not None
        seconds = self.doubt.seconds
        if seconds < _CONFIRMS_AFTER:
            return False
        # Where power tells that nothing flows, it has to stand.
        is_idle = self.doubt.kind is Kind.FOLLOWS and self.doubt.can_owe <= self.noise
        if seconds > (SHORT if is_idle else STANDS_FOR):
            return True
        least = pace.least(seconds)
        # Nothing is lost by another beginning.
        is_first = self.is_young and not self.is_contested
        may_stand = is_first if self.doubt.kind is not Kind.FALLS else not is_alone
        if self.doubt.kind is Kind.FOLLOWS and pace.high_w is None and not self.may_return:
            # The socket can have passed it while it was watched, and nothing takes it back.
            may_stand = may_stand or self.age - seconds <= SHORT
        return more + self.noise >= least and (more > 0 or may_stand)

    @property
    def is_false_start(self) -> bool:
        """Return whether it begins anew, rather than to have leapt or fallen since it began."""
        if not self.is_young or self.doubt is None:
            return False
        if self.doubt.kind is Kind.FALLS:
            # So soon, a beginning is likelier to be false than a plug to restart.
            return not self.doubt.may_be_new or self.age - self.doubt.seconds <= SHORT
        return self.doubt.kind is Kind.LEAPS and self.doubt.is_alone

    def confirmed(self, move: Move, more: int, pace: Pace, *, may_roll: bool) -> Move:
        """Return what is claimed by a reading that goes on from the one that was doubted.

        `may_roll` says that it can begin anew by itself; else it has, or is where it was saved.
        """
        assert self.doubt is not None
        if move.kind is not Kind.FALLS:
            if (
                self.past is not None
                and self._is_below_past(move)
                and move.growth > self.can_owe + pace.room(0)
            ):
                # It has not leapt, but come back, and has forgotten some while it was away.
                claim = self.past.claim
                return replace(move, claim=claim, reach=claim, is_exact=False, is_back=True)
            return replace(move, is_exact=False)
        if self.past is not None and self.past.is_right and self.may_return:
            return self._since_past(self.past, move, pace)
        fallen = [p for p, mwh in move.parts.items() if mwh < self.shown.get(p, 0)]
        period = max(fallen, default=max(move.parts))
        value, before = move.parts[period], self.shown.get(period, 0)
        fallen_to = self.doubt.shown.get(period, value)
        fall = before - fallen_to
        has_begun_anew = fallen_to <= pace.room(self.age - self.doubt.seconds) and (
            (may_roll and (2 * fallen_to < before or fall > SMALL_FALL))
            or fall > passable(pace.limit_w, _SAVED_EVERY)
        )
        from_zero = value + (self.doubt.kept or 0) if has_begun_anew else 0
        claim = max(self.level + from_zero, self.doubt.proved + more)
        return replace(move, claim=claim, reach=claim)

    def speaks_of(self, move: Move, seconds: float, least: int) -> bool:
        """Return whether it can have forgotten nothing in that time, and has not stopped.

        What has moved when at least so much was proved goes on, unless it stands where power says
        that it must move.
        """
        has_stopped = not move.growth and self.owed > self.noise
        return self.sure_for >= seconds and self.level >= least and not has_stopped

    def hold(
        self,
        move: Move,
        proved: int,
        at: str,
        clock: str | None,
        pace: Pace,
        *,
        is_alone: bool = True,
    ) -> None:
        """Wait for the next reading before this one is believed."""
        # Where no clock tells that any time has passed, none tells how much.
        is_timed = self.age > 0 and pace.high_w is not None
        could = self.could_owe
        self.doubt = Doubt(
            shown=dict(move.parts),
            proved=proved,
            at=at,
            kind=move.kind,
            is_alone=is_alone,
            may_be_new=self.may_restart(move.parts, pace),
            clock=clock,
            kept=move.kept,
            could=could + pace.room(0) if is_timed and could is not None else None,
        )

    def _is_below_past(self, move: Move) -> bool:
        if self.past is None or not self.may_return:
            return False
        newest = max(self.past.shown)
        return move.parts.get(newest, self.past.shown[newest]) < self.past.shown[newest]

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
