"""Weigh what a plug says against what was believed before.

Each counter is a lower bound of what was used since it was first read: it may restart, roll over
and forget, but invents nothing. So the energy is the most that any of them claims, once it is
clear that none of them says something false. The rules, in their order:

1. What is no number, or no day or month can hold, is refused; so is a reading that comes late.
2. A counter that **follows** has grown by no more than the socket can pass. It is believed when
   another counter says the same, or power does, or, where none is told, its own pace; alone
   after an outage it waits.
3. What **leaps** beyond that, **falls** by more than rounding, or stands alone waits for a reading
   that goes on from it; where power flows, one that moves. Taken back, it is refused. Of two that
   exclude each other, what leaps must be told for as long as what follows was.
4. A fall that is confirmed is a restart or a new period: the counter goes on from what all had
   proved when it moved last, and by what it shows where power can have brought that since.
5. A leap that is confirmed was used, unless counters that have forgotten nothing say otherwise,
   or power does: then only a clock that is put right explains it. One from the first reading of
   all is a false beginning.
6. A counter that is again where it stood before it leapt or fell never was away: what it had
   claimed meanwhile is taken back, and later energy fills it. What is shown never falls.
7. What several say at once is true of all of them, or of none: what one of them takes back gives no
   other a new beginning, unless its period may have ended, and one that shows the same as another
   since both began is not back alone.
8. A month has counted what its day did, and was not erased where it tells the month before again:
   what speaks against that was false. One that shows less than its day after an outage does.
9. What a counter lacks it has forgotten, or shows late: once it grows by more than those that have
   forgotten nothing, it was late, and that is not counted again.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ..lazy_dataclass import dataclass
from .contradiction import lacks_its_day
from .counting import go_on, proved_by, remember
from .dates import by_period, clock_of, clocks_of, is_over, period_of, rolled
from .judge import Judge
from .month_ends import ended_since
from .move import UNDATED, Kind, Parts
from .outcome import Outcome
from .pace import Pace, passable
from .reading import Reading, Reason, Refusal, to_kwh, to_mwh
from .register import STANDS_FOR, Register

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .verdict import Verdict

# A socket of 16 A at 250 V, and what it may exceed that by.
SOCKET_WATTS: Final = 4200.0

_KEPT_REFUSALS: Final = 10
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
        shown, refused = by_period(reading, pace.limit_w)
        refusals = [self._refusal(reading.at, reason, name, kwh) for name, reason, kwh in refused]
        if self.told_at is None:
            return self._begin(reading, shown, refusals)
        registers = self._registers()
        clocks = clocks_of(reading, shown, registers, pace)
        for register in registers.values():
            register.pass_time(reading.seconds, pace)
        false = {one.counter for one in refusals if one.reason is Reason.TOO_MUCH}
        lacks = {"month"} if lacks_its_day(shown, self.month, pace, reading.at) else set()
        is_suspect = self._is_suspect(shown, false | lacks)
        if is_suspect:
            told = reading.shown()
            refusals += [
                self._refusal(reading.at, Reason.CONTRADICTED, name, told[name]) for name in lacks
            ]
            shown = {name: parts for name, parts in shown.items() if not registers[name].is_young}
        begun = {name: shown[name] for name in shown if registers[name].is_begun}
        verdict = Judge(
            registers=registers,
            proved=self._proved,
            pace=pace,
            rolled=rolled(registers, self.told_at, reading, begun, clocks),
            ended=ended_since(self.month, reading, clocks["month"], pace.limit_w),
            at=reading.at,
            clocks=clocks,
            is_suspect=is_suspect,
        ).judge(begun)
        for name, parts in begun.items():
            registers[name].see_empty(parts)
        self._refuse(reading, verdict, refusals)
        since, until = self.told_at, self._told_until(reading, verdict)
        proved = go_on(registers, verdict, pace, reading, clocks, self.energy)
        for name in shown.keys() - begun.keys():
            if self._waits(name, reading):
                continue
            registers[name].begin(shown[name], proved)
            registers[name].date(reading.at.isoformat(), clocks[name])
        remember(registers, proved)
        growth = max(0, proved - self.energy)
        self.energy += growth
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
        shown, _ = by_period(reading, SOCKET_WATTS)
        for name, register in evidence._registers().items():
            if name in shown:
                register.begin(shown[name], energy)
                # It has been believed for long.
                register.is_young = False
        return evidence

    @property
    def _proved(self) -> int:
        return proved_by(self._registers(), self.energy)

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

    def _is_suspect(self, shown: Mapping[str, Parts], false: set[str]) -> bool:
        """Return whether a counter shows what cannot be: the others may do so as well.

        One that does so for an hour says nothing of the others.
        """
        is_suspect = False
        for name, register in self._registers().items():
            if name not in false:
                register.refused_for = None if name in shown else register.refused_for
            elif register.is_begun:
                register.refused_for = register.refused_for or 0.0
                is_suspect |= register.refused_for < STANDS_FOR
        return is_suspect

    def _begin(self, reading: Reading, shown: dict[str, Parts], refusals: list[Refusal]) -> Outcome:
        if not shown:
            return self._outcome(reading, refusals)
        self.energy = max(parts[period_of(name, reading.dated)] for name, parts in shown.items())
        for name, register in self._registers().items():
            if name in shown and not self._waits(name, reading):
                register.begin(shown[name], self.energy)
                register.date(reading.at.isoformat(), clock_of(reading))
        remember(self._registers(), self.energy)
        self.told_at = reading.at
        return self._outcome(reading, refusals, is_told=True, good=shown.keys())

    def _waits(self, name: str, reading: Reading) -> bool:
        """Return whether a counter begins with its next period, as a total tells all until then.

        The period that runs has counted before the plug was read first: it shows that later.
        """
        return self.total.is_begun and self.total.value > 0 and is_over(name, reading)

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


def _looks_like_a_roll_over(name: str, register: Register) -> bool:
    """Return whether a doubt is most likely a new day or month of the plug: it tells nothing."""
    doubt = register.doubt
    return (
        doubt is not None
        and doubt.kind is Kind.FALLS
        and name != "total"
        and doubt.shown.get(UNDATED, math.inf) <= passable(SOCKET_WATTS, _LONGEST_DAY)
    )
