"""Weigh what a plug says against what was believed before.

The rules, in their order. A *witness* is a counter (total, month, day), or power times time.

1. What is no number, or no day or month can hold, is refused; so is a reading that comes late.
2. A counter that stands or grows, by no more than the socket can pass since it moved last,
   **follows**. It claims what had been used when it moved last, and its growth.
3. What follows is believed at once when a second witness says the same: power, which speaks for
   the last minutes only, or another counter to within rounding.
4. All else is **held**: growth that one counter alone tells, what **leaps** beyond what the socket
   can pass, what **falls**. So is all growth of a reading in which something leaps or is refused.
5. What is held is believed when a later reading goes on from it, by about what power brings; growth
   also when an hour has not taken it back. Standing still confirms nothing: a falsehood may be
   said twice. It is refused when the counter falls back from it, or is again where it was.
6. A fall that is confirmed is a restart. It has counted since zero what it shows, where it fell by
   more than it can have forgotten and that much can have passed; otherwise from now on only. Day
   and month of a plug that does not tell its date begin anew near a midnight only.
7. A leap that is confirmed was used, unless it leads back to where the counter had been before
   it fell or leapt: then it never was away. A counter that leaps before it has ever grown had a
   false first reading, and begins anew.
8. What is confirmed is not counted where another counter has grown by what power brings all the
   time since: then the counter goes on from there, and nothing was used.
9. The energy is what the first of total, month and day claims that are believed, or what another
   does that has more by more than rounding. It never falls, and never takes what is held.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from .pace import Pace, passable
from .reading import Reading, Reason, Refusal, to_kwh, to_mwh, unlikely
from .register import UNDATED, Kind, Move, Parts, Register

if TYPE_CHECKING:
    from collections.abc import Mapping

# A socket of 16 A at 250 V, and what it may exceed that by.
SOCKET_WATTS: Final = 4200.0

_KEPT_REFUSALS: Final = 10
# Energy that is held and less than what passes in so many seconds leaves nothing untold.
_UNTOLD: Final = 300
# How far its midnight may be from ours where it tells no date.
_ROLLS_WITHIN: Final = timedelta(hours=2)
_LONGEST_DAY: Final = 26 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a reading has proved.

    Attributes:
        energy: all that has been counted, in mWh; it never falls.
        growth: what this reading has added to it.
        since: from when on the growth was used; None for the first reading.
        is_told: whether the energy is now known up to this reading. What it still lacks comes
            with a later one.
        day: the plug's own counter of its running day in mWh, None where it is not believed.
        month: likewise.
        refused: what was not believed, and never will be.

    """

    energy: int
    growth: int = 0
    since: datetime | None = None
    is_told: bool = False
    day: int | None = None
    month: int | None = None
    refused: tuple[Refusal, ...] = ()


