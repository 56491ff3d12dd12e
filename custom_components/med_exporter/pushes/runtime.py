"""A destination at run time: its state, its automatic exports, its connection test."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import CONF_ID, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.start import async_at_started

from ..clocks.due import async_track_due
from ..const import CONF_DATA, CONF_INTERVAL, DOMAIN, LOGGER, DataType
from ..database import DatabaseUnavailableError
from ..destinations.base import DestinationError
from ..history.reasons import reason_of
from ..history.records import SIGNAL_EXPORT_FINISHED, UNFINISHED, ExportKind, ExportStatus
from .outage import RECORDS_NEEDED, Outage
from .request import read_push_request
from .schedule import PushSchedule

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from datetime import datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant

    from ..destinations.base import Destination
    from ..destinations.kind import DestinationKind
    from ..history.history import History
    from ..history.records import ExportRecord
    from .request import PushRequest
    from .runner import PushRunner

CONF_ENABLED: Final = "enabled"
# Counting what waits reads the database; hours and corrections come in bursts.
_COUNT_EVERY: Final = 120
_COUNT_MINUTE: Final = 4


class DestinationState(StrEnum):
    """How a destination stands: idle before its first run, then as the last run ended."""

    IDLE = "idle"
    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"
    INTERRUPTED = "interrupted"


_STATES: Final = {
    ExportStatus.COMPLETED: DestinationState.SUCCESS,
    ExportStatus.FAILED: DestinationState.ERROR,
    ExportStatus.INTERRUPTED: DestinationState.INTERRUPTED,
}


class DestinationRuntime:
    """The `runtime_data` of a destination's config entry.

    `id` is the destination's public UUID; `data` the data types it receives. Of its last run,
    `last_started` is when it began (UTC), `last_records` how many values arrived in it,
    `last_error` why it failed, in the house's language; `last_success` is when the last run ended
    that did not fail. `backlog` is how many closed periods waited when last counted; `cut_short`
    has the runs by range that are to be taken up again.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: DestinationEntry,
        kind: DestinationKind,
        destination: Destination,
        pushes: PushRunner,
        history: History,
    ) -> None:
        self._hass = hass
        self.entry = entry
        self.kind = kind
        self.destination = destination
        self._pushes = pushes
        self._history = history
        self.id: str = entry.data[CONF_ID]
        self.data = frozenset(DataType(name) for name in entry.data[CONF_DATA])
        self.interval = timedelta(minutes=int(entry.data[CONF_INTERVAL]))
        self.state = DestinationState.IDLE
        self.last_success: datetime | None = None
        self.last_error: str | None = None
        self.last_records: int | None = None
        self.last_started: datetime | None = None
        self.backlog: int | None = None
        self.outage = Outage(hass, self.id, self.name, kind)
        self._schedule = PushSchedule(hass, pushes, self)
        self._running: str | None = None
        self._reached: float | None = None
        self.cut_short: list[PushRequest] = []
        self._forget_stop: CALLBACK_TYPE | None = None
        self._listeners: list[Callable[[], None]] = []
        self._counting: Debouncer[Coroutine[Any, Any, None]] = Debouncer(
            hass,
            LOGGER,
            cooldown=_COUNT_EVERY,
            immediate=True,
            function=self._async_count,
            background=True,
        )

    @property
    def name(self) -> str:
        """Return the name that the user sees."""
        return self.entry.title

    @property
    def enabled(self) -> bool:
        """Return whether automatic export is on."""
        return bool(self.entry.options.get(CONF_ENABLED, True))

    @property
    def progress(self) -> float | None:
        """Return how far the current run is, or how far the last one came, 0 to 100."""
        if self._running is not None:
            self._reached = self._pushes.progress(self._running)
        return self._reached

    async def async_test(self) -> str | None:
        """Test the connection; the result is that of `Destination.async_test`.

        Asks the user to log in again where the destination refused the login.
        """
        try:
            return await self.destination.async_test()
        except DestinationError as err:
            if self.kind.is_refused_secret(err.code):
                self.ask_for_secret()
            raise

    async def async_export(self, *, trigger: str, user_id: str | None) -> ExportRecord:
        """Run to the end, as `PushRunner.async_run`."""
        return await self._pushes.async_run(self, trigger=trigger, user_id=user_id)

    @callback
    def ask_for_secret(self) -> None:
        """Ask the user to log in again."""
        self.entry.async_start_reauth(self._hass)

    @callback
    def set_enabled(self, *, enabled: bool) -> None:
        """Turn automatic export on or off; kept over restarts, without a reload."""
        self._hass.config_entries.async_update_entry(
            self.entry, options={**self.entry.options, CONF_ENABLED: enabled}
        )
        self._schedule.plan()
        self._changed()

    async def async_backlog(self) -> int:
        """Count the closed periods that wait, changed ones among them, and return how many.

        Raises DatabaseUnavailableError.
        """
        backlog = await self._pushes.async_backlog(self)
        if backlog != self.backlog:
            self.backlog = backlog
            self._changed()
        return backlog

    @callback
    def add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener on each change; returns what removes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def run_started(self, record: ExportRecord) -> None:
        """Take note of a run that starts."""
        self.state = DestinationState.RUNNING
        self._running = record.id
        self.last_started = record.started_at
        self._changed()

    @callback
    def run_progressed(self) -> None:
        """Take note of the progress of the current run."""
        self._changed()

    async def async_start(self) -> None:
        """Take up where the last life ended: connect, show the last run, export in time."""
        self.entry.async_on_unload(
            async_dispatcher_connect(self._hass, SIGNAL_EXPORT_FINISHED, self._run_finished)
        )
        self._forget_stop = self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._stop)
        self.entry.async_on_unload(self.async_close)
        await self.destination.async_start()
        await self._restore()
        self._schedule.async_start()
        self.entry.async_on_unload(async_at_started(self._hass, self._count_soon))
        self.entry.async_on_unload(
            async_track_due(self._hass, self._count_soon, minute=_COUNT_MINUTE)
        )
        self.entry.async_on_unload(self._pushes.on_correction(self._count_soon))

    async def async_close(self) -> None:
        """Interrupt a run, and close the connection."""
        if self._forget_stop is not None:
            self._forget_stop()
            self._forget_stop = None
        self._schedule.async_stop()
        self._counting.async_shutdown()
        self.outage.close()
        await self._pushes.async_interrupt(self)
        await self.destination.async_close()

    async def _stop(self, _: Event) -> None:
        # Home Assistant has removed this listener itself.
        self._forget_stop = None
        await self.async_close()

    async def _restore(self) -> None:
        try:
            runs, _ = await self._history.async_list(
                kind=ExportKind.PUSH, destination=self.id, limit=RECORDS_NEEDED
            )
        except DatabaseUnavailableError:
            return
        for run in reversed(runs):
            self._show(run)
        if self.last_success is None and len(runs) == RECORDS_NEEDED:
            succeeded, _ = await self._history.async_list(
                kind=ExportKind.PUSH,
                destination=self.id,
                status={ExportStatus.COMPLETED},
                limit=1,
            )
            self.last_success = succeeded[0].completed_at if succeeded else None
        self.outage.restore(runs)

    @callback
    def _run_finished(self, record: ExportRecord) -> None:
        if record.destination_id != self.id:
            return
        if self._running not in {None, record.id}:
            # A run of an earlier life, found interrupted while one of this life is under way.
            return
        self._running = None
        self._show(record)
        self.outage.note(record)
        self._schedule.plan()
        if self.cut_short and record.status is ExportStatus.COMPLETED:
            self._schedule.take_up(self.cut_short[0])
        self._changed()
        # What waits now is asked for now, however often that was done before.
        self.entry.async_create_background_task(
            self._hass, self._async_count(), f"{DOMAIN} backlog of {self.name}"
        )

    def _show(self, record: ExportRecord) -> None:
        if record.status in UNFINISHED:
            return
        self.state = _STATES.get(record.status, DestinationState.IDLE)
        self.last_records = record.records
        self.last_started = record.started_at
        self.last_error = reason_of(self._hass, record)
        if record.status is ExportStatus.COMPLETED:
            self.last_success = record.completed_at
            self._reached = 100.0
        self._note_range(record)

    def _note_range(self, record: ExportRecord) -> None:
        """Remember a run by range that was cut short, until it has come to its end."""
        if not record.request or not {"start", "end"} & record.request.keys():
            return
        request = read_push_request(record.request)
        self.cut_short = [one for one in self.cut_short if one != request]
        is_down = self.kind.is_unusable(record.error_code)
        if record.status is ExportStatus.INTERRUPTED or is_down:
            self.cut_short.append(request)

    def _changed(self) -> None:
        for listener in list(self._listeners):
            listener()

    @callback
    def _count_soon(self, _: object = None) -> None:
        self._counting.async_schedule_call()

    async def _async_count(self) -> None:
        try:
            await self.async_backlog()
        except DatabaseUnavailableError:
            # It is in the log; the number comes with the next count.
            return


type DestinationEntry = ConfigEntry[DestinationRuntime]
