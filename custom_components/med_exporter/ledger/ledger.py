"""The ledger: how much energy belongs to each closed half-hour, hour, day and month."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..clocks.lived import lived_time
from ..clocks.local import local_zone
from ..const import DOMAIN, LOGGER
from ..database import DatabaseUnavailableError, async_work_within, queue_work
from ..later import later_in_thread
from ..statistics import SumsWriter
from ..texts import async_options
from .answers import LedgerAnswers
from .backfill import KEPT_DAYS
from .booking_queue import BookingQueue
from .books import delete_quarters
from .burst import Burst
from .closing import Clock, LedgerChange, running_sums
from .series import PointSeries
from .tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine

    from homeassistant.core import CALLBACK_TYPE, HomeAssistant
    from sqlalchemy.engine import Connection

    from ..statistics import RunningSum
    from .booking_queue import Item
    from .corrections import Corrected, Correction
    from .hours import MeterHours
    from .past import PlugHistory
    from .posting import Posting
    from .retracting import Retraction
    from .series import LedgerPlug, Series

SIGNAL_LEDGER_CHANGED: Final = f"{DOMAIN}_ledger_changed"
"""Sent with a LedgerChange when closed hours have got other values, at least once for each."""

PATIENCE: Final = 15.0
"""How long who corrects energy waits for the database, and then for the statistics, in seconds."""

_WRITE_EVERY: Final = timedelta(minutes=2)
_PURGE_EVERY: Final = timedelta(hours=24)
# How many hours of a sum it tells at once, up to twice that: of hundreds of plugs together these
# are tens of thousands of days.
_HOURS_AT_ONCE: Final = 1000


# What few homes ever do, or not before they are changed.
_bring_past: Final = later_in_thread(__package__, "moving", "bring_past")
_forget_meters: Final = later_in_thread(__package__, "hours", "forget_meters")


class Ledger(LedgerAnswers):
    """Books the energy of plugs; what it knows of periods, `LedgerAnswers` reads.

    Quarter-hours stand in a table of the ledger's own for 400 days; hours stand in Home
    Assistant's long-term statistics for good, under statistic ids of its own. Energies
    are in kWh, times are aware, ranges include their start and not their end.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(hass)
        # The time that is lived through begins no later than what is kept for a time.
        lived_time(hass)
        self._names: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._writing_now = False
        self._series: dict[str, Series] = {}
        # Those that metering points had when the statistics were to be written.
        self._plugs: set[tuple[str, str]] = set()
        self._pasts = Burst(hass.loop.time)
        self._bookings = BookingQueue(hass, self._names, self._pasts)
        self._sums = SumsWriter(
            hass,
            SCHEMA,
            self._running_sums,
            self._announce,
            self._pasts.async_over,
            hours_at_once=_HOURS_AT_ONCE,
        )

    async def async_setup(self) -> CALLBACK_TYPE:
        """Write statistics and delete what is too old from now on; return what ends that."""
        roles = await async_options(self._hass, "role")
        self._roles = {role: word.lower() for role, word in roles.items()}

        purged_at = datetime.min.replace(tzinfo=UTC)

        async def work(now: datetime) -> None:
            nonlocal purged_at
            if self._sums.is_writing or not self._hass.is_running:
                return
            await self._try(self.async_write_statistics())
            # Not by a timer of its own, which a house that restarts every day would never see.
            if abs(now - purged_at) >= _PURGE_EVERY:
                purged_at = now
                await self._try(self.async_purge())

        return async_track_time_interval(
            self._hass, work, _WRITE_EVERY, name=f"{DOMAIN} ledger", cancel_on_shutdown=True
        )

    @callback
    def post(self, posting: Posting) -> asyncio.Future[int]:
        """Book a reading of a plug's counter.

        The quarter-hours and what is remembered of the counter change in one transaction. Posting
        the same again changes nothing. What could not be written is tried again with the next
        posting; what is lost in a sudden stop, the counter's next posting makes up for.

        Returns:
            A future that is done when all that waited is committed, or failed with
            DatabaseUnavailableError. Callers may ignore it.

        """
        return self._queue(posting, posting.plug)

    @callback
    def retract(self, retraction: Retraction) -> asyncio.Future[int]:
        """Take back what was posted of a plug lately, so that it can be posted with other times.

        To be called right before these postings. The rest is as with `post`; what was posted more
        than a day ago stays.
        """
        return self._queue(retraction, retraction.plug)

    @callback
    def backfill(self, history: PlugHistory) -> asyncio.Future[int]:
        """Fill what lies before a plug's first posting by the plug's own statistics, once.

        To be called after the plug's first posting. Another call changes nothing.
        """
        # A part at a time, so that the recorder can do something else in between.
        for part in history.parts(local_zone()):
            booked = self._queue(part, part.plug)
        self._pasts.begin()
        booked.add_done_callback(lambda _: self._pasts.end())
        # Whoever has just added a plug wants to see what it brings.
        booked.add_done_callback(self._write_now)
        return booked

    @callback
    def tell(self, hours: MeterHours) -> asyncio.Future[int]:
        """Let a meter's hours be as they are told, whatever is booked of them.

        Telling the same again changes nothing. What is done, and what the future means, is as with
        `post`.
        """
        return self._queue(hours, hours.plug)

    async def async_forget(self, plug_ids: Collection[str]) -> None:
        """Forget all that is booked of meters; their long-term statistics stay.

        Raises DatabaseUnavailableError.
        """
        await queue_work(self._hass, SCHEMA, lambda c: _forget_meters(c, plug_ids))

    @callback
    def bring_past(self, plug: LedgerPlug, since: int = 0) -> asyncio.Future[None]:
        """Let all that was booked of a plug elsewhere count where it is now.

        Of a meter, that since a quarter-hour (UTC seconds). Returns a future that fails with
        DatabaseUnavailableError; callers may ignore it.
        """
        brought = queue_work(self._hass, SCHEMA, lambda c: _bring_past(c, plug, since))
        brought.add_done_callback(self._write_now)
        return brought

    async def async_correct(self, correction: Correction) -> Corrected:
        """Put the energy of a plug in a range right, and let the statistics follow.

        Raises CorrectionError where that cannot be done, and DatabaseUnavailableError, also where
        the database is busy for `PATIENCE` seconds: nothing is corrected then.
        """
        # Loaded with what makes a correction.
        from .corrections import CorrectionError, correct  # noqa: PLC0415
        from .undoing import UNDO_SCHEMA  # noqa: PLC0415

        now = dt_util.utcnow().timestamp()
        refused: list[CorrectionError] = []

        def work(connection: Connection) -> Corrected | None:
            try:
                return correct(connection, correction, now)
            except CorrectionError as err:
                # The recorder's thread would log it as an error of the database.
                refused.append(err)
                return None

        done = await async_work_within(self._hass, UNDO_SCHEMA, work, PATIENCE)
        if done is None:
            raise refused[0]
        try:
            async with asyncio.timeout(PATIENCE):
                await self.async_write_statistics()
        except (TimeoutError, DatabaseUnavailableError):
            return replace(done, statistics_pending=True)
        return done

    async def async_write_statistics(self) -> None:
        """Write all closed hours to the long-term statistics, and those that have changed anew.

        Hours that had been written and now have other energy are announced by
        SIGNAL_LEDGER_CHANGED. A second call changes nothing. To be called before closed periods
        are pushed; it also runs every two minutes. Not during set-up: it waits for the recorder.
        Raises DatabaseUnavailableError and TimeoutError.
        """
        self._plugs = self._present()
        await self._sums.async_write()

    async def async_purge(self) -> int:
        """Delete days older than 400 days; return how many, each of one plug."""
        kept = timedelta(days=KEPT_DAYS)
        too_old = lived_time(self._hass).too_old("quarter-hours", kept, since=kept)
        return await queue_work(self._hass, SCHEMA, lambda c: delete_quarters(c, too_old))

    @callback
    def _queue(self, item: Item, plug: LedgerPlug) -> asyncio.Future[int]:
        for series in plug.series:
            self._names[series.statistic_id] = plug.name
            if isinstance(series, PointSeries):
                role = self._roles.get(series.role.value, series.role.value)
                name = f"{plug.metering_point_name} {role}"
                self._names[series.statistic_id] = name
        return self._bookings.add(item)

    @callback
    def _write_now(self, _: asyncio.Future[Any]) -> None:
        if self._hass.is_running and not self._writing_now:
            self._writing_now = True
            self._hass.async_create_background_task(
                self._async_write_now(), f"{DOMAIN} writes the ledger's statistics"
            )

    async def _async_write_now(self) -> None:
        self._writing_now = False
        await self._try(self.async_write_statistics())

    def _running_sums(self, connection: Connection, now: float) -> dict[str, RunningSum]:
        sums = running_sums(connection, Clock(now, self._plugs))
        self._series = {series.statistic_id: series for series in sums}
        return {one.statistic_id: one for one in sums.values()}

    @callback
    def _announce(self, statistic_id: str, first_ts: int) -> None:
        change = LedgerChange(self._series[statistic_id], first_ts)
        async_dispatcher_send(self._hass, SIGNAL_LEDGER_CHANGED, change)

    async def _try(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except DatabaseUnavailableError:
            # It is in the log, and the next time makes up for it.
            return
        except TimeoutError:
            LOGGER.warning("The recorder has been busy for too long to write the ledger")


DATA_LEDGER: HassKey[Ledger] = HassKey(f"{DOMAIN}_ledger")
