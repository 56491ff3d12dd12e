"""One counter of a plug, as a witness: what of it is doubted, and which of its claims count."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ..lazy_dataclass import dataclass
from .move import ROLLS_WITHIN, UNDATED, Doubt, Kind, Move, growth_between
from .pace import LAG, SHORT
from .returning import Returning, begins_anew

if TYPE_CHECKING:
    from .pace import Pace

# A plug that answers twice at once says the same falsehood twice.
_CONFIRMS_AFTER: Final = 3.0
# What excludes a reading that waited, by how it stands itself, waits beside it.
_RIVALS: Final = {Kind.FALLS: Kind.FALLS, Kind.LEAPS: Kind.FOLLOWS}
# What stands still where it must move is believed after so long, in seconds.
STANDS_FOR: Final = 3600.0


@dataclass(kw_only=True, slots=True)
class Register(Returning):
    """A counter that may restart, forget and lie: which of its claims to believe. In mWh."""

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
        if more > self.room_since_doubt(pace):
            return None
        is_likely = doubt.seconds > SHORT or more <= doubt.can_show + self.noise
        return more if is_likely else None

    def recall(self, move: Move, pace: Pace) -> Doubt | None:
        """Doubt again what it had shown before, where it can have gone on from there.

        Return what was false in between; None where nothing was.
        """
        false = self.doubt
        if false is None or (rival := false.rival) is None or rival.kind is not move.kind:
            return None
        more = growth_between(rival.shown, move.parts, self.noise)
        if more is None or more > pace.room(rival.seconds):
            return None
        is_likely = rival.seconds <= SHORT and more <= rival.can_show + self.noise
        if rival.kind is Kind.FOLLOWS and not is_likely:
            # Only one that is late to be brought up to date has seemed to leap meanwhile.
            return None
        if rival.kind is Kind.FALLS and not self._is_powered(rival, more, pace):
            return None
        self.doubt = rival
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
        doubt = self.doubt
        assert doubt is not None
        can_show = pace.likely(doubt.seconds) if doubt.seconds > SHORT else doubt.can_show
        return more > can_show + self.noise

    def confirms(self, more: int, pace: Pace, *, is_alone: bool) -> bool:
        """Return whether a reading that goes on by so much says that the doubted one was true.

        What stands still may be the same falsehood once more; only of what has fallen another
        counter beside it tells that it is not.
        """
        assert self.doubt is not None
        seconds = self.doubt.seconds
        if seconds < _CONFIRMS_AFTER:
            return False
        rival = self.doubt.rival
        if rival is not None and rival.kind is Kind.FOLLOWS and seconds < rival.told_for:
            # Of two that exclude each other, what leaps must be told for as long as what follows.
            return False
        # Where power tells that nothing flows, it has to stand.
        is_idle = self.doubt.kind is Kind.FOLLOWS and self.doubt.can_owe <= self.noise
        if seconds > (SHORT if is_idle else STANDS_FOR):
            return True
        if self.outruns_doubt(more, pace, is_alone=is_alone):
            return False
        # Nothing is lost by another beginning.
        is_first = self.is_young and not (self.is_contested or self.is_second)
        may_stand = is_first if self.doubt.kind is not Kind.FALLS else not is_alone
        if self.doubt.kind is Kind.FOLLOWS and pace.high_w is None and not self.may_return:
            # The socket can have passed it while it was watched, and nothing takes it back.
            may_stand = may_stand or self.age - seconds <= SHORT
        return more + self.noise >= self.doubt.owed and (more > 0 or may_stand)

    def outruns_doubt(self, more: int, pace: Pace, *, is_alone: bool) -> bool:
        """Return whether it goes on by more than power brings: one of the two at least is false."""
        assert self.doubt is not None
        return is_alone and not self._is_powered(self.doubt, more, pace)

    def _is_powered(self, doubt: Doubt, more: int, pace: Pace) -> bool:
        """Return whether power can have brought so much since a reading that is doubted."""
        is_late = self.comes_late or self.had_stopped or doubt.has_stood
        could = doubt.can_show if is_late else doubt.can_owe
        return pace.high_w is None or more <= could + self.noise

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
                # One whose period is over by the plug's clock began anew there.
                and not past.is_over
                and self.is_below(past, move)
                # It had leapt when it was doubted, whatever has passed since.
                and move.growth - more > self.can_owe - self.doubt.can_owe + pace.room(0)
            )
        ):
            may_begin = may_roll or past.is_right
            claim = self.claim_since(past, move.parts, pace, at, may_roll=may_begin)
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
        stood = self.owed > self.noise and fallen_to <= self.can_owe - self.doubt.can_owe
        has_begun_anew = (self.doubt.may_be_new or stood) and begins_anew(
            before, fallen_to, pace, may_roll=may_roll
        )
        from_zero = value + (self.doubt.kept or 0) if has_begun_anew else 0
        claim = max(self.level + from_zero, self.doubt.proved + more)
        # What it now tells of a period that has ended was used before, whatever has fallen since.
        held = {p: mwh for p, mwh in self.shown.items() if p < period}
        if ended := growth_between(held, {p: m for p, m in move.parts.items() if p in held}, 0):
            claim = max(claim, self.claim + ended + value - before)
        return replace(move, claim=claim, reach=claim)

    def tells_all_since(self, since: str, move: Move, pace: Pace, at: datetime, name: str) -> bool:
        """Return whether a reading tells all since a time: its period has not ended meanwhile."""
        if UNDATED not in move.parts:
            return max(move.parts) in self.shown
        if not since:
            return False
        first, last = datetime.fromisoformat(since) - ROLLS_WITHIN, at + ROLLS_WITHIN
        if name == "total":
            if self.has_lost(move.growth):
                # It has stopped: at the most that it can show, say.
                return False
            # It ends only by a restart, from which it cannot have come so far.
            return self.age <= SHORT or not self.may_restart(move.parts, pace)
        is_same_month = (first.year, first.month) == (last.year, last.month)
        return is_same_month and (name == "month" or first.day == last.day)

    def may_end(self, name: str, at: datetime) -> bool:
        """Return whether its day or month can have ended since what is doubted of it."""
        if name == "total" or self.doubt is None:
            return False
        if self.doubt.kept is not None:
            return True
        first = datetime.fromisoformat(self.doubt.at) - ROLLS_WITHIN
        return first.date() != (at + ROLLS_WITHIN).date()

    def speaks_of(self, other: Register, move: Move, proved: int, lag: int) -> bool:
        """Return whether it can have forgotten nothing since another was good, nor has stopped.

        What has moved when all that is `proved` was goes on, unless it stands where power says
        that it must move; it may have lacked what passes in a `lag` if it has moved as lately.
        """
        has_stopped = not move.growth and self.owed > self.noise
        is_sure = self.sure_for >= other.age and not other.is_untimed
        return is_sure and self._had_moved(proved, lag) and not has_stopped

    def lasts_beside(self, other: Register, proved: int, lag: int) -> bool:
        """Return whether it has not begun anew since another was good; it may have forgotten some.

        Where it stands for no longer than one that is late, it has not stopped.
        """
        is_lasting = self.lasts_for >= other.age and not other.is_untimed
        has_stopped = self.still > LAG and self.owed > self.noise
        return is_lasting and self._had_moved(proved, lag) and not has_stopped

    def _had_moved(self, proved: int, lag: int) -> bool:
        return self.stood >= proved - max(lag if self.still <= LAG else 0, self.noise)

    def hold(
        self,
        move: Move,
        proved: int,
        at: str,
        clock: str | None,
        pace: Pace,
        *,
        is_alone: bool = True,
        rival: Doubt | None = None,
    ) -> None:
        """Wait for the next reading before this one is believed, which took back its `rival`."""
        # Where no clock tells that any time has passed, none tells how much.
        is_timed = not self.is_untimed and pace.high_w is not None
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
            late=pace.likely(LAG),
            could=self.could_owe + pace.room(0) if is_timed else None,
            rival=rival if rival and rival.kind is _RIVALS.get(move.kind) else None,
        )
