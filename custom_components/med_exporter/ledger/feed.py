"""Turn the readings of counters into postings, a few an hour for each plug."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..engine.energy import to_mwh
from ..engine.times import QUARTER, quarter_of
from .posting import Posting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from .posting import CounterStart
    from .series import LedgerPlug
    from .spreading import Quarters

# How long measured energy waits in memory, in seconds. A sudden stop makes it filled energy.
_POST_EVERY: Final = 300


@dataclass(slots=True)
class _Tally:
    """What was measured of one plug since its last posting."""

    plug: LedgerPlug
    start: CounterStart
    value_kwh: float
    at: datetime
    since: datetime
    quarters: Quarters = field(default_factory=dict)

    def count(self, value_kwh: float, at: datetime) -> None:
        """Count what the counter has grown, by time where a quarter-hour ended meanwhile."""
        start, end = self.at.timestamp(), at.timestamp()
        growth, counted = to_mwh(value_kwh) - to_mwh(self.value_kwh), 0
        for quarter in range(quarter_of(start), quarter_of(end) + 1, QUARTER):
            passed = min(quarter + QUARTER, end) - start
            until = growth if quarter + QUARTER > end else int(growth * passed / (end - start))
            self.quarters[quarter] = self.quarters.get(quarter, 0) + until - counted
            counted = until
        self.value_kwh, self.at = value_kwh, at

    def posting(self, hour_kwh: Mapping[datetime, float], day_kwh: Mapping[date, float]) -> Posting:
        return Posting(
            plug=self.plug,
            start=self.start,
            value_kwh=self.value_kwh,
            at=self.at,
            since=self.since,
            quarters=self.quarters,
            hour_kwh=hour_kwh,
            day_kwh=day_kwh,
        )


class CounterFeed:
    """Posts the counters of plugs to the ledger as they are read.

    Growth belongs to the quarter-hour in which the reading was taken, as a raw row belongs to its
    timestamp. It is posted every five minutes, when a quarter-hour has ended, and at once where
    nobody read the plug for a while.

    Args:
        post: takes a posting, such as `Ledger.post`.

    """

    def __init__(self, post: Callable[[Posting], object]) -> None:
        self._post = post
        self._tallies: dict[str, _Tally] = {}

    def read(
        self,
        plug: LedgerPlug,
        value_kwh: float,
        at: datetime,
        *,
        start: CounterStart,
        gap: bool = False,
        hour_kwh: Mapping[datetime, float] | None = None,
        day_kwh: Mapping[date, float] | None = None,
    ) -> None:
        """Take one reading of a plug's counter, after it has been written to disk.

        Args:
            plug: whose counter it is; a changed role counts from the next reading on.
            value_kwh: the counter, which never falls.
            at: when it was read (the counter's `seen_at`), aware.
            start: where this counter began; it stays the same over restarts.
            gap: whether nobody read the plug for a while before.
            hour_kwh: what the plug itself counted in the hours of the gap, by their begin.
            day_kwh: what the plug itself counted on the local days of the gap, today's as of
                this very reading; used where there was a gap, and for a plug's first reading
                after a start.

        """
        tally = self._tallies.get(plug.plug_id)
        goes_on = (
            tally is not None
            and tally.start == start
            and tally.at <= at
            and tally.value_kwh <= value_kwh
        )
        if tally is None or gap or not goes_on:
            if tally is not None:
                self._flush(tally)
            tally = _Tally(plug, start, value_kwh, at, since=at)
            self._tallies[plug.plug_id] = tally
            self._flush(tally, hour_kwh, day_kwh)
            return
        was = quarter_of(tally.at.timestamp())
        tally.count(value_kwh, at)
        waited = (at - tally.since).total_seconds()
        if tally.plug != plug or was != quarter_of(at.timestamp()) or waited >= _POST_EVERY:
            self._flush(tally)
            tally.plug = plug

    def flush(self) -> None:
        """Post what was measured since the last postings, as before a stop."""
        for tally in self._tallies.values():
            if tally.quarters:
                self._flush(tally)

    def _flush(
        self,
        tally: _Tally,
        hour_kwh: Mapping[datetime, float] | None = None,
        day_kwh: Mapping[date, float] | None = None,
    ) -> None:
        posting = tally.posting(hour_kwh or {}, day_kwh or {})
        tally.since, tally.quarters = tally.at, {}
        self._post(posting)
