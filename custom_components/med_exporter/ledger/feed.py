"""Turn the readings of counters into postings, a few an hour for each plug."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from ..engine.energy import to_mwh
from ..engine.lazy_dataclass import dataclass
from ..engine.times import QUARTER, quarter_of
from .posting import Posting
from .receipts import KEPT_POSTINGS
from .retracting import Retraction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime, tzinfo

    from ..engine.energy import HourKwh
    from .posting import CounterStart
    from .series import LedgerPlug
    from .spreading import Quarters

# How long measured energy waits in memory, in seconds. A sudden stop makes it filled energy.
_POST_EVERY: Final = 300


class _Told(NamedTuple):
    """What a plug itself has counted, as of `CounterFeed.read`."""

    hour_kwh: Mapping[datetime, HourKwh] | None = None
    day_kwh: Mapping[date, float] | None = None
    day_zone: tzinfo | None = None


_NOTHING: Final = _Told()


@dataclass(slots=True)
class _Tally:
    """What was measured of one plug since its last posting."""

    plug: LedgerPlug
    start: CounterStart
    value_kwh: float
    at: datetime
    since: datetime
    ticks: float | None = None
    quarters: Quarters = field(default_factory=dict)

    def count(self, reading: CounterReading) -> None:
        """Count what the counter has grown, by time where a quarter-hour ended meanwhile."""
        start, end = self.at.timestamp(), reading.at.timestamp()
        growth, counted = to_mwh(reading.value_kwh) - to_mwh(self.value_kwh), 0
        for quarter in range(quarter_of(start), quarter_of(end) + 1, QUARTER):
            passed = min(quarter + QUARTER, end) - start
            until = growth if quarter + QUARTER > end else int(growth * passed / (end - start))
            self.quarters[quarter] = self.quarters.get(quarter, 0) + until - counted
            counted = until
        self.value_kwh, self.at, self.ticks = reading.value_kwh, reading.at, reading.ticks

    def posting(self, told: _Told) -> Posting:
        return Posting(
            plug=self.plug,
            start=self.start,
            value_kwh=self.value_kwh,
            at=self.at,
            since=self.since,
            quarters=self.quarters,
            hour_kwh=told.hour_kwh or {},
            day_kwh=told.day_kwh or {},
            day_zone=told.day_zone,
            ticks=self.ticks,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CounterReading:
    """One reading of a plug's counter.

    Attributes:
        value_kwh: the counter, which never falls.
        at: when it was read (the counter's `seen_at`), aware.
        ticks: the same in seconds of a clock that is never put right, None where there is none.
        gap: whether nobody read the plug for a while before.

    """

    value_kwh: float
    at: datetime
    ticks: float | None = None
    gap: bool = False


@dataclass(frozen=True, slots=True)
class _Posted:
    """Up to where a plug was posted."""

    value_kwh: float
    at: datetime
    ticks: float


class CounterFeed:
    """Posts the counters of plugs to the ledger as they are read.

    Growth belongs to the quarter-hour in which the reading was taken, as a raw row belongs to its
    timestamp. It is posted every five minutes, when a quarter-hour has ended, and at once where
    nobody read the plug for a while.

    Args:
        post: takes a posting, such as `Ledger.post`.
        retract: takes postings back, such as `Ledger.retract`.

    """

    def __init__(
        self,
        post: Callable[[Posting], object],
        retract: Callable[[Retraction], object] = lambda _: None,
    ) -> None:
        self._post = post
        self._retract = retract
        self._tallies: dict[str, _Tally] = {}
        self._posted: dict[str, deque[_Posted]] = {}

    def read(
        self,
        plug: LedgerPlug,
        reading: CounterReading,
        *,
        start: CounterStart,
        hour_kwh: Mapping[datetime, HourKwh] | None = None,
        day_kwh: Mapping[date, float] | None = None,
        day_zone: tzinfo | None = None,
    ) -> None:
        """Take one reading of a plug's counter, after it has been written to disk.

        Args:
            plug: whose counter it is; a changed role counts from the next reading on.
            reading: of the counter.
            start: where this counter began; it stays the same over restarts.
            hour_kwh: what the plug itself counted in the hours of the gap, by their begin.
            day_kwh: what the plug itself counted on its days of the gap, today's as of this very
                reading; used where there was a gap, and for a plug's first reading after a start.
            day_zone: the zone of these days, None for the house's.

        """
        tally, at = self._tallies.get(plug.plug_id), reading.at
        goes_on = (
            tally is not None
            and tally.start == start
            and tally.at <= at
            and tally.value_kwh <= reading.value_kwh
        )
        if tally is None or reading.gap or not goes_on:
            if tally is not None:
                self._flush(tally)
            tally = _Tally(plug, start, reading.value_kwh, at, since=at, ticks=reading.ticks)
            self._tallies[plug.plug_id] = tally
            self._flush(tally, _Told(hour_kwh, day_kwh, day_zone))
            return
        was = quarter_of(tally.at.timestamp())
        tally.count(reading)
        waited = (at - tally.since).total_seconds()
        if tally.plug != plug or was != quarter_of(at.timestamp()) or waited >= _POST_EVERY:
            self._flush(tally)
            tally.plug = plug

    def redate(
        self,
        plug: LedgerPlug,
        since: float,
        readings: Sequence[CounterReading],
        *,
        start: CounterStart,
        hour_kwh: Mapping[datetime, HourKwh] | None = None,
        day_kwh: Mapping[date, float] | None = None,
        day_zone: tzinfo | None = None,
    ) -> None:
        """Take readings back that were dated by a clock that was wrong, and take them anew.

        Args:
            plug: whose they are.
            since: from when on their times have changed, in ticks.
            readings: of the last day, with the times that are right.
            start: where its counter began.
            hour_kwh: as of `read`, for the first that is taken anew.
            day_kwh: likewise.
            day_zone: likewise.

        """
        told = _Told(hour_kwh, day_kwh, day_zone)
        posted = self._posted.setdefault(plug.plug_id, _recent())
        while posted and posted[-1].ticks >= since:
            posted.pop()
        base = posted[-1] if posted else None
        self._retract(Retraction(plug=plug, since=since))
        self._tallies.pop(plug.plug_id, None)
        if base is not None:
            self._tallies[plug.plug_id] = _Tally(
                plug, start, base.value_kwh, base.at, since=base.at, ticks=base.ticks
            )
        for reading in readings:
            ticks = -math.inf if reading.ticks is None else reading.ticks
            # A posting may have begun before what it is taken back for.
            if ticks >= since or (base is not None and ticks > base.ticks):
                self.read(plug, reading, start=start, **told._asdict())
                told = _NOTHING

    def forget(self, plug: LedgerPlug, since: float) -> None:
        """Take back what was read from a moment on, in ticks: the plug is read anew from its start.

        What opened its account since then is taken back too.
        """
        self._retract(Retraction(plug=plug, since=since))
        self._tallies.pop(plug.plug_id, None)
        self._posted.pop(plug.plug_id, None)

    def flush(self) -> None:
        """Post what was measured since the last postings, as before a stop."""
        for tally in self._tallies.values():
            if tally.quarters:
                self._flush(tally)

    def _flush(self, tally: _Tally, told: _Told = _NOTHING) -> None:
        posting = tally.posting(told)
        tally.since, tally.quarters = tally.at, {}
        if tally.ticks is not None:
            posted = self._posted.setdefault(tally.plug.plug_id, _recent())
            posted.append(_Posted(tally.value_kwh, tally.at, tally.ticks))
        self._post(posting)


def _recent() -> deque[_Posted]:
    return deque(maxlen=KEPT_POSTINGS)
