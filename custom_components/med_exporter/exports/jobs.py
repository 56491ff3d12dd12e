"""File exports from request to file: the queue, the running jobs, and what becomes of files.

Every door comes here: HTTP, actions, later schedules. A caller is a user, or None for an
automation, which has an administrator's rights.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..database import DatabaseUnavailableError
from ..engine.errors import ErrorCode, ExportError
from ..errors import (
    ExportExpiredError,
    ExportFinishedError,
    ExportNotFoundError,
    ExportNotReadyError,
    TooManyExportsError,
)
from ..history.records import (
    UNFINISHED,
    ExportKind,
    ExportRecord,
    ExportStatus,
    expire_if_due,
    mark_interrupted,
)
from ..rights import is_administrator, may_see
from .estimate import Estimate
from .files import ExportFolder
from .links import LinkSigner
from .object_reader import shown
from .planning import chosen_devices, plan_job
from .request import async_read_request
from .worker import async_run_job

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import Event, HomeAssistant

    from ..engine.job import Job
    from ..history.history import History

MAX_RUNNING: Final = 3
MAX_WAITING: Final = 20
KEEP_FILES: Final = timedelta(days=7)

_FOREGROUND_SECONDS: Final = 30
_CLOSE_SECONDS: Final = 20
_EXPIRY_CHECK: Final = timedelta(hours=1)


@dataclass(eq=False, kw_only=True, slots=True)
class _Active:
    """An export that is waiting or running."""

    record: ExportRecord
    job: Job
    progress: float = 0.0
    task: asyncio.Task[None] | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    # What the export becomes when its task is cancelled.
    ends_as: ExportStatus = ExportStatus.INTERRUPTED


class JobManager:
    """Makes export files, a few at once, and looks after them.

    All methods that take an export's id raise ExportNotFoundError for an unknown one and for
    another user's alike.
    """

    links: LinkSigner

    def __init__(self, hass: HomeAssistant, history: History) -> None:
        self._hass = hass
        self._history = history
        self._folder = ExportFolder(Path(hass.config.path(DOMAIN, "exports")))
        self._waiting: deque[_Active] = deque()
        self._active: dict[str, _Active] = {}
        self._estimate = Estimate()
        self._closing = False

    async def async_setup(self) -> None:
        """Clean up after an earlier life and find its files again."""
        self.links = await LinkSigner.async_open(self._hass)
        for described in await self._hass.async_add_executor_job(self._folder.prepare):
            await self._async_find_again(described)
        await self._async_expire_files(dt_util.utcnow())
        async_track_time_interval(
            self._hass,
            self._async_expire_files,
            _EXPIRY_CHECK,
            name=f"{DOMAIN} expiry of export files",
            cancel_on_shutdown=True,
        )

        async def close(_event: Event) -> None:
            await self.async_close()

        self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, close)

    async def async_create(
        self, request: object, *, user: User | None, trigger: str
    ) -> ExportRecord:
        """Check a request, queue its export and return the record.

        `trigger` is `http`, `action` or `schedule`. With `background_processing` off the export
        is waited for, up to 30 s.

        Raises InvalidRequest at the first mistake, TooManyExportsError when the queue is full.
        """
        checked = await async_read_request(self._hass, request)
        devices = chosen_devices(self._hass, checked, user)
        if self._closing or len(self._active) >= MAX_RUNNING + MAX_WAITING:
            raise TooManyExportsError(MAX_RUNNING + MAX_WAITING)
        export_id = str(uuid.uuid4())
        job = plan_job(export_id, checked, devices, self._folder)
        record = ExportRecord(
            id=export_id,
            kind=ExportKind.FILE,
            status=ExportStatus.QUEUED,
            trigger=trigger,
            created_at=dt_util.utcnow(),
            user_id=None if user is None else user.id,
            export_type=checked.export_type,
            format=checked.format,
            path=job.path,
            request=checked.source,
        )
        queued = replace(record)
        active = _Active(record=record, job=job)
        self._active[export_id] = active
        self._waiting.append(active)
        self._history.save(record)
        self._start_waiting()
        if not checked.background_processing:
            return await self.async_wait(export_id, _FOREGROUND_SECONDS)
        return queued

    async def async_get(self, export_id: str, *, user: User | None) -> ExportRecord:
        """Return an export that the caller may see."""
        record = await self._async_record(export_id)
        if not may_see(user, record):
            raise ExportNotFoundError(shown(export_id))
        return record

    async def async_list(
        self, *, user: User | None, limit: int, offset: int
    ) -> tuple[list[ExportRecord], int]:
        """Return a page of the exports the caller may see, newest first, and their number."""
        owner = None if user is None or is_administrator(user) else user.id
        records, total = await self._history.async_list(
            kind=ExportKind.FILE, user_id=owner, limit=limit, offset=offset
        )
        return [expire_if_due(record, dt_util.utcnow()) for record in records], total

    async def async_wait(self, export_id: str, timeout: float | None = None) -> ExportRecord:  # noqa: ASYNC109
        """Wait until an export has ended, at most `timeout` seconds, and return it as it is."""
        if (active := self._active.get(export_id)) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await active.finished.wait()
        return await self._async_record(export_id)

    @callback
    def progress(self, record: ExportRecord) -> float:
        """Return how much of an export is done, 0 to 100, and 100 only with a whole file."""
        if (active := self._active.get(record.id)) is not None:
            return min(active.progress, 99.9)
        whole = record.status in (ExportStatus.COMPLETED, ExportStatus.EXPIRED)
        return 100.0 if whole else 0.0

    @callback
    def estimated_completion(self, record: ExportRecord) -> datetime | None:
        """Return when an export will probably be done (UTC), None when it has ended."""
        if (active := self._active.get(record.id)) is None:
            return None
        now = dt_util.utcnow()
        seconds = self._estimate.seconds(active.job)
        if record.started_at is not None:
            spent = (now - record.started_at).total_seconds()
            if active.progress > 5:
                seconds = spent * 100 / active.progress
            return now + timedelta(seconds=max(seconds - spent, 0))
        ahead = 0.0
        for other in self._active.values():
            if other is active:
                break
            ahead += self._estimate.seconds(other.job) * (1 - other.progress / 100)
        return now + timedelta(seconds=ahead / MAX_RUNNING + seconds)

    async def async_file(self, export_id: str, *, user: User | None) -> Path:
        """Return an export's file.

        Raises ExportNotReadyError while there is none or when the export ended without one,
        ExportExpiredError when it has been deleted.
        """
        record = await self.async_get(export_id, user=user)
        if record.status is ExportStatus.EXPIRED:
            raise ExportExpiredError(export_id)
        if record.status is not ExportStatus.COMPLETED or record.path is None:
            raise ExportNotReadyError(export_id, record.status.value)
        path = Path(record.path)
        if not await self._hass.async_add_executor_job(path.is_file):
            self._mark_expired(record)
            raise ExportExpiredError(export_id)
        return path

    async def async_count_download(self, export_id: str) -> None:
        """Note that an export's file was fetched whole, or from its beginning."""
        record = await self._async_record(export_id)
        record.downloads += 1
        self._history.save(record)

    async def async_cancel(self, export_id: str, *, user: User | None) -> ExportRecord:
        """Stop a waiting or running export; nothing of it stays on disk.

        Raises ExportFinishedError when it has already ended.
        """
        record = await self.async_get(export_id, user=user)
        active = self._active.get(export_id)
        if active is None:
            raise ExportFinishedError(export_id, record.status.value)
        self._stop(active, ExportStatus.CANCELLED)
        return await self.async_wait(export_id)

    async def async_delete(self, export_id: str, *, user: User | None) -> None:
        """Remove an export with its file and its place in the history; stop it if need be."""
        record = await self.async_get(export_id, user=user)
        if (active := self._active.get(export_id)) is not None:
            self._stop(active, ExportStatus.CANCELLED)
            await active.finished.wait()
        if record.path is not None:
            await self._hass.async_add_executor_job(self._folder.remove, record.path)
        await self._history.async_delete(export_id)

    async def async_close(self) -> None:
        """Stop everything as Home Assistant stops; what was under way ends as interrupted."""
        self._closing = True
        active = list(self._active.values())
        for one in active:
            self._stop(one, ExportStatus.INTERRUPTED)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                for one in active:
                    await one.finished.wait()
        except TimeoutError:
            LOGGER.warning("Exports were still under way when Home Assistant stopped")

    @callback
    def _start_waiting(self) -> None:
        running = len(self._active) - len(self._waiting)
        while self._waiting and running < MAX_RUNNING and not self._closing:
            active = self._waiting.popleft()
            active.task = self._hass.async_create_background_task(
                self._async_run(active), f"{DOMAIN} export {active.record.id}"
            )
            running += 1

    @callback
    def _stop(self, active: _Active, status: ExportStatus) -> None:
        active.ends_as = status
        if active.task is not None:
            active.task.cancel()
            return
        self._waiting.remove(active)
        self._end(active, status)

    async def _async_run(self, active: _Active) -> None:
        """Run one export to its end, whatever that is."""
        record = active.record
        record.status = ExportStatus.RUNNING
        record.started_at = dt_util.utcnow()
        self._history.save(record)

        def on_progress(share: float) -> None:
            active.progress = max(active.progress, share)

        status = ExportStatus.FAILED
        try:
            result = await async_run_job(self._hass, active.job, on_progress)
        except asyncio.CancelledError:
            status = active.ends_as
        except ExportError as err:
            record.error_code, record.error_message = str(err.code), err.message
        except Exception:  # noqa: BLE001  # a mistake of ours may not leave an export running for ever
            LOGGER.exception("The export %s failed", record.id)
            record.error_code = ErrorCode.INTERNAL_ERROR.value
            record.error_message = "An unexpected error; Home Assistant's log has the details"
        else:
            record.records = result.records
            record.size = result.bytes
            record.warnings = result.warnings
            status = ExportStatus.COMPLETED
            if record.started_at is not None:
                spent = dt_util.utcnow() - record.started_at
                self._estimate.learn(active.job, spent.total_seconds())
        # A task of its own: Home Assistant cancels this one as it stops, and a second time does
        # the caller who stops the export, in whatever the clean-up has come to by then.
        await asyncio.shield(
            self._hass.async_create_task(
                self._async_settle(active, status), f"{DOMAIN} end of export {record.id}"
            )
        )

    async def _async_settle(self, active: _Active, status: ExportStatus) -> None:
        """Describe a whole file, or remove what there is of one, and end the export."""
        record = active.record
        record.status = status
        record.completed_at = dt_util.utcnow()
        if status is ExportStatus.COMPLETED:
            record.expires_at = record.completed_at + KEEP_FILES
            try:
                await self._hass.async_add_executor_job(self._folder.describe, record)
            except OSError as err:
                # Without its description the file would be lost at the next start.
                status = ExportStatus.FAILED
                record.error_code = ErrorCode.FILE_ERROR.value
                record.error_message = f"The file's description could not be written: {err}"
        if status is not ExportStatus.COMPLETED:
            try:
                await self._hass.async_add_executor_job(self._remove, record)
            except OSError as err:
                LOGGER.warning("What is left of the export %s stays: %s", record.id, err)
        self._end(active, status)

    def _remove(self, record: ExportRecord) -> None:
        if record.path is not None:
            self._folder.remove(record.path)

    @callback
    def _end(self, active: _Active, status: ExportStatus) -> None:
        record = active.record
        record.status = status
        record.completed_at = record.completed_at or dt_util.utcnow()
        if status is ExportStatus.INTERRUPTED:
            mark_interrupted(record, record.completed_at)
        if status is not ExportStatus.COMPLETED:
            record.path = record.expires_at = None
        del self._active[record.id]
        self._history.save(record)
        active.finished.set()
        self._start_waiting()

    async def _async_record(self, export_id: str) -> ExportRecord:
        """Return a file export's record as it is now."""
        if (active := self._active.get(export_id)) is not None:
            return replace(active.record)
        try:
            uuid.UUID(export_id)
        except ValueError:
            raise ExportNotFoundError(shown(export_id)) from None
        record = await self._history.async_get(export_id)
        if record is None or record.kind is not ExportKind.FILE:
            raise ExportNotFoundError(export_id)
        return expire_if_due(record, dt_util.utcnow())

    async def _async_find_again(self, described: ExportRecord) -> None:
        """Give a file back to a history that has lost it, or never learned that it was whole."""
        try:
            record = await self._history.async_get(described.id)
        except DatabaseUnavailableError:
            LOGGER.warning("The history cannot be read; %s is not looked up", described.path)
            return
        if record is None or record.status in {*UNFINISHED, ExportStatus.INTERRUPTED}:
            self._history.save(described)

    async def _async_expire_files(self, now: datetime) -> None:
        """Delete the files whose time is over."""
        for described in await self._hass.async_add_executor_job(self._folder.expired, now):
            with suppress(ExportNotFoundError, DatabaseUnavailableError):
                self._mark_expired(await self._async_record(described.id))
            await self._hass.async_add_executor_job(self._remove, described)

    @callback
    def _mark_expired(self, record: ExportRecord) -> None:
        record.status = ExportStatus.EXPIRED
        record.path = None
        self._history.save(record)
