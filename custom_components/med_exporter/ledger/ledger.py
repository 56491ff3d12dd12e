"""The ledger: how much energy belongs to each closed half-hour, hour, day and month."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..database import DatabaseUnavailableError, async_read, queue_work
from ..local_time import local_zone
from . import reading
from .books import PlugHistory, delete_half_hours, write_history, write_posting
from .closing import forget_changes, plan_statistics
from .posting import Posting
from .series import PointSeries
from .statistics import write_statistics
from .tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine
    from zoneinfo import ZoneInfo

    from homeassistant.core import CALLBACK_TYPE, HomeAssistant
    from sqlalchemy.engine import Connection

    from .reading import EnergyPeriod
    from .series import LedgerPlug, Series

SIGNAL_LEDGER_CHANGED: Final = f"{DOMAIN}_ledger_changed"
"""Sent with a LedgerChange when closed hours have got other values, at least once for each."""

_WRITE_EVERY: Final = timedelta(minutes=2)
_PURGE_EVERY: Final = timedelta(hours=24)
_WRITE_LIMIT: Final = 300
_MOST_PASSES: Final = 20


class Ledger:
    """Books the energy of plugs, and knows how much belongs to which period.

    Half-hours stand in a table of the ledger's own for 400 days; hours stand in Home Assistant's
    long-term statistics for good, under statistic ids of the integration's own. Energies are in
    kWh, times are aware, ranges include their start and not their end. Methods that read raise
    DatabaseUnavailableError, and ValueError for a time without a time zone.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._pending: list[Posting | PlugHistory] = []
        self._names: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._waiting_write: asyncio.Future[int] | None = None
        self._writing_now = False
        self._statistics = asyncio.Lock()

    async def async_setup(self) -> CALLBACK_TYPE:
        """Write statistics and delete what is too old from now on; return what ends that."""
        prefix = f"component.{DOMAIN}.selector.role.options."
        texts = await async_get_translations(
            self._hass, self._hass.config.language, "selector", [DOMAIN]
        )
        self._roles = {
            key.removeprefix(prefix): text.lower()
            for key, text in texts.items()
            if key.startswith(prefix)
        }

        purged_at = datetime.min.replace(tzinfo=UTC)

        async def work(now: datetime) -> None:
            nonlocal purged_at
            if self._statistics.locked() or not self._hass.is_running:
                return
            await self._try(self.async_write_statistics())
            # Not by a timer of its own, which a house that restarts every day would never see.
            if now - purged_at >= _PURGE_EVERY:
                purged_at = now
                await self._try(self.async_purge())

        return async_track_time_interval(
            self._hass, work, _WRITE_EVERY, name=f"{DOMAIN} ledger", cancel_on_shutdown=True
        )

    @callback
    def post(self, posting: Posting) -> asyncio.Future[int]:
        """Book a reading of a plug's counter.

        The half-hours and what is remembered of the counter change in one transaction. Posting
        the same again changes nothing. What could not be written is tried again with the next
        posting; what is lost in a sudden stop, the counter's next posting makes up for.

        Returns:
            A future that is done when all that waited is committed, or failed with
            DatabaseUnavailableError. Callers may ignore it.

        """
        return self._queue(posting, posting.plug)

    @callback
    def backfill(self, history: PlugHistory) -> asyncio.Future[int]:
        """Fill what lies before a plug's first posting by the plug's own statistics, once.

        To be called after the plug's first posting. Another call changes nothing.
        """
        booked = self._queue(history, history.plug)
        # Whoever has just added a plug wants to see what it brings.
        booked.add_done_callback(self._write_now)
        return booked

    async def async_without_history(self, plug_ids: Collection[str]) -> set[str]:
        """Return the plugs for which `backfill` has not been done yet."""
        nobody: set[str] = set()
        known = await async_read(
            self._hass, SCHEMA, lambda c: reading.backfilled(c, plug_ids), nobody
        )
        return set(plug_ids) - known

    async def async_write_statistics(self) -> None:
        """Write all closed hours to the long-term statistics, and those that have changed anew.

        Hours that had been written and now have other energy are announced by
        SIGNAL_LEDGER_CHANGED. A second call changes nothing. To be called before closed periods
        are pushed; it also runs every two minutes. Not during set-up: it waits for the recorder.
        """
        async with self._statistics:
            await self._async_write_statistics()

    async def async_purge(self) -> int:
        """Delete half-hours older than 400 days and return how many."""
        now = dt_util.utcnow().timestamp()
        return await queue_work(self._hass, SCHEMA, lambda c: delete_half_hours(c, now))

    async def async_half_hours(
        self, series: Series, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        """Return the half-hours that begin in a range, of the last 400 days."""
        stretch, zone = _stretch(start, end), local_zone()
        now = dt_util.utcnow().timestamp()
        return await async_read(
            self._hass,
            SCHEMA,
            lambda c: reading.read_half_hours(c, series, *stretch, now, zone),
            [],
        )

    async def async_hours(
        self, series: Series, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        """Return the hours that begin in a range."""
        return await self._async_periods(series, "hourly", start, end)

    async def async_days(
        self, series: Series, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        """Return the local days of 23, 24 or 25 hours that begin in a range."""
        return await self._async_periods(series, "daily", start, end)

    async def async_months(
        self, series: Series, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        """Return the local months that begin in a range."""
        return await self._async_periods(series, "monthly", start, end)

    async def async_closed_until(self, series: Series) -> datetime | None:
        """Return the end of the last hour of a series that is written; None before the first."""
        written = await async_read(
            self._hass, SCHEMA, lambda c: reading.written_until(c, series), None
        )
        return None if written is None else datetime.fromtimestamp(written, UTC)

    async def async_stretches(
        self, many: Collection[Series]
    ) -> dict[Series, tuple[datetime, datetime]]:
        """Return when the hours written of some series begin and end; not those without any."""
        nothing: dict[Series, tuple[int, int]] = {}
        found = await async_read(self._hass, SCHEMA, lambda c: reading.stretches(c, many), nothing)
        return {
            series: (datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(until, UTC))
            for series, (first, until) in found.items()
        }

    async def async_posted_until(self, plug_ids: Collection[str]) -> dict[str, datetime]:
        """Return when each of some plugs was last heard of; those that never were are missing."""
        nothing: dict[str, float] = {}
        posted = await async_read(
            self._hass, SCHEMA, lambda c: reading.posted_until(c, plug_ids), nothing
        )
        return {plug_id: datetime.fromtimestamp(ts, UTC) for plug_id, ts in posted.items()}

    @callback
    def _queue(self, item: Posting | PlugHistory, plug: LedgerPlug) -> asyncio.Future[int]:
        self._pending.append(item)
        for series in plug.series:
            self._names[series.statistic_id] = plug.name
            if isinstance(series, PointSeries):
                role = self._roles.get(series.role.value, series.role.value)
                name = f"{plug.metering_point_name} {role}"
                self._names[series.statistic_id] = name
        if self._waiting_write is None:
            zone = local_zone()
            self._waiting_write = queue_work(
                self._hass, SCHEMA, lambda connection: self._write(connection, zone), self._forget
            )
        return self._waiting_write

    @callback
    def _write_now(self, _: asyncio.Future[int]) -> None:
        if self._hass.is_running and not self._writing_now:
            self._writing_now = True
            self._hass.async_create_background_task(
                self._async_write_now(), f"{DOMAIN} writes the ledger's statistics"
            )

    async def _async_write_now(self) -> None:
        self._writing_now = False
        await self._try(self.async_write_statistics())

    def _write(self, connection: Connection, zone: ZoneInfo) -> int:
        """Book all that waits, in the recorder's thread, and return how much that was."""
        # What comes from now on may be too late for this write: it gets one of its own.
        self._waiting_write = None
        waiting = list(self._pending)
        for item in waiting:
            if isinstance(item, Posting):
                write_posting(connection, item, self._names, zone)
            else:
                write_history(connection, item, self._names, zone)
        return len(waiting)

    def _forget(self, written: int) -> None:
        del self._pending[:written]

    async def _async_write_statistics(self) -> None:
        for _ in range(_MOST_PASSES):
            plan = partial(plan_statistics, now=dt_util.utcnow().timestamp())
            async with asyncio.timeout(_WRITE_LIMIT):
                plans, changes = await queue_work(self._hass, SCHEMA, plan)
            for change in changes:
                async_dispatcher_send(self._hass, SIGNAL_LEDGER_CHANGED, change)
            if changes:
                queue_work(self._hass, SCHEMA, partial(forget_changes, changes=changes))
            if not plans:
                return
            for hours in plans:
                write_statistics(self._hass, hours)
        LOGGER.error("The long-term statistics do not take what the ledger writes")

    async def _async_periods(
        self, series: Series, aggregation: str, start: datetime, end: datetime
    ) -> list[EnergyPeriod]:
        stretch, zone = _stretch(start, end), local_zone()
        if await async_read(
            self._hass, SCHEMA, lambda c: reading.is_under_repair(c, series), missing=False
        ):
            # A run that was cut short has left sums that do not fit together.
            await self.async_write_statistics()
        return await async_read(
            self._hass,
            SCHEMA,
            lambda c: reading.read_periods(c, series, aggregation, stretch, zone),
            [],
        )

    async def _try(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except DatabaseUnavailableError:
            # It is in the log, and the next time makes up for it.
            return
        except TimeoutError:
            LOGGER.warning("The recorder has been busy for too long to write the ledger")


DATA_LEDGER: HassKey[Ledger] = HassKey(f"{DOMAIN}_ledger")


def _stretch(start: datetime, end: datetime) -> tuple[float, float]:
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("start and end need a time zone")
    return start.timestamp(), end.timestamp()
