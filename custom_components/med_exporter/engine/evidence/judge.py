"""Judge which counters of one reading are believed."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from ..lazy_dataclass import dataclass
from .contradiction import contradict
from .move import UNDATED, Kind, Move, Parts, Past, growth_between
from .pace import LAG, SHORT, Pace, passable
from .reading import Reason
from .verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from .dates import Clocks
    from .register import Register


@dataclass(kw_only=True, slots=True)
class Judge:
    """Judge one reading, and let what is not believed wait in its registers.

    Attributes:
        registers: the counters by name; those that are shown have begun.
        proved: what all of them have proved so far, in mWh.
        pace: what can have passed.
        rolled: by counter, whether the clocks prove that its period is a new one, or that it is
            the same; None where they prove neither.
        ended: what the plug says of its months that have ended since its month was read, in mWh
            used since then; None where it says nothing.
        at: when it was read.
        clocks: the plug's own date then of each counter, where it tells one.
        is_suspect: whether another counter shows more than can be. What is said together with it
            confirms nothing that waits, nor waits itself.
        bounds: by counter, the most that it can claim, in mWh, where another one is back. It takes
            effect once it is believed: what is cut to what another one says bears it no witness.

    """

    registers: Mapping[str, Register]
    proved: int
    pace: Pace
    rolled: Mapping[str, bool | None]
    at: datetime
    ended: int | None = None
    clocks: Clocks = field(default_factory=dict)
    is_suspect: bool = False
    verdict: Verdict = field(default_factory=Verdict)
    waiting: dict[str, Move] = field(default_factory=dict)
    bounds: dict[str, int] = field(default_factory=dict)

    def judge(self, shown: Mapping[str, Parts]) -> Verdict:
        """Return what to believe of what each counter shows, in mWh by period."""
        verdict, waiting = self.verdict, self.waiting
        returning = self._look(shown)
        told = dict(waiting)
        for name in [name for name, move in told.items() if move.kind is not Kind.FOLLOWS]:
            self._confirm(name, told)
        self._support(told, returning)
        for name in self.bounds.keys() & verdict.good.keys():
            good = verdict.good[name]
            # What it has grown since it waited, the others may be late to show.
            most = self.bounds[name] + (self.registers[name].goes_on(good, self.pace) or 0)
            if good.kind is Kind.FOLLOWS:
                claim, reach = min(good.claim, most), min(good.reach, most)
                verdict.good[name] = replace(good, claim=claim, reach=reach)
        verdict.returned |= returning & verdict.good.keys()
        verdict.jumped -= verdict.returned
        verdict.anew |= verdict.jumped | verdict.returned
        verdict.over |= {
            n for n, m in verdict.good.items() if self.rolled.get(n) and UNDATED in m.parts
        }
        verdict.anew |= verdict.over
        for name, move in verdict.good.items():
            register = self.registers[name]
            is_unseen = move.growth > self._likely(name) or (move.growth and register.age > SHORT)
            if is_unseen and not register.is_young:
                # It can turn out false until it has gone on from there.
                verdict.grown.add(name)
        contradict(verdict, self.registers, self.proved, self.pace, self.at)
        if self.is_suspect:
            waiting.clear()
        self._take_back()
        rivals = {name: doubt for name, doubt in verdict.taken_back if doubt.rival is None}
        for name, move in waiting.items():
            if (doubt := self.registers[name].doubt) is not None:
                doubt.told_for = doubt.seconds
            else:
                is_alone = self._is_alone(name, told)
                self.registers[name].hold(
                    move,
                    self.proved,
                    self.at.isoformat(),
                    self.clocks.get(name),
                    self.pace,
                    is_alone=is_alone,
                    rival=rivals.get(name),
                )
        most = max((move.claim for move in verdict.good.values()), default=self.proved)
        held = (verdict.ahead | waiting).items()
        more = [n for n, move in held if move.kind is not Kind.FALLS and move.claim > most]
        verdict.is_told = bool(verdict.good) and (not more or self._is_denied(more))
        return verdict

    def _is_denied(self, waiting: Collection[str]) -> bool:
        """Return whether another counter tells that nothing more was used since these were good.

        One that has begun anew meanwhile tells nothing of what was used before.
        """
        seconds = max(self.registers[name].age for name in waiting)
        return any(
            move.is_exact and self.registers[name].sure_for >= seconds
            for name, move in self.verdict.good.items()
        )

    def _look(self, shown: Mapping[str, Parts]) -> set[str]:
        """Compare each counter with its register; return those that are where they had been."""
        moves: dict[str, Move] = {}
        for name, parts in shown.items():
            register, move = self.registers[name], self._move(name, parts)
            if move is None:
                if register.doubt is not None and register.is_refuted(parts):
                    self.verdict.taken_back.append((name, register.doubt))
                    register.doubt = None
                continue
            moves[name] = move
        for name in [name for name, move in moves.items() if self._never_fell(move, name, moves)]:
            register = self.registers[name]
            assert register.doubt is not None
            self.verdict.taken_back.append((name, register.doubt))
            register.doubt = None
            moves[name] = self._move(name, shown[name]) or moves[name]
        fitting = {
            name: back
            for name, move in moves.items()
            if (back := self.registers[name].back(move, self.pace, self.at, is_together=True))
        }
        fitting = {
            name: back
            for name, back in fitting.items()
            if not self._is_left(name, back, moves, fitting)
        }
        returning = set()
        for name, move in moves.items():
            back = fitting.get(name)
            if back is not None and len(fitting) == 1:
                # It is alone: that is less likely.
                back = self.registers[name].back(move, self.pace, self.at)
            self.waiting[name] = move if back is None else back
            if back is not None:
                returning.add(name)
            elif (false := self.registers[name].recall(move, self.pace)) is not None:
                self.verdict.taken_back.append((name, false))
        self.bounds = self._unmask(moves, returning)
        return returning

    def _move(self, name: str, parts: Parts) -> Move | None:
        """Return what a counter would claim by its own register."""
        register = self.registers[name]
        return register.look(
            parts,
            self.pace,
            self.at,
            has_rolled=self.rolled.get(name) if UNDATED in parts else None,
            may_end=self.rolled.get(name) is not False and register.may_end(name, self.at),
            ended=self.ended if name == "month" else None,
        )

    def _never_fell(self, move: Move, name: str, moves: Mapping[str, Move]) -> bool:
        """Return whether another that fell when it did is back, and it has grown alike since."""
        register = self.registers[name]
        if register.doubt is None or not register.doubt.kind is move.kind is Kind.FALLS:
            return False
        growth = growth_between(register.shown, move.parts, register.noise)
        for other, back in moves.items():
            beside = self.registers[other]
            if growth is None or beside.doubt is None or back.kind is move.kind:
                continue
            fell = beside.doubt.kind is Kind.FALLS and beside.doubt.at == register.doubt.at
            if fell and abs(back.growth - growth) <= register.noise + beside.noise:
                return True
        return False

    def _is_left(
        self, name: str, back: Move, moves: Mapping[str, Move], fitting: Mapping[str, Move]
    ) -> bool:
        """Return whether another that left when it did speaks against its being back.

        Both began anew at once where that one goes on from there, and shows the same, or
        tells of more since than this one would have.
        """
        register, left_at = self.registers[name], back.to.left_at if back.to else ""
        # What it lacks by being late, it shows itself soon.
        most = back.growth + passable(self.pace.limit_w, LAG) + register.noise
        for other, move in moves.items():
            beside = self.registers[other]
            if beside.past is None or beside.past.left_at != left_at:
                continue
            is_alike = abs(beside.value - register.value) <= register.noise + beside.noise
            if register.value > 0 and is_alike and other not in fitting:
                return True
            if beside.grown_since_left(fitting.get(other, move)) > most:
                return True
        return False

    def _unmask(self, moves: Mapping[str, Move], returning: set[str]) -> dict[str, int]:
        """Hold what counters say against those that said something false together with them.

        Return what they claim at most, by counter.

        What several of them said at once was true of all, or of none.
        """
        ended: set[str] = set()
        bounds: dict[str, int] = {}
        most = self.proved
        for name, move in moves.items():
            register = self.registers[name]
            doubt = register.doubt
            if name in returning and (past := self.waiting[name].to) is not None:
                since, left_at = past.good_at, past.left_at
            elif (
                doubt is not None
                and move.kind is Kind.FOLLOWS
                # What is less once its period may have ended refutes nothing.
                and (
                    doubt.kind is Kind.FALLS
                    or (register.is_refuted(move.parts) and not register.may_end(name, self.at))
                )
            ):
                since, left_at = register.good_at, doubt.at
            else:
                continue
            has_outrun = doubt is not None and register.has_outrun_doubt(move, self.pace)
            if has_outrun or register.tells_all_since(since, move, self.pace, self.at, name):
                ended.add(left_at)
                most = max(most, self.waiting[name].claim)
        for name in moves.keys() - returning:
            past, move = self.registers[name].past, moves[name]
            if past is None or not self.registers[name].may_return or past.left_at not in ended:
                continue
            # A total may have begun anew at the same time.
            past.is_right = name != "total"
            if move.kind is Kind.FOLLOWS and not move.is_exact:
                bounds[name] = most
        return bounds

    def _support(self, told: Mapping[str, Move], returning: set[str]) -> None:
        """Believe what follows where another witness says the same."""
        verdict, waiting = self.verdict, self.waiting
        following = {name: m for name, m in waiting.items() if m.kind is Kind.FOLLOWS}
        peers = verdict.good | following
        far = {n for n, m in following.items() if m.to and m.growth > self._likely(n, m.to)}
        far |= {name for name in following if self.registers[name].is_false}
        for name, move in following.items():
            likely = self._likely(name, move.to)
            # What is back far from where it was may be nowhere: others that are so say no more.
            others = peers.keys() - (far if name in far else {name})
            near = {n: self.registers[n].noise for n in others}
            noise = self.registers[name].noise
            # What the plug tells of its ended months needs no witness; what follows them does.
            claim = move.claim - move.told
            alone = min(move.claim - self.proved, move.growth - move.told)
            if (alone <= likely and name not in far) or any(
                abs(peers[n].reach - claim) <= noise + other for n, other in near.items()
            ):
                verdict.good[name] = waiting.pop(name)
        # What claims no more than others prove needs no support.
        most = max((move.claim for move in verdict.good.values()), default=self.proved)
        # What lasts longest comes first: in the order of a set it would be another each time.
        for name in [name for name in self.registers if name in following and name in waiting]:
            if waiting[name].claim <= most + self.registers[name].noise and name not in far:
                verdict.good[name] = waiting.pop(name)
            else:
                self._confirm(name, told)

    def _likely(self, name: str, to: Past | None = None) -> int:
        """Return how much of a counter is believed though no other says the same."""
        register = self.registers[name]
        # What is back where it was had all the time since it was there.
        if max(register.age, 0.0 if to is None else to.seconds) > SHORT:
            # What the others lack by being late, they show themselves soon.
            likely = 0
        elif to is not None:
            likely = self.pace.likely(max(register.age, to.seconds))
        else:
            # What the power could not bring while it waited, it has not brought since.
            seconds = max(register.age, min(register.still, LAG))
            likely = min(self.pace.likely(seconds), register.can_owe + self.pace.likely(0))
            if self.pace.high_w is None and register.rate is not None:
                # What goes on otherwise than before waits for one reading more.
                likely = min(likely, passable(2 * register.rate, register.age + SHORT / 10))
        return likely + register.noise

    def _confirm(self, name: str, told: Mapping[str, Move]) -> None:
        """Believe a reading that goes on from the one that was doubted."""
        move, register, pace = self.waiting[name], self.registers[name], self.pace
        more = register.goes_on(move, pace)
        if more is None or register.doubt is None or self.is_suspect:
            return
        is_alone = register.doubt.is_alone and self._is_alone(name, told)
        if not register.confirms(more, pace, is_alone=is_alone):
            register.doubt.has_stood |= not more and register.doubt.owed > register.noise
            if move.kind is Kind.FALLS and register.outruns_doubt(more, pace, is_alone=is_alone):
                # Which of the two is false, the next one tells.
                self.verdict.taken_back.append((name, register.doubt))
                register.doubt = None
            return
        is_false_start = self._is_false_start(register, move, more)
        is_unpowered = (
            not is_false_start
            and move.kind is not Kind.FALLS
            and register.is_unpowered(move.growth, more)
        )
        if is_unpowered and register.is_proven and not register.is_disproved():
            return
        beyond = 0
        if register.outgrows(more, pace):
            # It says no more for certain than the earlier one, and waits with the rest.
            self.verdict.ahead[name], beyond, more = move, more, 0
            has_rolled = register.has_rolled_before_doubt(name)
            doubted = register.doubt.shown
            may_end = register.doubt.kept is not None
            move = (
                register.look(doubted, pace, self.at, has_rolled=has_rolled, may_end=may_end)
                or move
            )
            move = register.back(move, pace, self.at) or move
        may_roll = name == "total" or (
            name == "month" and UNDATED in move.parts and self.rolled.get(name) is not False
        )
        good = register.confirmed(move, more, pace, self.at, may_roll=may_roll)
        if name in self.verdict.ahead:
            # It goes on from what is believed now.
            ahead, claim = self.verdict.ahead[name], good.claim + beyond
            self.verdict.ahead[name] = replace(
                ahead, kind=Kind.FOLLOWS, claim=claim, reach=claim, kept=None
            )
        if is_unpowered or is_false_start:
            reason = Reason.FALSE_START if is_false_start else Reason.CONTRADICTED
            self.verdict.untrue[name] = reason
            # Whatever it was before, from there it has grown.
            claim = register.doubt.proved + more
            good = replace(good, claim=claim, reach=claim, is_first=is_false_start)
        if more > 0:
            self.verdict.fresh[name] = pace.likely(register.doubt.seconds)
        if name not in self.verdict.ahead and not register.may_restart_since_doubt(good, pace):
            good = replace(good, sure_for=register.doubt.seconds)
        self.verdict.good[name] = good
        (self.verdict.returned if good.is_back else self.verdict.jumped).add(name)
        del self.waiting[name]

    def _is_false_start(self, register: Register, move: Move, more: int) -> bool:
        """Return whether it began falsely: what began as low with it has then done so as well."""
        is_false = register.is_false_start(move.growth - more, self.pace)
        # By a fall it may have begun anew, and the others not.
        if is_false and move.kind is not Kind.FALLS:
            for other in self.registers.values():
                other.is_false = other.is_young and other.lasts_for == register.lasts_for
        return is_false

    def _is_alone(self, name: str, told: Mapping[str, Move]) -> bool:
        """Return whether no other counter says the same."""
        others = (move for other, move in told.items() if other != name)
        return not any(_is_alike(told[name], other, self.pace) for other in others)

    def _take_back(self) -> None:
        """Find the doubts that this reading does not go on from."""
        for name, move in (self.verdict.good | self.waiting).items():
            register = self.registers[name]
            if register.doubt is None or name in self.verdict.jumped:
                continue
            goes_on = register.goes_on(move, self.pace) is not None
            if goes_on:
                continue
            if move.kept is None:
                self.verdict.taken_back.append((name, register.doubt))
                register.is_contested = register.is_young
            register.doubt = None


def _is_alike(move: Move, other: Move, pace: Pace) -> bool:
    """Return whether two counters have fallen to nothing, or grown by about the same."""
    if Kind.FALLS in (move.kind, other.kind):
        return move.kind is other.kind and not any(move.parts.values())
    return abs(other.reach - move.reach) <= passable(pace.limit_w, LAG)