@dataclass(kw_only=True, slots=True)
class Evidence:
    """The witnesses of one plug, and the energy that they prove together.

    `energy` is in mWh, `told_at` until when it is known, `power` the last that was told, in W;
    `refusals` are the latest, `refused` counts all.
    """

    energy: int = 0
    told_at: datetime | None = None
    power: float | None = None
    total: Register = field(default_factory=Register)
    month: Register = field(default_factory=Register)
    day: Register = field(default_factory=Register)
    refused: int = 0
    refusals: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_REFUSALS))

    @property
    def is_doubtful(self) -> bool:
        """Return whether a reading is being held until a later one resolves it."""
        return any(
            register.held is not None and not _looks_like_a_roll_over(name, register)
            for name, register in self._registers().items()
        )

    def weigh(self, reading: Reading, limit_w: float = SOCKET_WATTS) -> Outcome:
        """Take a reading and return what it proves.

        Args:
            reading: what the plug said.
            limit_w: the power that its socket can pass, in W.

        """
        if reading.seconds < 0:
            late = [
                self._refusal(reading.at, Reason.LATE, name, kwh)
                for name, kwh in reading.shown().items()
            ]
            return self._outcome(late)
        pace = self._pace(reading, limit_w)
        shown, refusals = self._sift(reading, pace.limit_w)
        if self.told_at is None:
            return self._begin(reading, shown, refusals)
        registers = self._registers()
        for register in registers.values():
            register.pass_time(reading.seconds)
        moves = self._moves(reading, shown, pace, refusals)
        good = _believed(moves, self._tolerance, is_sound=not refusals)
        self._contradict(good, pace, reading, refusals)
        growth = self._count(good)
        for name, move in moves.items():
            if name in good:
                registers[name].accept(shown[name], good[name], self.energy, self._tolerance)
            else:
                registers[name].hold(shown[name], move, reading.at.isoformat())
        since, is_told = self.told_at, self._is_told(good, pace)
        if is_told:
            self.told_at = reading.at
        believed = {
            name: parts
            for name, parts in shown.items()
            if name in good or _looks_like_a_roll_over(name, registers[name])
        }
        return self._outcome(refusals, believed, growth=growth, since=since, is_told=is_told)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return {
            "energy": self.energy,
            "told_at": self.told_at and self.told_at.isoformat(),
            "power": self.power,
            **{name: register.to_dict() for name, register in self._registers().items()},
            "refused": self.refused,
            "refusals": list(self.refusals),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evidence:
        """Return the evidence that `to_dict` described.

        Raises KeyError, TypeError or ValueError where the data is none of its own.
        """
        told_at = data["told_at"]
        return cls(
            **{
                **data,
                "told_at": None if told_at is None else datetime.fromisoformat(told_at),
                **{name: Register.from_dict(data[name]) for name in ("total", "month", "day")},
                "refusals": deque(data["refusals"], maxlen=_KEPT_REFUSALS),
            }
        )

    @classmethod
    def resumed(cls, energy: int, reading: Reading) -> Evidence:
        """Return the evidence of a counter that stood at `energy` when it read so."""
        evidence = cls(energy=energy, told_at=reading.at)
        shown, _ = evidence._sift(reading, SOCKET_WATTS)
        for name, parts in shown.items():
            register = evidence._registers()[name]
            register.begin(parts, energy)
            # It has been believed for long.
            register.is_young = False
        return evidence

    def _registers(self) -> dict[str, Register]:
        return {"total": self.total, "month": self.month, "day": self.day}

    @property
    def _tolerance(self) -> int:
        """How far counters that say the same may be apart by rounding."""
        return 4 * max((r.grain for r in self._registers().values() if r.is_begun), default=0)

    def _pace(self, reading: Reading, limit_w: float) -> Pace:
        before, power = self.power, reading.power
        if power is None or not math.isfinite(power) or power < 0:
            # What was measured before says nothing of what nobody measures now.
            self.power = None
            return Pace(limit_w=limit_w)
        self.power = power
        # A socket that passes more than it should proves that it can.
        limit_w = max(limit_w, 1.2 * min(power, 2 * limit_w))
        before = power if before is None else before
        return Pace(limit_w=limit_w, low=min(before, power), high=min(max(before, power), limit_w))

    def _sift(self, reading: Reading, limit_w: float) -> tuple[dict[str, Parts], list[Refusal]]:
        """Return the counters that can be true whatever was before, by name and period."""
        shown: dict[str, Parts] = {}
        refusals: list[Refusal] = []
        told = reading.shown()
        for name, register in self._registers().items():
            if name not in told:
                continue
            if reason := unlikely(name, told[name], limit_w):
                refusals.append(self._refusal(reading.at, reason, name, told[name]))
                continue
            dated = reading.dated or reading.clock
            period = max(register.shown, default=UNDATED)
            if name != "total" and dated is not None:
                period = _period(name, dated)
                register.name_period(period)
            shown[name] = {period: to_mwh(told[name])}
        last = reading.month_before
        if reading.dated is not None and "month" in shown and last is not None:
            if reason := unlikely("month", last, limit_w):
                refusals.append(self._refusal(reading.at, reason, "month", last))
            else:
                before = reading.dated.replace(day=1) - timedelta(days=1)
                shown["month"][_period("month", before)] = to_mwh(last)
        return shown, refusals

    def _begin(self, reading: Reading, shown: dict[str, Parts], refusals: list[Refusal]) -> Outcome:
        if not shown:
            return self._outcome(refusals)
        self.energy = max(parts[max(parts)] for parts in shown.values())
        for name, parts in shown.items():
            self._registers()[name].begin(parts, self.energy)
        self.told_at = reading.at
        return self._outcome(refusals, shown, is_told=True)

    def _moves(
        self, reading: Reading, shown: dict[str, Parts], pace: Pace, refusals: list[Refusal]
    ) -> dict[str, Move]:
        """Return what each counter claims that was believed before; let the others begin."""
        moves: dict[str, Move] = {}
        for name, parts in shown.items():
            register = self._registers()[name]
            if not register.is_begun:
                register.begin(parts, self.energy)
                continue
            can_roll = name == "total" or _may_roll(name, reading, register)
            move = register.judge(parts, self.energy, pace, may_roll=can_roll)
            if move.refused is not None:
                false = move.refused
                reason = Reason.FALL if false.kind is Kind.FALLS else Reason.SPIKE
                kwh = to_kwh(false.first[max(false.first)])
                at = datetime.fromisoformat(false.at)
                refusals.append(self._refusal(at, reason, name, kwh))
            if move.kind is Kind.LEAPS and register.is_young:
                kwh = to_kwh(register.value)
                refusals.append(self._refusal(reading.at, Reason.FALSE_START, name, kwh))
                register.begin(parts, self.energy)
                continue
            moves[name] = move
        return moves

    def _contradict(
        self, good: dict[str, Move], pace: Pace, reading: Reading, refusals: list[Refusal]
    ) -> None:
        """Take back the claims of which another counter has shown that they were not used."""
        registers = self._registers()
        steady = {
            name: registers[name].steady
            for name, move in good.items()
            if move.is_steady and (move.growth or pace.high is not None)
        }
        for name, move in good.items():
            others = [since for other, since in steady.items() if other != name]
            is_more = not move.is_steady and move.claim > self.energy + self._tolerance
            if is_more and max(others, default=-1) >= registers[name].vague:
                kwh = to_kwh(move.claim - registers[name].level + registers[name].value)
                refusals.append(self._refusal(reading.at, Reason.CONTRADICTED, name, kwh))
                good[name] = replace(move, claim=self.energy)

    def _count(self, good: Mapping[str, Move]) -> int:
        """Count what the believed counters claim, and return what that adds."""
        before = self.energy
        for number, move in enumerate(good.values()):
            if move.claim > self.energy + (self._tolerance if number else 0):
                self.energy = move.claim
        return self.energy - before

    def _is_told(self, good: Mapping[str, Move], pace: Pace) -> bool:
        helds = [r.held for r in self._registers().values() if r.held is not None]
        least = self.energy + passable(pace.limit_w, _UNTOLD)
        if any(held.kind is not Kind.FALLS and held.claim > least for held in helds):
            return False
        # A counter that fell, and stands still while nothing flows, has nothing to tell.
        return bool(good) or any(pace.is_idle and not held.has_grown for held in helds)

    def _outcome(
        self,
        refusals: list[Refusal],
        believed: Mapping[str, Parts] | None = None,
        *,
        growth: int = 0,
        since: datetime | None = None,
        is_told: bool = False,
    ) -> Outcome:
        self.refused += len(refusals)
        self.refusals.extend(refusal.to_dict() for refusal in refusals)
        told = {name: parts[max(parts)] for name, parts in (believed or {}).items()}
        return Outcome(
            energy=self.energy,
            day=told.get("day"),
            month=told.get("month"),
            refused=tuple(refusals),
            growth=growth,
            since=since,
            is_told=is_told,
        )

    def _refusal(self, at: datetime, reason: Reason, name: str, kwh: float) -> Refusal:
        register = self._registers()[name]
        return Refusal(
            at=at,
            reason=reason,
            counter=name,
            value_kwh=kwh,
            believed_kwh=to_kwh(register.value) if register.is_begun else None,
        )


def _believed(moves: Mapping[str, Move], tolerance: int, *, is_sound: bool) -> dict[str, Move]:
    """Return what a second witness speaks for."""
    follows = {name: move for name, move in moves.items() if move.is_prompt}
    # In a reading of which something is false, the rest can be false alike.
    is_sound = is_sound and not any(move.kind is Kind.LEAPS for move in moves.values())
    return {
        name: move
        for name, move in moves.items()
        if move.is_sure
        or any(
            is_sound and name in follows and abs(move.claim - other.claim) <= tolerance
            for also, other in follows.items()
            if also != name
        )
    }


def _period(name: str, dated: date) -> str:
    return dated.isoformat() if name == "day" else f"{dated:%Y-%m}"


def _may_roll(name: str, reading: Reading, register: Register) -> bool:
    """Return whether the plug may have begun a new day or month since the counter was read."""
    if reading.dated is not None or reading.clock is not None:
        return False
    first = reading.at - _ROLLS_WITHIN - timedelta(seconds=register.unread)
    last = reading.at + _ROLLS_WITHIN
    return _period(name, first.date()) != _period(name, last.date())


def _looks_like_a_roll_over(name: str, register: Register) -> bool:
    """Return whether what is held is most likely a new day or month of the plug."""
    held = register.held
    return (
        held is not None
        and held.kind is Kind.FALLS
        and name != "total"
        and held.first[max(held.first)] <= passable(SOCKET_WATTS, _LONGEST_DAY)
    )
