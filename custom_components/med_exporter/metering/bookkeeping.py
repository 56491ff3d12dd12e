"""From the counters of a metering point's plugs to the ledger of closed periods."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ..const import CONF_PAST, CONF_PLUGS, LOGGER, PlugRole
from ..database import DatabaseUnavailableError, succeeded
from ..ledger import CounterFeed, CounterReading, CounterStart, LedgerPlug, PlugHistory
from ..sources.connection import KasaError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date, datetime

    from homeassistant.config_entries import ConfigEntry

    from ..ledger import Ledger, Posting
    from ..ledger.retracting import Retraction
    from ..ledger.running import Booked
    from ..sources.kasa import KasaHost
    from ..sources.plug import PlugStatistics
    from .counter import EnergyCounter

_KEPT_DAYS: Final = 400
# A plug is asked for a year of months once; a bad radio link takes its time.
_STATISTICS_LIMIT: Final = 60
# What it does not answer then, it is asked again, in seconds.
_ASKED_AGAIN: Final = 600


class Bookkeeper:
    """Post what plugs count, and ask them what they counted while nobody read them.

    `on_booked` is called when something that was posted stands in the ledger.
    """

    def __init__(self, entry: ConfigEntry, ledger: Ledger) -> None:
        self._entry = entry
        self._ledger = ledger
        self.on_booked: Callable[[], None] = lambda: None
        self._feed = CounterFeed(self._post, self._retract)
        # What was told to the ledger last.
        self._told: asyncio.Future[int] | None = None
        self._known: set[str] = set()
        # The local day up to which each plug was booked last.
        self._booked_on: dict[str, date] = {}
        self._ask_again: dict[str, float] = {}
        self._without_history: set[str] | None = None
        # All plugs of a start ask at once, and one answer does for all.
        self._asking = asyncio.Lock()
        self._reopened: set[str] = set()

    async def async_book(
        self,
        link: KasaHost,
        counters: Mapping[str, EnergyCounter],
        *,
        gaps: Collection[str],
        began: Mapping[str, Mapping[date, float]],
        ticks: float,
    ) -> None:
        """Book a reading of the plugs behind a host, after their counters are on disk.

        Args:
            link: the host, connected.
            counters: by plug id, just advanced by a reading that is believed.
            gaps: the plugs whose energy was not known for a while before.
            began: in kWh, where counters stood when local days began, as of
                `EnergyCounter.days_begun`: a plug ends its days by a clock of its own.
            ticks: when it was read, in seconds of a clock that is never put right.

        """
        statistics: Mapping[str, PlugStatistics] = {}
        is_first = not counters.keys() <= self._known
        is_due = any(ticks >= self._ask_again.get(plug_id, ticks + 1) for plug_id in counters)
        new = set[str]()
        if is_first or is_due:
            new = await self._async_without_history() & counters.keys()
        if gaps or is_first or is_due:
            statistics = await self._async_statistics(link, counters, {*new})
        midnights = await self._async_midnights(counters, began)
        for plug_id, counter in counters.items():
            start = _start(counter)
            if start is None or counter.seen_at is None:
                continue
            told = statistics.get(plug_id)
            plug = self._plug(plug_id)
            is_gap = plug_id in gaps or (plug_id not in self._booked_on and plug_id in midnights)
            for at, value in [*midnights.get(plug_id, ()), (counter.seen_at, counter.value)]:
                self._feed.read(
                    plug,
                    CounterReading(
                        value_kwh=value,
                        at=at,
                        # What was read together is taken back together.
                        ticks=ticks,
                        gap=is_gap,
                    ),
                    start=start,
                    hour_kwh=None if told is None else told.hours,
                    day_kwh=None if told is None else told.days,
                    day_zone=None if told is None else told.zone,
                )
            self._known.add(plug_id)
            self._booked_on[plug_id] = counter.seen_at.date()
            self._reopened.discard(plug_id)
            if plug_id in new and told is None:
                self._ask_again[plug_id] = ticks + _ASKED_AGAIN
            elif plug_id in new and told is not None:
                self._ask_again.pop(plug_id, None)
                if not self._entry.data[CONF_PLUGS][plug_id].get(CONF_PAST, True):
                    # What it has counted before it joined is its own.
                    plug = replace(plug, role=PlugRole.IGNORED)
                history = PlugHistory(
                    plug=plug,
                    hour_kwh=told.hours,
                    day_kwh=told.days,
                    month_kwh=told.months,
                    day_zone=told.zone,
                )
                self._ledger.backfill(history).add_done_callback(self._booked)

    async def async_redate(
        self,
        link: KasaHost,
        counters: Mapping[str, EnergyCounter],
        since: float,
        at: Callable[[float], datetime],
    ) -> None:
        """Book anew what was booked of the plugs behind a host by a clock that was wrong.

        Args:
            link: the host, whether it answers or not.
            counters: by plug id.
            since: from when on, in seconds of a clock that is never put right.
            at: returns the right local time of such a moment.

        """
        wrong = {
            plug_id: counter
            for plug_id, counter in counters.items()
            if any(step.is_read for step in counter.journal.since(since))
        }
        # An account that was opened by that clock is opened anew, and filled with what was before.
        self._known -= wrong.keys()
        self._reopened |= wrong.keys()
        has_gap = any(
            step.since is None
            for counter in wrong.values()
            for step in counter.journal.since(since)
            if step.is_read
        )
        statistics: Mapping[str, PlugStatistics] = {}
        if has_gap:
            statistics = await self._async_statistics(link, wrong, set())
        for plug_id, counter in wrong.items():
            start = _start(counter)
            if counter.seen_at is not None:
                self._booked_on[plug_id] = counter.seen_at.date()
            if start is None:
                # It began by that clock. What it is booked from, the next reading tells.
                self._feed.forget(self._plug(plug_id), since)
                continue
            told = statistics.get(plug_id)
            self._feed.redate(
                self._plug(plug_id),
                since,
                [
                    CounterReading(value_kwh=step.value, at=at(step.ticks), ticks=step.ticks)
                    for step in counter.journal.since(float("-inf"))
                    if step.is_read
                ],
                start=start,
                hour_kwh=None if told is None else told.hours,
                day_kwh=None if told is None else _without_later(told.days, counter, since),
                day_zone=None if told is None else told.zone,
            )

    def when_booked(self, action: Callable[[], None]) -> None:
        """Call an action when all that was told to the ledger so far stands in it, or failed."""
        if self._told is None:
            action()
        else:
            self._told.add_done_callback(lambda _: action())

    def close(self) -> None:
        """Post what has been measured since the last postings."""
        self._feed.flush()

    def _post(self, posting: Posting) -> None:
        self._told = self._ledger.post(posting)
        self._told.add_done_callback(self._booked)

    def _retract(self, retraction: Retraction) -> None:
        self._told = self._ledger.retract(retraction)

    def _booked(self, booking: asyncio.Future[int]) -> None:
        if succeeded(booking):
            self.on_booked()

    async def _async_without_history(self) -> set[str]:
        async with self._asking:
            if self._without_history is None:
                try:
                    self._without_history = await self._ledger.async_without_history(
                        list(self._entry.data[CONF_PLUGS])
                    )
                except DatabaseUnavailableError:
                    return self._reopened
        return self._without_history | self._reopened

    async def _async_midnights(
        self, counters: Mapping[str, EnergyCounter], began: Mapping[str, Mapping[date, float]]
    ) -> dict[str, list[tuple[datetime, float]]]:
        """Return the midnights that are not booked yet, and where counters stood then.

        A stop may come between a reading and its posting: the plug has not told its past yet. Its
        hours may go on over the house's midnight, and tell nothing of where the counter stood.
        """
        first = [plug_id for plug_id in began if plug_id not in self._booked_on and began[plug_id]]
        booked: Mapping[str, Booked] = {}
        if first:
            # Without the database, it sees itself what it has booked already.
            with suppress(DatabaseUnavailableError):
                booked = await self._ledger.async_booked(first)
        midnights: dict[str, list[tuple[datetime, float]]] = {}
        for plug_id, days in began.items():
            booked_on, start = self._booked_on.get(plug_id), _start(counters[plug_id])
            one = booked.get(plug_id)
            if start is None or (one is not None and one.started != start.at.timestamp()):
                # It stands for another counter.
                one = None
            for day, kwh in sorted(days.items()):
                if booked_on is not None and day <= booked_on:
                    continue
                midnight = dt_util.start_of_local_day(day)
                if one is None or (one.at < midnight.timestamp() and one.kwh <= kwh):
                    midnights.setdefault(plug_id, []).append((midnight, kwh))
        return midnights

    async def _async_statistics(
        self, link: KasaHost, counters: Mapping[str, EnergyCounter], new: set[str]
    ) -> Mapping[str, PlugStatistics]:
        """Ask a host for the days since its plugs were last heard of, for all it has if new."""
        seen = [counter.seen_at.date() for counter in counters.values() if counter.seen_at]
        if not seen:
            return {}
        today = max(seen)
        try:
            posted = await self._ledger.async_posted_until(list(counters))
            since: date = min(
                (dt_util.as_local(at).date() for at in posted.values()), default=today
            )
            if new:
                since = today - timedelta(days=_KEPT_DAYS)
            async with asyncio.timeout(_STATISTICS_LIMIT):
                return await link.statistics(since, today)
        except (KasaError, DatabaseUnavailableError, TimeoutError) as err:
            LOGGER.debug("%s: no statistics of its own: %s", link.connection.host, err)
            return {}

    def _plug(self, plug_id: str) -> LedgerPlug:
        return LedgerPlug.of(plug_id, self._entry.data, self._entry.title)


def _start(counter: EnergyCounter) -> CounterStart | None:
    """Return where a counter began; None while that is not known."""
    if counter.began_at is None or counter.began_today is None:
        return None
    return CounterStart(
        at=counter.began_at, value_kwh=counter.began_value, today_kwh=counter.began_today
    )


def _without_later(
    day_kwh: Mapping[date, float], counter: EnergyCounter, since: float
) -> dict[date, float]:
    """Return what a plug has counted on days, as of the first reading since a moment."""
    first = next(step for step in counter.journal.since(since) if step.is_read)
    days, later = dict(day_kwh), counter.value - first.value
    for day in sorted(days, reverse=True):
        less = min(later, days[day])
        days[day], later = days[day] - less, later - less
    return days
