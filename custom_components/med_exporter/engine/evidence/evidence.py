"""Weigh what a plug says against what was believed before.

Each counter is a lower bound of what was used since it was first read: it may restart, roll over
and forget, but invents nothing. So the energy is the most that any of them claims, once it is
clear that none of them says something false. The rules, in their order:

1. What is no number, or no day or month can hold, is refused; so is a reading that comes late.
2. A counter that **follows** has grown by no more than the socket can pass. It is believed when
   another counter says the same, or power does, or, where none is told, its own pace; alone
   after an outage it waits.
3. What **leaps** beyond that, **falls** by more than rounding, or stands alone waits for a reading
   that goes on from it; where power flows, one that moves. Taken back, it is refused.
4. A fall that is confirmed is a restart or a new period: the counter goes on from what all had
   proved when it moved last, and by what it shows where that can have passed since.
5. A leap that is confirmed was used, unless counters that have forgotten nothing say otherwise,
   or power does: then only a clock that is put right explains it. One from the first reading of
   all is a false beginning.
6. A counter that is again where it stood before it leapt or fell never was away: what it had
   claimed meanwhile is taken back, and later energy fills it. What is shown never falls.
7. What several say at once is true of all of them, or of none: what one of them takes back gives no
   other a new beginning.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ..lazy_dataclass import dataclass
from .move import ROLLS_WITHIN, UNDATED, Kind, Parts
from .outcome import Outcome
from .pace import SHORT, Pace, passable
from .reading import Reading, Reason, Refusal, to_kwh, to_mwh, unlikely
from .register import STANDS_FOR, Register
from .verdict import Judge, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A socket of 16 A at 250 V, and what it may exceed that by.
SOCKET_WATTS: Final = 4200.0

_KEPT_REFUSALS: Final = 10
# How far a plug's clock may be off and still tell its month.
_CLOCK_SKEW: Final = timedelta(days=2)
_LONGEST_DAY: Final = 26 * 3600


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
            register.doubt is not None and not _looks_like_a_roll_over(name, register)
            for name, register in self._registers().items()
        )

    def weigh(self, reading: Reading, limit_w: float = SOCKET_WATTS) -> Outcome:
        """Take a reading and return what it proves.

        Args:
            reading: what the plug said.
            limit_w: the power that its socket can pass, in W.

        """
        if reading.seconds < 0:
            return self._outcome(reading, self._all_refused(reading, Reason.LATE))
        pace = self._pace(reading, limit_w)
        shown, refusals = self._sift(reading, pace.limit_w)
        if self.told_at is None:
            return self._begin(reading, shown, refusals)
        registers = self._registers()
        for register in registers.values():
            register.pass_time(reading.seconds, pace)
        shown = self._without_unproven(shown, {refusal.counter for refusal in refusals})
        begun = {name: shown[name] for name in shown if registers[name].is_begun}
        verdict = Judge(
            registers=registers,
            proved=self._proved,
            pace=pace,
            rolled=self._rolled(reading),
            at=reading.at,
            clock=_clock(reading),
        ).judge(begun)
        for name, parts in shown.items():
            if name not in begun:
                registers[name].begin(parts, self._proved)
                registers[name].date(reading.at.isoformat(), _clock(reading))
            else:
                registers[name].see_empty(parts)
        self._refuse(reading, verdict, refusals)
        since, until = self.told_at, self._told_until(reading, verdict)
        growth = self._count(registers, verdict, pace, reading)
        is_told = until > since
        if is_told or verdict.is_told:
            self.told_at, is_told = until, True
        good = {
            name
            for name in shown
            if name in verdict.good
            or name not in begun
            or _looks_like_a_roll_over(name, registers[name])
        }
        return self._outcome(
            reading, refusals, growth=growth, since=since, is_told=is_told, good=good
        )

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
        data = dict(data)
        # What an earlier version knew of all counters.
        clock = data.pop("clock", None)
        told_at, names = data["told_at"], ("total", "month", "day")
        return cls(
            **{
                **data,
                "told_at": None if told_at is None else datetime.fromisoformat(told_at),
                **{name: Register.from_dict({"clock": clock, **data[name]}) for name in names},
                "refusals": deque(data["refusals"], maxlen=_KEPT_REFUSALS),
            }
        )

    @classmethod
    def resumed(cls, energy: int, reading: Reading) -> Evidence:
        """Return the evidence of a counter that stood at `energy` when it read so."""
        evidence = cls(energy=energy, told_at=reading.at)
        shown, _ = evidence._sift(reading, SOCKET_WATTS)
        for name, register in evidence._registers().items():
            if name in shown:
                register.begin(shown[name], energy)
                # It has been believed for long.
                register.is_young = False
        return evidence

    @property
    def _proved(self) -> int:
        """What all counters prove together; less than `energy` once some of it is taken back."""
        claims = [r.claim for r in self._registers().values() if r.is_begun]
        return max(claims, default=self.energy)

    def _registers(self) -> dict[str, Register]:
        return {"total": self.total, "month": self.month, "day": self.day}

    def _pace(self, reading: Reading, limit_w: float) -> Pace:
        told = reading.power
        power = None if told is None or not math.isfinite(told) else max(0.0, told)
        powers = (power, self.power)
        if any(reading.shown()):
            self.power = power
        if power is not None:
            # A socket that passes more than it should proves that it can.
            limit_w = max(limit_w, 1.2 * min(power, 2 * limit_w))
        known = [watts for watts in powers if watts is not None]
        if len(known) < len(powers):
            return Pace(limit_w=limit_w)
        return Pace(limit_w=limit_w, low_w=min(known), high_w=max(known))

    def _sift(self, reading: Reading, limit_w: float) -> tuple[dict[str, Parts], list[Refusal]]:
        """Return the counters that can be true whatever was before, by name and period."""
        shown: dict[str, Parts] = {}
        refusals: list[Refusal] = []
        for name, kwh in reading.shown().items():
            if reason := unlikely(name, kwh, limit_w):
                refusals.append(self._refusal(reading.at, reason, name, kwh))
            else:
                shown[name] = {_period(name, reading.dated): to_mwh(kwh)}
        last = reading.month_before
        if reading.dated is not None and "month" in shown and last is not None:
            if reason := unlikely("month", last, limit_w):
                refusals.append(self._refusal(reading.at, reason, "month", last))
            else:
                first = reading.dated.replace(day=1)
                shown["month"][_period("month", first - timedelta(days=1))] = to_mwh(last)
        return shown, refusals

    def _without_unproven(self, shown: dict[str, Parts], refused: set[str]) -> dict[str, Parts]:
        """Return the counters but those that are unproven, where others show what cannot be.

        A counter that does so for an hour says nothing of the others.
        """
        is_false, registers = False, self._registers()
        for name, register in registers.items():
            if name not in refused:
                register.refused_for = None if name in shown else register.refused_for
            elif register.is_begun:
                register.refused_for = register.refused_for or 0.0
                is_false |= register.refused_for < STANDS_FOR
        return {
            name: parts
            for name, parts in shown.items()
            if not (is_false and registers[name].is_young)
        }

    def _begin(self, reading: Reading, shown: dict[str, Parts], refusals: list[Refusal]) -> Outcome:
        if not shown:
            return self._outcome(reading, refusals)
        self.energy = max(parts[_period(name, reading.dated)] for name, parts in shown.items())
        for name, register in self._registers().items():
            if name in shown:
                register.begin(shown[name], self.energy)
                register.date(reading.at.isoformat(), _clock(reading))
        self.told_at = reading.at
        return self._outcome(reading, refusals, is_told=True, good=shown.keys())

    def _rolled(self, reading: Reading) -> dict[str, bool | None]:
        """Return whether the plug's day and month are others than before; None if nobody knows."""
        clock, since = _clock(reading), self.told_at
        if since is None:
            return {}
        # Far enough from both ends of the month, no clock is so wrong as to see another one.
        edges = (since - ROLLS_WITHIN, reading.at + ROLLS_WITHIN)
        is_same = len({(edge.year, edge.month) for edge in edges}) == 1
        month = False if is_same else None
        rolled = {"day": None, "month": month}
        if clock is not None and self.day.clock is not None:
            rolled["day"] = clock != self.day.clock or None
        if clock is not None and self.month.clock is not None:
            rolled["month"] = clock[:7] != self.month.clock[:7] or month
        return rolled

    def _told_until(self, reading: Reading, verdict: Verdict) -> datetime:
        """Return until when the energy is known after a reading: it may only confirm another."""
        assert self.told_at is not None
        if verdict.is_told:
            return reading.at
        registers = self._registers()
        doubts = [doubt for name in verdict.ahead if (doubt := registers[name].doubt) is not None]
        return min((datetime.fromisoformat(doubt.at) for doubt in doubts), default=self.told_at)

    def _refuse(self, reading: Reading, verdict: Verdict, refusals: list[Refusal]) -> None:
        """Say what the verdict takes for false."""
        for name, false in verdict.taken_back:
            reason = Reason.FALL if false.kind is Kind.FALLS else Reason.SPIKE
            kwh, at = to_kwh(false.shown[max(false.shown)]), datetime.fromisoformat(false.at)
            refusals.append(self._refusal(at, reason, name, kwh))
        for name, reason in verdict.untrue.items():
            kwh = to_kwh(max(verdict.good[name].parts.items())[1])
            refusals.append(self._refusal(reading.at, reason, name, kwh))

    def _count(
        self, registers: dict[str, Register], verdict: Verdict, pace: Pace, reading: Reading
    ) -> int:
        """Let the counters go on from what is believed, and return what that adds."""
        gaps = {name for name, register in registers.items() if register.age > SHORT / 2}
        levels = self._accept(registers, verdict, reading)
        proved = self._proved
        may_catch_up = not any(register.may_return for register in registers.values())
        for name, register in registers.items():
            register.level = min(register.level, proved)
            is_broken = bool(verdict.anew) or name in gaps
            if name in verdict.fresh:
                # It shows what it had counted a moment ago, when nearly all of that was used.
                levels[name] = max(levels[name], proved - verdict.fresh[name])
            if name in levels:
                is_broken = is_broken or not verdict.good[name].is_exact
                register.settle(
                    proved, levels[name], is_broken=is_broken, may_catch_up=may_catch_up
                )
            elif verdict.anew:
                register.is_suspect = True
            if name in verdict.ahead:
                # From where it now stands it only grows.
                move = replace(verdict.ahead[name], kind=Kind.FOLLOWS)
                register.hold(move, proved, reading.at.isoformat(), _clock(reading), pace)
        counted, self.energy = self.energy, max(self.energy, proved)
        return self.energy - counted

    def _accept(
        self, registers: dict[str, Register], verdict: Verdict, reading: Reading
    ) -> dict[str, int]:
        """Believe the good moves, and return what was used for certain when each moved last."""
        before, levels = self._proved, dict[str, int]()
        for name, move in verdict.good.items():
            register = registers[name]
            if name in verdict.left:
                register.leave(reading.at.isoformat())
            elif name in verdict.grown:
                register.leave(reading.at.isoformat(), moves=1)
            # What was proved while it was not read may have been used after it moved.
            was_read = register.age <= reading.seconds
            age = 0.0
            level = (before if was_read else register.level) + move.claim - register.claim
            at, clock = reading.at.isoformat(), _clock(reading)
            if name in verdict.ahead and register.doubt is not None:
                at, clock = register.doubt.at, register.doubt.clock
                age, level = register.doubt.seconds, max(move.claim, register.doubt.proved)
            elif name in verdict.anew:
                level = move.claim
            register.date(at, clock, restarts=name in verdict.anew)
            if register.accept(move, restarts=name in verdict.anew, age=age):
                levels[name] = level
            if name in verdict.returned:
                register.come_back()
        return levels

    def _outcome(
        self,
        reading: Reading,
        refusals: list[Refusal],
        *,
        growth: int = 0,
        since: datetime | None = None,
        is_told: bool = False,
        good: Iterable[str] = (),
    ) -> Outcome:
        self.refused += len(refusals)
        self.refusals.extend(refusal.to_dict() for refusal in refusals)
        return Outcome(
            energy=self.energy,
            growth=growth,
            since=since,
            is_told=is_told,
            day=to_mwh(reading.day or 0) if "day" in good else None,
            month=to_mwh(reading.month or 0) if "month" in good else None,
            refused=tuple(refusals),
        )

    def _all_refused(self, reading: Reading, reason: Reason) -> list[Refusal]:
        return [
            self._refusal(reading.at, reason, name, kwh) for name, kwh in reading.shown().items()
        ]

    def _refusal(self, at: datetime, reason: Reason, name: str, kwh: float) -> Refusal:
        register = self._registers()[name]
        return Refusal(
            at=at,
            reason=reason,
            counter=name,
            value_kwh=kwh,
            believed_kwh=to_kwh(register.value) if register.is_begun else None,
        )


def _period(name: str, dated: date | None) -> str:
    if dated is None or name == "total":
        return UNDATED
    return dated.isoformat() if name == "day" else f"{dated:%Y-%m}"


def _clock(reading: Reading) -> str | None:
    """Return the date by the plug's clock, None where it is far from the machine's."""
    if reading.clock is None or abs(reading.clock - reading.at.date()) > _CLOCK_SKEW:
        return None
    return reading.clock.isoformat()


def _looks_like_a_roll_over(name: str, register: Register) -> bool:
    """Return whether a doubt is most likely a new day or month of the plug: it tells nothing."""
    doubt = register.doubt
    return (
        doubt is not None
        and doubt.kind is Kind.FALLS
        and name != "total"
        and doubt.shown.get(UNDATED, math.inf) <= passable(SOCKET_WATTS, _LONGEST_DAY)
    )
