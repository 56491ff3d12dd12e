"""The energy counter of a plug: it never falls and loses only what the plug itself forgets."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from ..engine.evidence import Evidence, Outcome, Reading, to_kwh
from ..engine.evidence.evidence import SOCKET_WATTS
from ..engine.evidence.month_ends import month_left
from ..engine.lazy_dataclass import dataclass
from .journal import Journal, Step
from .marks import Growth, Marks, can_have_counted, of_house

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sources.plug import PlugCounters

# Times by date and by seconds that differ by more are of a clock that was put right.
_CLOCKS_AGREE: Final = 300.0


@dataclass(kw_only=True, slots=True)
class EnergyCounter:
    """Make one ever-growing counter of a plug's restarting ones, and cut it at local midnights.

    Energies are in kWh, times are aware and local: their dates name the day and month that run.
    `began_at` is when the plug was read for the first time, `began_value` the counter then, and
    `began_today` what the plug had counted on that day before, None while it is not known on which
    day it began. `evidence` says which readings
    are believed; `seen_at` until when the energy is known, `marks` where days and months began.
    `journal` has what was read lately, for when the clock turns out to have been wrong.
    The whole state goes through `to_dict` and `from_dict`; what is restored from an older state
    makes up for the time between by what the plug counted on its own.
    """

    evidence: Evidence = field(default_factory=Evidence)
    began_at: datetime | None = None
    began_value: float = 0.0
    began_today: float | None = None
    read_at: datetime | None = None
    marks: Marks = field(default_factory=Marks)
    journal: Journal = field(default_factory=Journal, repr=False, compare=False)

    @property
    def value(self) -> float:
        """Return all that has been counted."""
        return to_kwh(self.evidence.energy)

    @property
    def seen_at(self) -> datetime | None:
        """Return until when the energy is known; None before the first reading."""
        return self.evidence.told_at

    @property
    def day(self) -> date | None:
        """Return the local day that runs; None before the first reading."""
        return self.marks.day

    @property
    def today(self) -> float:
        """Return the energy since local midnight."""
        return round(self.value - self.marks.day_start, 6)

    @property
    def this_month(self) -> float:
        """Return the energy since the first of the month."""
        return round(self.value - self.marks.month_start, 6)

    @property
    def last_day(self) -> float | None:
        """Return the energy of the day before; None where nobody saw it begin."""
        return self.marks.last_day

    @property
    def last_month(self) -> float | None:
        """Return the energy of the month before; None where nobody saw it begin."""
        return self.marks.last_month

    def advance(
        self,
        seen: PlugCounters,
        now: datetime,
        *,
        seconds: float | None = None,
        ticks: float | None = None,
        asked: date | None = None,
        power: float | None = None,
        limit_w: float = SOCKET_WATTS,
    ) -> Outcome:
        """Take a new reading and return what it proves.

        Args:
            seen: the plug's own counters.
            now: when they were read.
            seconds: the time since the reading before, where it is known better than by `now`.
            ticks: when they were read, in seconds of a clock that is never put right.
            asked: the date for which the plug was asked, where that may not be the one of `now`.
            power: what the plug measures, in W.
            limit_w: what its socket can pass, in W.

        """
        before, told_at = self.marks, self.evidence.told_at
        self.roll(now, seconds)
        if seconds is None:
            seconds = 0.0
            if self.read_at is not None:
                seconds = max(0.0, (now - self.read_at).total_seconds())
        reading = Reading(
            at=now,
            seconds=seconds,
            total=seen.total,
            day=seen.today,
            month=seen.month,
            month_before=seen.month_before,
            # Only a plug that keeps statistics by date tells the month before.
            dated=None if seen.month_before is None else asked or now.date(),
            clock=None if seen.clock is None else seen.clock.date(),
            ended=seen.ended,
            power=power,
            ahead=seen.ahead,
        )
        self.read_at = now
        outcome = self.evidence.weigh(reading, limit_w)
        last = self.journal.last_read
        step = Step(
            before=before,
            ticks=0.0 if ticks is None else ticks,
            since=None if last is None else last.ticks,
            told_at=told_at,
            value=self.value,
            kwh=to_kwh(outcome.growth),
            day=None if outcome.day is None else to_kwh(outcome.day),
            month=None if outcome.month is None else to_kwh(outcome.month),
            month_before=seen.month_before,
            limit_w=limit_w,
        )
        if seen.clock is not None:
            midnight = seen.clock.replace(hour=0, minute=0, second=0, microsecond=0)
            step = replace(
                step,
                day_for=(seen.clock - midnight).total_seconds(),
                month_for=(seen.clock - midnight.replace(day=1)).total_seconds(),
            )
        if self.began_today is None:
            if not outcome.is_told or (self.began_at is not None and not _can_be(reading, limit_w)):
                return outcome
            if self.began_at is not None:
                # As it stands: what was read by the wrong clock proves nothing of today.
                step = replace(step, day=seen.today, month=seen.month)
            self._begin(step, now)
        elif outcome.since is not None:
            told = min(now, self.evidence.told_at or now)
            if told < now:
                # The plug's own counters tell more than what is known so far.
                step = replace(step, day=None, month=None)
            self.marks = _counted(before, self.marks, step, (outcome.since, told), now)
        if ticks is not None and outcome.is_told:
            self.journal.note(step)
        return outcome

    def days_begun(self, outcome: Outcome) -> dict[date, float]:
        """Return where it stood, in kWh, when days began of which a reading has just told.

        They are the day of the reading before, and the running one if it began since.
        """
        since, begun = outcome.since, dict[date, float]()
        if since is None or self.began_at is None or self.seen_at is None:
            return begun
        stood, first = round(self.value - to_kwh(outcome.growth), 6), since.date()
        mark = self.marks.days.get(first)
        # What was used before it was read first is no growth of its own.
        if mark is not None and mark <= stood and self.began_at.date() < first:
            begun[first] = mark
        if first < self.seen_at.date() == self.day and stood <= self.marks.day_start <= self.value:
            begun[self.day] = self.marks.day_start
        return begun

    def month_left(self, seen: PlugCounters, now: datetime) -> date | None:
        """Return when a plug's month was read last, if its readings do not tell how that one ended.

        Args:
            seen: the plug's own counters.
            now: when they were read.

        """
        clock = None if seen.clock is None else seen.clock.date()
        return month_left(self.evidence.month, clock, now.date())

    def roll(self, now: datetime, seconds: float | None = None, ticks: float | None = None) -> None:
        """Let the day, and the month, of `now` run. Does nothing in a running day.

        Args:
            now: the time, as of `advance`.
            seconds: the time since the reading before, None where it is not known.
            ticks: of `now`, where nothing is read.

        """
        before, read_at = self.marks, self.read_at
        if read_at is not None and before.is_ahead(now.date()):
            if now.timestamp() >= read_at.timestamp():
                # Not time went back, but a clock change at midnight, or the time zone.
                return
            seconds = None
        is_natural = (
            seconds is not None
            and read_at is not None
            and abs((now - read_at).total_seconds() - seconds) <= _CLOCKS_AGREE
        )
        self.marks = _rolled(before, now, self.value, is_natural=is_natural)
        if ticks is not None and self.marks is not before:
            self.journal.note(
                Step(
                    before=before,
                    ticks=ticks,
                    since=None,
                    told_at=None,
                    value=self.value,
                    is_read=False,
                )
            )

    def _begin(self, step: Step, now: datetime) -> None:
        """Let days and months begin by what the plug has counted of them."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        day = of_house(step.day or 0.0, step.day_for, midnight, now)
        month = of_house(step.month or 0.0, step.month_for, midnight.replace(day=1), now)
        self.marks = step.before.begun(now.date(), step.value, day, month)
        if self.began_at is None:
            self.began_at, self.began_value = now, self.value
        grown = self.value - self.began_value
        is_same_day = self.began_at.date() == now.date()
        self.began_today = max(0.0, round(self.today - grown, 6)) if is_same_day else 0.0

    def redate(self, since: float, at: Callable[[float], datetime], now: datetime) -> None:
        """Cut what was read from a moment on where days and months ended by another clock.

        A plug that was read first by the wrong one may have been asked for the wrong day: the next
        reading tells where its days stand.

        Args:
            since: the moment, in ticks.
            at: returns the right local time of ticks.
            now: the time now.

        """
        steps = list(self.journal.since(since))
        if steps and steps[0].before.day is not None:
            self.marks = steps[0].before
        for step in steps:
            if not step.is_read:
                continue
            time = at(step.ticks)
            self.read_at = self.evidence.told_at = time
            if step.before.day is None:
                self.began_at, self.began_value, self.began_today = time, step.value, None
            if self.began_today is None:
                continue
            told_at = step.told_at if step.since is None else at(step.since)
            value, before = round(step.value - step.kwh, 6), self.marks
            self.marks = _rolled(before, time, value, is_natural=True)
            self.marks = _counted(before, self.marks, step, (told_at or time, time), time)
        if self.began_today is None:
            return
        if not self.marks.is_ahead(now.date()) or now.date() in self.marks.days:
            # The beginning of a day that is not known, the next reading tells.
            self.marks = _rolled(self.marks, now, self.value, is_natural=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return {
            # For people, and for an older version that reads it.
            "value": self.value,
            "evidence": self.evidence.to_dict(),
            "began_at": self.began_at and self.began_at.isoformat(),
            "began_value": self.began_value,
            "began_today": self.began_today,
            "read_at": self.read_at and self.read_at.isoformat(),
            "marks": self.marks.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EnergyCounter:
        """Return the counter that `to_dict` described.

        Raises KeyError, TypeError or ValueError where the data is none of its own.
        """
        data = {key: value for key, value in data.items() if key != "value"}
        return cls(
            **{
                **data,
                "evidence": Evidence.from_dict(data["evidence"]),
                "began_at": _moment(data["began_at"]),
                "began_today": None if data["began_at"] is None else data["began_today"],
                "read_at": _moment(data["read_at"]),
                "marks": Marks.from_dict(data["marks"]),
            }
        )


def _can_be(reading: Reading, limit_w: float) -> bool:
    """Return whether what a plug says of its day and month is of today, and can have been used."""
    midnight = reading.at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    told = ((reading.day, midnight), (reading.month, midnight.replace(day=1)))
    return reading.dated in (None, reading.at.date()) and all(
        kwh is None or can_have_counted(kwh, reading.at, start, limit_w) for kwh, start in told
    )


def _rolled(marks: Marks, now: datetime, value: float, *, is_natural: bool) -> Marks:
    may_look_back = not is_natural or marks.is_ahead(now.date())
    return marks.rolled(now.date(), value, may_look_back=may_look_back)


def _counted(
    before: Marks, rolled: Marks, step: Step, grown: tuple[datetime, datetime], now: datetime
) -> Marks:
    """Return the marks after a reading: those before it, and those when its day ran.

    `grown` is from when until when it has grown.
    """
    if rolled.day != now.date():
        return rolled
    if before.is_ahead(now.date()):
        return rolled.told_by(step.value, step.day, step.month, before)
    if rolled is not before and rolled.day in before.days:
        # It runs again: what was used before it is in its mark.
        return rolled
    growth = Growth(
        since=grown[0],
        until=grown[1],
        kwh=step.kwh,
        day=step.day,
        month=step.month,
        month_before=step.month_before,
        limit_w=step.limit_w,
        day_for=step.day_for,
        month_for=step.month_for,
    )
    return rolled.handed_back(growth, step.value, now)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
