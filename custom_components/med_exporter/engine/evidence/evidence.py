"""Weigh what a plug says against what was believed before."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from .outcome import Outcome
from .reading import Reading, Reason, Refusal, to_kwh, to_mwh, unlikely
from .register import UNDATED, Parts, Register, Standing, Step, passable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A socket of 16 A at 250 V, and what it may exceed that by.
SOCKET_WATTS: Final = 4200.0

_KEPT_REFUSALS: Final = 10
# The counters of one plug are brought up to date at times of their own, in seconds.
_LAG: Final = 300
# How far a plug's clock may be off and still tell its month.
_CLOCK_SKEW: Final = timedelta(days=2)
_LONGEST_DAY: Final = 26 * 3600


@dataclass(kw_only=True, slots=True)
class Evidence:
    """The witnesses of one plug, and the energy that they prove together.

    Each counter is a lower bound of what was used since it was first read: it may restart, roll
    over and forget, but does not invent. So the energy is the most that any of them proves, as
    long as none contradicts it that cannot have forgotten. What falls, or grows by more than a
    socket can pass, waits for a second reading that goes on from it; where the next one takes it
    back it is refused. The total and the month rule; the day counter stands in for both.

    `energy` is in mWh, `told_at` until when it is known; `refusals` are the latest, `refused`
    counts all.
    """

    energy: int = 0
    told_at: datetime | None = None
    total: Register = field(default_factory=Register)
    month: Register = field(default_factory=Register)
    day: Register = field(default_factory=Register)
    clock_month: str | None = None
    is_contradicted: bool = False
    refused: int = 0
    refusals: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_REFUSALS))

    @property
    def is_doubtful(self) -> bool:
        """Return whether a reading is being held until the next one resolves it."""
        return self.is_contradicted or any(
            register.doubt is not None and not _looks_like_a_roll_over(name, register)
            for name, register in self._registers()
        )

    def weigh(self, reading: Reading, limit_w: float = SOCKET_WATTS) -> Outcome:
        """Take a reading and return what it proves.

        Args:
            reading: what the plug said.
            limit_w: the power that its socket can pass, in W.

        """
        if reading.seconds < 0:
            return self._outcome(reading, self._all_refused(reading, Reason.LATE))
        if reading.power is not None and math.isfinite(reading.power):
            # A socket that passes more than it should proves that it can.
            limit_w = max(limit_w, 1.2 * min(reading.power, 2 * limit_w))
        shown, refusals = self._sift(reading, limit_w)
        if self.told_at is None:
            return self._begin(reading, shown, refusals)
        for _, register in self._registers():
            register.pass_time(reading.seconds)
        before = {name: register.claim for name, register in self._registers()}
        steps = self._take(reading, shown, limit_w, refusals)
        good = {name for name, step in steps.items() if step.standing is Standing.GOOD}
        self._check_jumps(steps, good, before, limit_w, reading, refusals)
        supported = self._supported(steps, good, before, limit_w)
        return self._count(reading, steps, good, supported, refusals)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return {
            "energy": self.energy,
            "told_at": self.told_at and self.told_at.isoformat(),
            **{name: register.to_dict() for name, register in self._registers()},
            "clock_month": self.clock_month,
            "is_contradicted": self.is_contradicted,
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
        for name, register in evidence._registers():
            if name in shown:
                register.begin(shown[name], energy)
                # It has been believed for long.
                register.agreed = 2
        return evidence

    def _registers(self) -> Iterable[tuple[str, Register]]:
        return (("total", self.total), ("month", self.month), ("day", self.day))

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

    def _begin(self, reading: Reading, shown: dict[str, Parts], refusals: list[Refusal]) -> Outcome:
        if not shown:
            return self._outcome(reading, refusals)
        self.energy = max(parts[_period(name, reading.dated)] for name, parts in shown.items())
        for name, register in self._registers():
            if name in shown:
                register.begin(shown[name], self.energy)
        self.told_at, self.clock_month = reading.at, _clock_month(reading)
        return self._outcome(reading, refusals, is_told=True, good=shown.keys())

    def _take(
        self,
        reading: Reading,
        shown: dict[str, Parts],
        limit_w: float,
        refusals: list[Refusal],
    ) -> dict[str, Step]:
        clock_month = _clock_month(reading)
        has_rolled = self._has_rolled(reading, clock_month)
        steps: dict[str, Step] = {}
        for name, register in self._registers():
            if name not in shown:
                steps[name] = Step(standing=Standing.SILENT)
            elif not register.is_begun:
                register.begin(shown[name], self.energy)
                steps[name] = Step(standing=Standing.GOOD, rolled=True)
            else:
                believed = to_kwh(register.value)
                step = steps[name] = register.take(
                    shown[name],
                    self.energy,
                    limit_w,
                    at=reading.at.isoformat(),
                    has_rolled=has_rolled if name == "month" and UNDATED in shown[name] else None,
                )
                if (false := step.refused) is not None:
                    reason = Reason.FALL if false.is_fall else Reason.SPIKE
                    kwh = to_kwh(false.shown[max(false.shown)])
                    at = datetime.fromisoformat(false.at)
                    refusal = self._refusal(at, reason, name, kwh)
                    refusals.append(replace(refusal, believed_kwh=believed))
        if steps["month"].standing is not Standing.HELD:
            self.clock_month = clock_month or self.clock_month
        return steps

    def _has_rolled(self, reading: Reading, clock_month: str | None) -> bool | None:
        """Return whether the plug's month is another one than before; None if nobody can tell."""
        if clock_month is not None and self.clock_month is not None:
            return clock_month != self.clock_month
        since = self.told_at
        if since is None or (since.year, since.month) != (reading.at.year, reading.at.month):
            return None
        # Far enough from both ends of the month, no clock is so wrong as to see another one.
        edges = (since - _CLOCK_SKEW, reading.at + _CLOCK_SKEW)
        return False if len({(edge.year, edge.month) for edge in edges}) == 1 else None

    def _check_jumps(
        self,
        steps: dict[str, Step],
        good: set[str],
        before: dict[str, int],
        limit_w: float,
        reading: Reading,
        refusals: list[Refusal],
    ) -> None:
        """Do not count what no socket can pass where another counter shows that it was not used."""
        registers = dict(self._registers())
        exact = self._exact(steps, good, before)
        untrue: list[Register] = []
        for name in sorted(good):
            register, step = registers[name], steps[name]
            if not (step.jumped or step.rolled):
                continue
            lag, others = passable(limit_w, _LAG), good - {name}
            limits = [
                used
                for other, used in exact.items()
                if other != name and registers[other].covers(register)
            ]
            reason = None
            if limits and register.claim > max(*limits, self.energy) + lag:
                reason = Reason.CONTRADICTED
            elif step.jumped and step.was_young:
                # Counters that have grown alike since the first reading speak for it.
                alike = (abs(registers[other].claim - register.claim) <= lag for other in others)
                reason = None if any(alike) else Reason.FALSE_START
            if reason is not None:
                kwh = to_kwh(register.value)
                refusals.append(self._refusal(reading.at, reason, name, kwh))
                untrue.append(register)
        for register in untrue:
            register.realign(self.energy)

    def _supported(
        self,
        steps: dict[str, Step],
        good: set[str],
        before: dict[str, int],
        limit_w: float,
    ) -> dict[str, int]:
        """Return what each ruling counter proves once the others have been heard."""
        registers = dict(self._registers())
        rulers: list[str] = [name for name in ("total", "month") if name in good]
        # A spike of the others is not told from energy by a day that may have just begun.
        has_spike = any(r.doubt is not None and not r.doubt.is_fall for _, r in self._registers())
        if not rulers and "day" in good and not has_spike:
            rulers = ["day"]
        exact = self._exact(steps, good, before)
        best = max((registers[name].claim for name in rulers), default=0)
        for name in rulers:
            register = registers[name]
            # What a counter has lost long ago is no reason not to believe what it has grown now.
            grown = register.level + register.claim - before[name]
            if not steps[name].rolled and grown > best + 4 * register.grain:
                register.realign(grown)
        supported: dict[str, int] = {}
        held = 0
        for name in rulers:
            register = registers[name]
            proved = register.claim
            for other in exact.keys() - {name}:
                if not registers[other].covers(register):
                    continue
                limit = exact[other]
                if register.claim > limit + _tolerance(register, registers[other]):
                    proved = min(proved, max(limit, before[name]))
            held = max(held, register.claim - proved)
            supported[name] = proved
        self.is_contradicted = held > passable(limit_w, _LAG)
        return supported

    def _exact(
        self, steps: dict[str, Step], good: set[str], before: dict[str, int]
    ) -> dict[str, int]:
        """Return all that was used by those counters that cannot have forgotten since."""
        registers = dict(self._registers())
        return {
            name: registers[name].level + registers[name].claim - before[name]
            for name in good
            if steps[name].is_exact
        }

    def _count(
        self,
        reading: Reading,
        steps: dict[str, Step],
        good: set[str],
        supported: dict[str, int],
        refusals: list[Refusal],
    ) -> Outcome:
        registers = dict(self._registers())
        energy, ruler = self.energy, None
        for name, proved in supported.items():
            slack = _tolerance(registers[ruler], registers[name]) if ruler else 0
            if proved > energy + slack:
                energy = proved
            ruler = ruler or name
        growth, self.energy = energy - self.energy, energy
        for name in good:
            register = registers[name]
            if name == "day" or steps[name].rolled:
                register.realign(max(register.claim, energy) if name != "day" else energy)
            register.settle(energy, is_exact=steps[name].is_exact)
        is_told = bool(supported) and not self.is_contradicted
        since = self.told_at
        if is_told:
            self.told_at = reading.at
        return self._outcome(
            reading, refusals, growth=growth, since=since, is_told=is_told, good=good
        )

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
            day=self._period_shown("day", reading.day, good),
            month=self._period_shown("month", reading.month, good),
            refused=tuple(refusals),
        )

    def _period_shown(self, name: str, kwh: float | None, good: Iterable[str]) -> int | None:
        if kwh is None:
            return None
        is_new = _looks_like_a_roll_over(name, dict(self._registers())[name])
        return to_mwh(kwh) if name in good or is_new else None

    def _all_refused(self, reading: Reading, reason: Reason) -> list[Refusal]:
        return [
            self._refusal(reading.at, reason, name, kwh) for name, kwh in reading.shown().items()
        ]

    def _refusal(self, at: datetime, reason: Reason, name: str, kwh: float) -> Refusal:
        register = dict(self._registers())[name]
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


def _clock_month(reading: Reading) -> str | None:
    """Return the month of the plug's clock, None where it is far from the machine's."""
    if reading.clock is None or abs(reading.clock - reading.at.date()) > _CLOCK_SKEW:
        return None
    return f"{reading.clock:%Y-%m}"


def _tolerance(one: Register, other: Register) -> int:
    return 2 * (one.grain + other.grain)


def _looks_like_a_roll_over(name: str, register: Register) -> bool:
    """Return whether a doubt is most likely a new day or month of the plug: it tells nothing."""
    doubt = register.doubt
    return (
        doubt is not None
        and doubt.is_fall
        and name != "total"
        and doubt.shown.get(UNDATED, math.inf) <= passable(SOCKET_WATTS, _LONGEST_DAY)
    )
