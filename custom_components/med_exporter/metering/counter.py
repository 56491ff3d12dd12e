"""The energy counter of a plug: it never falls and loses only what the plug itself forgets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ..engine.evidence import Evidence, Outcome, Reading, to_kwh
from ..engine.evidence.evidence import SOCKET_WATTS

if TYPE_CHECKING:
    from ..sources.plug import PlugCounters

# No clock change puts the date back by more than this.
_CLOCK_CHANGE: Final = timedelta(hours=3)
# How long a plug may take to bring its counters up to date, in seconds.
_REFRESH: Final = 120.0
_WS_PER_KWH: Final = 3_600_000.0


@dataclass(kw_only=True, slots=True)
class EnergyCounter:
    """Make one ever-growing counter of a plug's restarting ones, and cut it at local midnights.

    Energies are in kWh, times are aware and local: their dates name the day and month that run.
    `began_at` is when the plug was read for the first time, `began_value` the counter then, and
    `began_today` what the plug had counted on that day before. `evidence` says which readings
    are believed; `seen_at` until when the energy is known.
    The whole state goes through `to_dict` and `from_dict`; what is restored from an older state
    makes up for the time between by what the plug counted on its own.
    """

    evidence: Evidence = field(default_factory=Evidence)
    began_at: datetime | None = None
    began_value: float = 0.0
    began_today: float = 0.0
    read_at: datetime | None = None
    day: date | None = None
    day_start: float = 0.0
    month_start: float = 0.0
    last_day: float | None = None
    last_month: float | None = None

    @property
    def value(self) -> float:
        """Return all that has been counted."""
        return to_kwh(self.evidence.energy)

    @property
    def seen_at(self) -> datetime | None:
        """Return until when the energy is known; None before the first reading."""
        return self.evidence.told_at

    @property
    def today(self) -> float:
        """Return the energy since local midnight."""
        return round(self.value - self.day_start, 6)

    @property
    def this_month(self) -> float:
        """Return the energy since the first of the month."""
        return round(self.value - self.month_start, 6)

    def advance(
        self,
        seen: PlugCounters,
        now: datetime,
        *,
        seconds: float | None = None,
        asked: date | None = None,
        power: float | None = None,
        limit_w: float = SOCKET_WATTS,
    ) -> Outcome:
        """Take a new reading and return what it proves.

        Args:
            seen: the plug's own counters.
            now: when they were read.
            seconds: the time since the reading before, where it is known better than by `now`.
            asked: the date for which the plug was asked, where that may not be the one of `now`.
            power: what the plug measures, in W.
            limit_w: what its socket can pass, in W.

        """
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
            clock=seen.clock,
            power=power,
        )
        self.read_at = now
        is_first = self.began_at is None
        went_back = self.roll(now)
        outcome = self.evidence.weigh(reading, limit_w)
        if is_first:
            if outcome.is_told:
                self._begin(outcome, now)
        elif went_back and outcome.day is not None:
            self.day_start = round(self.value - to_kwh(outcome.day), 6)
        elif outcome.since is not None and outcome.since.date() < now.date():
            self._hand_back(outcome, seen, outcome.since, now, limit_w)
        return outcome

    def roll(self, now: datetime) -> bool:
        """Close the day, and the month, that is over by `now`. Does nothing in a running day.

        Returns whether the day that ran was found not to have begun yet: the clock was ahead.
        """
        today = now.date()
        if self.day is None or today == self.day:
            return False
        months = _months(self.day, today)
        if today < self.day:
            if (now + _CLOCK_CHANGE).date() >= self.day:
                return False
            self.last_day, self.day_start = None, self.value
            if months:
                self.last_month, self.month_start = None, self.value
            self.day = today
            return True
        whole = (today - self.day).days == 1
        self.last_day = self.today if whole else None
        self.day_start = self.value
        if months:
            self.last_month = self.this_month if months == 1 else None
            self.month_start = self.value
        self.day = today
        return False

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
            "day": self.day and self.day.isoformat(),
            "day_start": self.day_start,
            "month_start": self.month_start,
            "last_day": self.last_day,
            "last_month": self.last_month,
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
                "read_at": _moment(data["read_at"]),
                "day": date.fromisoformat(data["day"]) if data["day"] else None,
            }
        )

    def _begin(self, outcome: Outcome, now: datetime) -> None:
        """Start so that the running day and month stand where the plug has them."""
        today = to_kwh(outcome.day or 0)
        self.day_start = round(self.value - today, 6)
        self.month_start = round(self.value - max(to_kwh(outcome.month or 0), today), 6)
        self.day = now.date()
        self.began_at, self.began_value, self.began_today = now, self.value, self.today

    def _hand_back(
        self, outcome: Outcome, seen: PlugCounters, since: datetime, now: datetime, limit_w: float
    ) -> None:
        """Give the day and month before what was used of the growth before they ended."""

        def used_before(start: datetime, counted: float, own: int | None) -> float:
            begun = max(0.0, now.timestamp() - start.timestamp())
            # A plug whose period is not the new one, early or late, tells nothing of its beginning.
            if own is not None and to_kwh(own) <= limit_w * (begun + _REFRESH) / _WS_PER_KWH:
                return min(growth, max(0.0, counted - to_kwh(own)))
            return growth * (1 - min(1.0, begun / (now.timestamp() - since.timestamp())))

        growth, before = to_kwh(outcome.growth), since.date()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        late = used_before(midnight, self.today, outcome.day)
        self.day_start = round(self.day_start + late, 6)
        if (now.date() - before).days == 1 and self.last_day is not None:
            self.last_day = round(self.last_day + late, 6)
        if _months(before, now.date()):
            late = used_before(midnight.replace(day=1), self.this_month, outcome.month)
            self.month_start = round(self.month_start + late, 6)
            if self.last_month is not None:
                self.last_month = round(self.last_month + late, 6)
            elif seen.month_before is not None and outcome.month is not None:
                self.last_month = seen.month_before


def _months(start: date, end: date) -> int:
    """Return how many month ends lie between two local dates."""
    return (end.year - start.year) * 12 + end.month - start.month


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
