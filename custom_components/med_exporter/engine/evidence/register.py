"""One counter of a plug, as a witness: what of it is doubted, and where it may be back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..lazy_dataclass import dataclass
from .claim import Claimant
from .move import SMALL_FALL, Doubt, Kind, Move, Parts, Past, growth_between
from .pace import LAG, SHORT, at_most, passable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from .pace import Pace

# A plug that reboots goes back to what it saved last, an hour ago at most.
_SAVED_EVERY: Final = 3600
# Power was told all the time where the most and the least that it brought differ by no more.
_TOLD: Final = 4
# A plug that answers twice at once says the same falsehood twice.
_CONFIRMS_AFTER: Final = 3.0
# What stands still where it must move is believed after so long, in seconds.
STANDS_FOR: Final = 3600.0


@dataclass(kw_only=True, slots=True)
class Register(Claimant):
    """A counter that may restart, forget and lie: which of its claims to believe. In mWh."""

    def back(
        self, move: Move, pace: Pace, at: datetime, *, is_together: bool = False
    ) -> Move | None:
        """Return what it claims where it is again where it was before it went elsewhere.

        `is_together` says that another counter can be as well.
        """
        if not self.may_return:
            return None
        for past in self.places():
            if past.is_over:
                continue
            growth = self._growth_since(past, move.parts, pace, at)
            if growth is not None:
                # It can have come from there, and from no place before.
                claim = past.claim + growth
                back = replace(
                    move, kind=Kind.FOLLOWS, claim=claim, reach=claim, growth=growth, to=past
                )
                back = replace(back, is_exact=False, kept=None)
                is_here = not self._was_back(move, pace) and self._goes_on_here(
                    past, move, growth, pace, is_together=is_together
                )
                return None if is_here else back
        return None

    def _was_back(self, move: Move, pace: Pace) -> bool:
        """Return whether it goes on from a reading by which it was back: time does not alter it."""
        doubt = self.doubt
        if doubt is None or not doubt.is_back:
            return False
        more = growth_between(doubt.shown, move.parts, self.noise)
        return more is not None and more <= pace.room(doubt.seconds)

    def _growth_since(self, past: Past, parts: Parts, pace: Pace, at: datetime) -> int | None:
        """Return what it has grown since it stood at a place; None if it cannot have."""
        if max(past.shown) not in parts:
            return None
        known = {p: mwh for p, mwh in parts.items() if p in past.shown}
        # It may have stood there for long before it left.
        room = pace.room(max(past.seconds, past.still))
        growth = growth_between(past.shown, known, self.noise_since(past))
        if growth is None:
            return None
        growth += self._new(parts, past.shown, room, past.good_at, at, past.seconds)
        # It may stand there though power flows, but does not go on by less than that brings.
        noise = self.noise_since(past)
        return None if growth > room or noise < growth < past.owed - noise else growth

    def _goes_on_here(
        self, past: Past, move: Move, growth: int, pace: Pace, *, is_together: bool
    ) -> bool:
        """Return whether it goes on from where it stands, rather than from a place before."""
        # Together, and soon, they are less likely to have restarted, or used so much.
        is_sure = is_together and self.age <= SHORT
        has_fallen = self._has_fallen_from(past)
        is_far = pace.high_w is None and 2 * self.value < past.shown.get(max(self.shown), 0)
        return {
            Kind.FOLLOWS: (self.value > 0 or past is not self.past)
            and not (is_sure and has_fallen and is_far)
            and not (has_fallen and move.growth > passable(pace.limit_w, self.still)),
            # It may have leapt only from what is doubted, or have stood where it must move.
            Kind.LEAPS: not has_fallen
            or move.growth <= pace.room(self.age)
            or self._is_brought(past, move, growth),
            Kind.FALLS: max(self.shown) not in past.shown
            or (
                self.may_restart(move.parts, pace)
                and not is_sure
                and not self._is_just_there(past, move.parts, growth, pace)
            ),
        }[move.kind]

    def _is_just_there(self, past: Past, parts: Parts, growth: int, pace: Pace) -> bool:
        """Return whether it is so far from zero just where it was that it has not restarted."""
        is_near = growth <= pace.likely(past.seconds) + self.noise
        return is_near and parts[max(parts)] > pace.room(SHORT)

    def _is_brought(self, past: Past, move: Move, growth: int) -> bool:
        """Return whether power tells rather what it has grown from here than from a place before.

        Only where it has stood while power flowed that was told, and can have brought so much.
        """
        is_told = self.noise < self.owed and self.can_owe <= _TOLD * self.owed
        if not is_told or move.growth > self.can_owe + self.noise:
            return False
        from_here = abs(at_most(move.growth) - self.can_owe)
        return from_here < abs(at_most(growth) - past.can_owe)

    def recover(
        self, pace: Pace, at: datetime, others: Iterable[Register], *, may_roll: bool
    ) -> None:
        """Go on from where it stood before the place that it has left for good, if it can have.

        What it showed in between was false then, and what it is said to have leapt was used.
        """
        if self.past is None or self.may_return:
            return
        for past in self.places():
            claim = self._claim_since(past, self.shown, pace, at, may_roll=may_roll)
            if claim is not None:
                is_told = any(other.sure_for >= past.seconds for other in others)
                if past is not self.past and not is_told:
                    self.claim = max(self.claim, claim)
                break
        self.past = None

    def _claim_since(
        self, past: Past, parts: Parts, pace: Pace, at: datetime, *, may_roll: bool
    ) -> int | None:
        """Return what it claims by where it stood once, if all that it showed since was false.

        It need not be there again: its period may have ended meanwhile, or the plug restarted.
        None where it cannot have come from there.
        """
        room = pace.room(max(past.seconds, past.still))
        known = {p: mwh for p, mwh in parts.items() if p in past.shown}
        growth = growth_between(past.shown, known, self.noise_since(past))
        new = self._new(parts, past.shown, room, past.good_at, at, past.seconds)
        if not known:
            return past.level + new
        if growth is not None:
            return past.claim + growth + new if growth + new <= room else None
        newest = max(parts)
        value, before = parts[newest], past.shown.get(newest, 0)
        if value >= before:
            # A period that has ended shows less: that one was erased, and this one with it.
            return None
        if value <= room and _begins_anew(before, value, pace, may_roll=may_roll):
            return past.level + value
        return past.claim if before - value <= passable(pace.limit_w, _SAVED_EVERY) else None

    def _has_fallen_from(self, past: Past) -> bool:
        """Return whether it stands below where it was: only then growing can bring it back."""
        return any(self.shown.get(p, 0) < mwh for p, mwh in past.shown.items())

    def goes_on(self, move: Move, pace: Pace) -> int | None:
        """Return what the counter has grown since the reading that is doubted.

        None where it does not go on from it.
        """
        doubt = self.doubt
        if doubt is None or (doubt.kind is Kind.FALLS) is not (move.kind is Kind.FALLS):
            return None
        more = growth_between(doubt.shown, move.parts, self.noise)
        newest = max(doubt.shown)
        is_told = newest in move.parts or (
            doubt.kind is not Kind.LEAPS and newest < max(move.parts)
        )
        if more is None or not is_told:
            # Another day says nothing of what leapt in the one before, nor of a later one.
            return None
        # A period that has begun since has grown from nothing.
        more += sum(mwh for p, mwh in move.parts.items() if p > newest)
        if more > pace.room(doubt.seconds):
            return None
        is_likely = doubt.seconds > SHORT or more <= pace.late(doubt.seconds) + self.noise
        return more if is_likely else None

    def recall(self, move: Move, pace: Pace) -> Doubt | None:
        """Doubt again what it had fallen to before, where it can have gone on from there.

        Return what was false in between; None where nothing was.
        """
        false = self.doubt
        if false is None or false.fell is None or move.kind is not Kind.FALLS:
            return None
        more = growth_between(false.fell.shown, move.parts, self.noise)
        if more is None or more > pace.room(false.fell.seconds):
            return None
        self.doubt = false.fell
        return false

    def may_restart_since_doubt(self, move: Move, pace: Pace) -> bool:
        """Return whether all that it shows can have passed since the reading that is doubted."""
        assert self.doubt is not None
        return move.parts[max(move.parts)] <= pace.likely(self.doubt.seconds)

    def has_outrun_doubt(self, move: Move, pace: Pace) -> bool:
        """Return whether power tells that it cannot have come from where it is doubted to be."""
        doubt = self.doubt
        if doubt is None or pace.high_w is None or doubt.seconds > SHORT:
            return False
        more = growth_between(doubt.shown, move.parts, self.noise)
        return more is None or more > pace.likely(doubt.seconds) + self.noise

    def outgrows(self, more: int, pace: Pace) -> bool:
        """Return whether a reading that goes on by so much says more than it confirms."""
        assert self.doubt is not None
        return more > pace.late(self.doubt.seconds) + self.noise

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
        is_late = self.comes_late or self.doubt.has_stood
        could = self.doubt.can_owe + (pace.late(0) if is_late else 0)
        if is_alone and pace.high_w is not None and more > could + self.noise:
            # It goes on by more than power brings: one of the two at least is false.
            return False
        # Nothing is lost by another beginning.
        is_first = self.is_young and not (self.is_contested or self.is_second)
        may_stand = is_first if self.doubt.kind is not Kind.FALLS else not is_alone
        if self.doubt.kind is Kind.FOLLOWS and pace.high_w is None and not self.may_return:
            # The socket can have passed it while it was watched, and nothing takes it back.
            may_stand = may_stand or self.age - seconds <= SHORT
        return more + self.noise >= self.doubt.owed and (more > 0 or may_stand)

    def is_false_start(self, growth: int, pace: Pace) -> bool:
        """Return whether it begins anew, rather than to have leapt or fallen since it began.

        `growth` is what it has grown up to the reading that is doubted: never more than power or
        the socket can have brought by then.
        """
        if not self.is_young or self.doubt is None:
            return False
        if self.doubt.kind is Kind.FOLLOWS and not self.is_false:
            return growth > self.can_owe - self.doubt.can_owe + pace.room(0)
        # Whatever it showed once it may never have stood at.
        return True

    def confirmed(self, move: Move, more: int, pace: Pace, at: datetime, *, may_roll: bool) -> Move:
        """Return what is claimed by a reading that goes on from the one that was doubted.

        `may_roll` says that it can begin anew by itself; else it has, or is where it was saved.
        """
        assert self.doubt is not None
        past = self.past if self.may_return else None
        claim = None
        if past is not None and (
            past.is_right
            or (
                move.kind is not Kind.FALLS
                and self._is_below(past, move)
                # It had leapt when it was doubted, whatever has passed since.
                and move.growth - more > self.can_owe - self.doubt.can_owe + pace.room(0)
            )
        ):
            may_begin = may_roll or past.is_right
            claim = self._claim_since(past, move.parts, pace, at, may_roll=may_begin)
        if claim is not None:
            # It has not leapt, but come back, and may have forgotten some while it was away.
            return replace(move, claim=claim, reach=claim, is_exact=False, is_back=True, to=past)
        if move.kind is not Kind.FALLS:
            return replace(move, is_exact=False)
        fallen = [p for p, mwh in move.parts.items() if mwh < self.shown.get(p, 0)]
        period = max(fallen, default=max(move.parts))
        value, before = move.parts[period], self.shown.get(period, 0)
        fallen_to = self.doubt.shown.get(period, value)
        # What has stood where power says that it must move may have begun anew since it moved.
        seconds = max(self.age, self.still if self.owed > self.noise else 0) - self.doubt.seconds
        has_begun_anew = fallen_to <= pace.room(seconds) and _begins_anew(
            before, fallen_to, pace, may_roll=may_roll
        )
        from_zero = value + (self.doubt.kept or 0) if has_begun_anew else 0
        claim = max(self.level + from_zero, self.doubt.proved + more)
        # What it now tells of a period that has ended was used before, whatever has fallen since.
        held = {p: mwh for p, mwh in self.shown.items() if p < period}
        if ended := growth_between(held, {p: m for p, m in move.parts.items() if p in held}, 0):
            claim = max(claim, self.claim + ended + value - before)
        return replace(move, claim=claim, reach=claim)

    def speaks_of(self, move: Move, seconds: float, proved: int, lag: int) -> bool:
        """Return whether it can have forgotten nothing in that time, and has not stopped.

        What has moved when all that is `proved` was goes on, unless it stands where power says
        that it must move; it may have lacked what passes in a `lag` if it has moved as lately.
        """
        has_stopped = not move.growth and self.owed > self.noise
        least = proved - max(lag if self.still <= LAG else 0, self.noise)
        return self.sure_for >= seconds and self.stood >= least and not has_stopped

    def hold(
        self,
        move: Move,
        proved: int,
        at: str,
        clock: str | None,
        pace: Pace,
        *,
        is_alone: bool = True,
        fell: Doubt | None = None,
    ) -> None:
        """Wait for the next reading before this one is believed; `fell` is what it took back."""
        # Where no clock tells that any time has passed, none tells how much.
        is_timed = self.age > 0 and pace.high_w is not None
        self.doubt = Doubt(
            shown=dict(move.parts),
            proved=proved,
            at=at,
            kind=move.kind,
            is_alone=is_alone,
            may_be_new=self.may_restart(move.parts, pace),
            clock=clock,
            kept=move.kept,
            is_back=move.to is not None,
            could=self.could_owe + pace.room(0) if is_timed else None,
            fell=fell,
        )

    def _is_below(self, past: Past, move: Move) -> bool:
        newest = max(past.shown)
        return move.parts.get(newest, past.shown[newest]) < past.shown[newest]


def _begins_anew(before: int, value: int, pace: Pace, *, may_roll: bool) -> bool:
    """Return whether a counter that fell goes on from zero, and not from what was saved.

    `may_roll` says that it can begin anew by itself.
    """
    fall = before - value
    return (may_roll and (2 * value < before or fall > SMALL_FALL)) or fall > passable(
        pace.limit_w, _SAVED_EVERY
    )
