"""Where a counter may be back: the places at which it stood before it was found elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..lazy_dataclass import dataclass
from .claim import Claimant
from .move import SMALL_FALL, Kind, Move, Parts, Past, growth_between
from .pace import SHORT, Pace, at_most, passable
from .standing import PROVEN_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

# A plug that reboots goes back to what it saved last, an hour ago at most.
_SAVED_EVERY: Final = 3600
# Power was told all the time where the most and the least that it brought differ by no more.
_TOLD: Final = 4


@dataclass(kw_only=True, slots=True)
class Returning(Claimant):
    """A counter that may be found again where it stood before it leapt or fell. In mWh."""

    def back(
        self, move: Move, pace: Pace, at: datetime, *, is_together: bool = False
    ) -> Move | None:
        """Return what it claims where it is again where it was before it went elsewhere.

        `is_together` says that another counter can be as well.
        """
        if not self.may_return:
            return None
        # Where it was before it showed what only an erased one can, that was false.
        places = [*self.places()]
        places.sort(key=lambda past: not self._was_never_erased(past, move.parts, pace))
        for past in places:
            if past.is_over or past.moves >= PROVEN_AFTER:
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
        fell = max((past.shown[period] - mwh for period, mwh in known.items()), default=0)
        has_moved = growth > noise or fell > noise
        return None if growth > room or (has_moved and growth < past.owed - noise) else growth

    def _goes_on_here(
        self, past: Past, move: Move, growth: int, pace: Pace, *, is_together: bool
    ) -> bool:
        """Return whether it goes on from where it stands, rather than from a place before."""
        if self._was_never_erased(past, move.parts, pace):
            return False
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

    def _was_never_erased(self, past: Past, parts: Parts, pace: Pace) -> bool:
        """Return whether it tells again of a period that had ended, as no erased plug does.

        Then it cannot have fallen by more than what it had not saved.
        """
        newest = max(past.shown)
        has_kept = any(mwh and p < newest and parts.get(p) == mwh for p, mwh in past.shown.items())
        before = past.shown[newest]
        value = self.shown.get(newest, before)
        return has_kept and begins_anew(before, value, pace, may_roll=False)

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
        self, pace: Pace, at: datetime, others: Iterable[Returning], *, may_roll: bool
    ) -> None:
        """Go on from where it stood before the place that it has left for good, if it can have.

        What it showed in between was false then, and what it is said to have leapt was used.
        """
        if self.past is None or self.may_return:
            return
        for past in self.places():
            claim = self.claim_since(past, self.shown, pace, at, may_roll=may_roll)
            if claim is not None:
                is_told = any(other.sure_for >= past.seconds for other in others)
                if past is not self.past and not is_told:
                    self.claim = max(self.claim, claim)
                break
        self.past = None

    def claim_since(
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
        can_show = min(room, past.can_owe + pace.likely(0))
        if value <= can_show and begins_anew(before, value, pace, may_roll=may_roll):
            return past.level + value
        return past.claim if before - value <= passable(pace.limit_w, _SAVED_EVERY) else None

    def grown_since_left(self, move: Move) -> int:
        """Return the least that a reading tells of since it stood where it was before."""
        if move.kind is not Kind.FALLS or self.past is None:
            return move.growth if move.kind is Kind.FOLLOWS else 0
        past = self.past
        return growth_between(past.shown, move.parts, self.noise_since(past)) or 0

    def _has_fallen_from(self, past: Past) -> bool:
        """Return whether it stands below where it was: only then growing can bring it back."""
        return any(self.shown.get(p, 0) < mwh for p, mwh in past.shown.items())

    def is_below(self, past: Past, move: Move) -> bool:
        """Return whether a reading shows less than the counter stood at in a place."""
        newest = max(past.shown)
        return move.parts.get(newest, past.shown[newest]) < past.shown[newest]


def begins_anew(before: int, value: int, pace: Pace, *, may_roll: bool) -> bool:
    """Return whether a counter that fell goes on from zero, and not from what was saved.

    `may_roll` says that it can begin anew by itself.
    """
    fall = before - value
    return (may_roll and (2 * value < before or fall > SMALL_FALL)) or fall > passable(
        pace.limit_w, _SAVED_EVERY
    )
