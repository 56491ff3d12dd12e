"""Runs schedules when they are due, makes up for what was missed, and keeps them over restarts."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import CoreState, HassJob, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..audit import EventType
from ..clocks.certain import certain_time
from ..clocks.due import LONGEST_NAP
from ..clocks.local import certain_now
from ..const import DOMAIN, LOGGER
from ..delivery.errors import DeliveryError
from ..delivery.failures import close_issues, tell_schedule_failed
from ..engine.codec import from_json, prepare, to_json
from ..errors import InvalidRequest, NotStoredError
from ..formats import FormatTooNewError, VersionedStore
from ..later import Later, later
from ..object_reader import shown
from .cron import due_times, last_due, next_due
from .records import Schedule, with_pdl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, tzinfo

    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..audit import AuditLog
    from ..delivery import Deliveries
    from ..exports.jobs import JobManager
    from ..history.records import ExportRecord
    from .run import ScheduledRun

SIGNAL_SCHEDULES_CHANGED: Final = f"{DOMAIN}_schedules_changed"
"""Sent when schedules have been made, changed, removed or run."""

# What reads and runs schedules is loaded with the first of them.
_async_read_schedule: Final = later(__package__, "request", "async_read_schedule")
_RUN: Final = Later(__package__, "run", "ScheduledRun")

# What a clock that was ahead has run before its time is not run again, in seconds.
_EARLY: Final = 86_400.0


class ScheduleNotFoundError(InvalidRequest):
    """No schedule has this id."""

    def __init__(self, schedule_id: str) -> None:
        super().__init__("SCHEDULE_NOT_FOUND", "schedule_not_found", schedule_id=schedule_id)


class Scheduler:
    """Keeps schedules and runs them.

    A due time is written down as handled, and its run as under way, before the run begins; when
    the run has ended, that is written down too. So after a sudden stop each due time is either
    still to be run or found under way, and is made up once.
    """

    def __init__(
        self, hass: HomeAssistant, jobs: JobManager, deliveries: Deliveries, audit: AuditLog
    ) -> None:
        self._hass = hass
        self._jobs = jobs
        self._deliveries = deliveries
        self._audit = audit
        self._store = VersionedStore(hass, "schedules")
        self._schedules: dict[str, Schedule] = {}
        self._too_new: FormatTooNewError | None = None
        self._running: set[str] = set()
        self._cancel_timer: Callable[[], None] | None = None

    async def async_setup(self) -> None:
        """Load the schedules; once Home Assistant has started, make up for what was missed.

        Schedules of a newer format are left alone: none runs, and none can be made or changed.
        """
        stored: dict[str, Any] = {"schedules": []}
        try:
            stored = await self._store.async_load() or stored
        except FormatTooNewError as err:
            self._too_new = err
        if stored["schedules"]:
            await self._hass.async_add_executor_job(prepare, Schedule)
        for values in stored["schedules"]:
            try:
                schedule = from_json(Schedule, values)
            except ValueError as err:
                LOGGER.error("A schedule cannot be read and is left out: %s", err)
                continue
            self._schedules[schedule.id] = schedule

        async_at_started(self._hass, self._async_run_due)
        # The time zone may be another one.
        self._hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._async_run_due)

    def schedules(self) -> list[Schedule]:
        """Return all schedules, by name."""
        return sorted(
            (replace(one) for one in self._schedules.values()),
            key=lambda one: (one.name.casefold(), one.id),
        )

    def get(self, schedule_id: str) -> Schedule:
        """Return a schedule. Raises ScheduleNotFoundError."""
        self._require_known()
        if (schedule := self._schedules.get(schedule_id)) is None:
            raise ScheduleNotFoundError(shown(schedule_id))
        return replace(schedule)

    def next_run(self, schedule: Schedule) -> datetime | None:
        """Return when a schedule runs next, in UTC; None while it is disabled."""
        if not schedule.enabled:
            return None
        return next_due(schedule.schedule, dt_util.utcnow(), self._zone)

    async def async_create(self, request: object, *, user: User | None) -> Schedule:
        """Keep a new schedule and return it. Raises InvalidRequest and NotStoredError."""
        self._require_known()
        asked = await _async_read_schedule(self._hass, request)
        now = certain_now(self._hass)
        schedule = Schedule(
            id=str(uuid.uuid4()),
            created_at=now,
            created_by=None if user is None else user.id,
            handled_until=now,
            **asked,
        )
        self._schedules[schedule.id] = schedule
        await self._async_changed(
            schedule, "created", user, undo=lambda: self._schedules.pop(schedule.id, None)
        )
        return replace(schedule)

    async def async_update(
        self, schedule_id: str, request: object, *, user: User | None
    ) -> Schedule:
        """Change what a request names and return the schedule.

        What was due before the change is not made up for. Raises ScheduleNotFoundError,
        InvalidRequest and NotStoredError.
        """
        known = self.get(schedule_id)
        asked = await _async_read_schedule(self._hass, request, known)
        schedule = self._schedules[self.get(schedule_id).id]
        before = replace(schedule)

        def undo() -> None:
            for name in (*asked, "handled_until"):
                setattr(schedule, name, getattr(before, name))

        for name, value in asked.items():
            setattr(schedule, name, value)
        if (schedule.schedule, schedule.enabled) != (before.schedule, before.enabled):
            schedule.handled_until = certain_now(self._hass)
        await self._async_changed(schedule, "changed", user, undo)
        close_issues(self._hass, schedule.id)
        return replace(schedule)

    async def async_delete(self, schedule_id: str, *, user: User | None) -> None:
        """Remove a schedule; a run under way goes on.

        Raises ScheduleNotFoundError and NotStoredError.
        """
        schedule = self._schedules.pop(self.get(schedule_id).id)
        await self._async_changed(
            schedule, "deleted", user, undo=lambda: self._schedules.update({schedule.id: schedule})
        )
        await self._deliveries.async_forget(schedule.id)

    async def async_run_now(self, schedule_id: str, *, user: User | None) -> ExportRecord:
        """Start a run now, enabled or not, and return its export as it starts.

        Presets mean the time of asking. Raises ScheduleNotFoundError and what creating the
        export raises.
        """
        schedule = self._schedules[self.get(schedule_id).id]
        run = await self._async_run_of(schedule, dt_util.utcnow())
        record = await run.async_start()
        self._note(schedule, "run", user)
        self._hass.async_create_background_task(
            run.async_finish(record), f"{DOMAIN} schedule {schedule.id}"
        )
        return record

    async def async_rename_point(self, before: str, now: str) -> None:
        """Let schedules that name a metering point by its pdl name it by another one."""
        named = False
        for schedule in self._schedules.values():
            config = with_pdl(schedule.export_config, before, now)
            named = named or config != schedule.export_config
            schedule.export_config = config
        if named:
            await self._async_save()

    async def async_clear(self) -> None:
        """Forget all schedules, on disk too; their files and deliveries are not touched."""
        for schedule in self._schedules.values():
            close_issues(self._hass, schedule.id)
        self._schedules.clear()
        self._too_new = None
        self._plan()
        await self._store.async_remove()

    def due_between(self, schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield when an enabled schedule is due in [start, end), in UTC."""
        if not schedule.enabled:
            return
        begin = max(start, schedule.created_at) - timedelta(microseconds=1)
        for moment in due_times(schedule.schedule, begin, self._zone):
            if moment >= end:
                return
            yield moment

    def _require_known(self) -> None:
        if self._too_new is not None:
            raise self._too_new

    async def _async_changed(
        self, schedule: Schedule, change: str, user: User | None, undo: Callable[[], object]
    ) -> None:
        """Keep a change and tell of it, or undo it where the disk does not take it."""
        await self._hass.async_add_executor_job(prepare, Schedule)
        try:
            await self._store.async_keep(self._stored())
        except NotStoredError:
            undo()
            raise
        async_dispatcher_send(self._hass, SIGNAL_SCHEDULES_CHANGED)
        self._note(schedule, change, user)
        self._plan()

    def _note(self, schedule: Schedule, change: str, user: User | None) -> None:
        self._audit.record(
            EventType.SCHEDULE_CHANGED,
            user=user,
            subject=schedule.name,
            details={"change": change, "schedule_id": schedule.id},
        )

    async def _async_save(self) -> None:
        await self._store.async_save(self._stored())
        async_dispatcher_send(self._hass, SIGNAL_SCHEDULES_CHANGED)

    def _stored(self) -> dict[str, Any]:
        return {"schedules": [to_json(schedule) for schedule in self._schedules.values()]}

    @callback
    def _plan(self) -> None:
        """Wake up when the next schedule is due."""
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None
        if self._hass.state is not CoreState.running:
            return
        due = [
            moment
            for schedule in self._schedules.values()
            if schedule.enabled
            and schedule.id not in self._running
            and (moment := next_due(schedule.schedule, schedule.handled_until, self._zone))
        ]
        if due:
            # A clock that is set while this waits, as at the start of a small machine, is noticed.
            sleep = min(max(min(due) - certain_now(self._hass), timedelta(0)), LONGEST_NAP)
            job = HassJob(self._async_run_due, cancel_on_shutdown=True)
            self._cancel_timer = async_call_later(self._hass, sleep, job)

    async def _async_run_due(self, _: object = None) -> None:
        """Start every run that is due, or was while nobody was there: once each."""
        now = certain_now(self._hass)
        due: list[tuple[Schedule, datetime]] = []
        for schedule in self._schedules.values():
            if schedule.id in self._running:
                continue
            schedule.handled_until = certain_time(self._hass).told(
                schedule.handled_until, within=_EARLY
            )
            moment = schedule.under_way
            if schedule.enabled:
                # The latest of several stands for them all.
                latest = last_due(schedule.schedule, schedule.handled_until, now, self._zone)
                moment = latest or moment
            if moment is None:
                continue
            schedule.handled_until = max(now, schedule.handled_until)
            schedule.under_way = moment
            self._running.add(schedule.id)
            due.append((schedule, moment))
        if due:
            await self._async_save()
        for schedule, moment in due:
            self._hass.async_create_background_task(
                self._async_run(schedule, moment), f"{DOMAIN} schedule {schedule.id}"
            )
        self._plan()

    async def _async_run(self, schedule: Schedule, due: datetime) -> None:
        """Run a schedule for the time it was due, to its end."""
        try:
            # A sudden stop may have come after the file had been handed over.
            has_ended = self._deliveries.has_taken(schedule.id, due)
            has_ended = has_ended or await (await self._async_run_of(schedule, due)).async_run()
        except Exception:  # noqa: BLE001  # a mistake of ours may not end the schedule for good
            LOGGER.exception("The run of the schedule “%s” failed", schedule.name)
            error = DeliveryError("unexpected")
            tell_schedule_failed(self._hass, schedule.id, schedule.name, due, error)
            has_ended = True
        finally:
            self._running.discard(schedule.id)
        if not has_ended:
            # Home Assistant stops: it stays under way, and is made up for at the next start.
            return
        schedule.under_way = None
        await self._async_save()
        await self._async_run_due()

    async def _async_run_of(self, schedule: Schedule, due: datetime) -> ScheduledRun:
        """Return a run that has yet to start."""

        async def begun(record: ExportRecord) -> None:
            schedule.last_run_at, schedule.last_export_id = due, record.id
            await self._async_save()

        run: ScheduledRun = (await _RUN.async_get(self._hass))(
            self._hass, self._jobs, self._deliveries, replace(schedule), due, begun
        )
        return run

    @property
    def _zone(self) -> tzinfo:
        return dt_util.get_default_time_zone()


DATA_SCHEDULES: HassKey[Scheduler] = HassKey(f"{DOMAIN}_schedules")
