"""File exports: what callers may ask of them.

Every door comes here: HTTP, actions, schedules. A caller is a user, or None for an automation,
which has an administrator's rights.
"""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..audit import EventType
from ..clocks.local import certain_now
from ..const import DOMAIN
from ..errors import (
    ExportExpiredError,
    ExportFinishedError,
    ExportNotFoundError,
    ExportNotReadyError,
    MedError,
    TooManyExportsError,
)
from ..history.reasons import noted
from ..history.records import ExportKind, ExportRecord, ExportStatus, expire_if_due
from ..later import later
from ..object_reader import shown
from ..rights import is_administrator, may_see
from .files import ExportFolder
from .kept import KeptFiles
from .links import LinkSigner
from .previewer import Previewer
from .queue import Priority
from .runner import TRIGGER_SCHEDULE, ExportRunner, owner_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..audit import AuditLog
    from ..engine.job import GivenTable, Request
    from ..history.history import History
    from ..history.statistics import FileStatistics
    from .asked import Asked

    type GivenTables = Callable[
        [HomeAssistant, Request, User | None], Awaitable[tuple[GivenTable, ...]]
    ]

_FOREGROUND_SECONDS: Final = 30

# What checks and plans files is loaded with the first that is asked for.
_async_ask: Final = later(__package__, "asked", "async_ask")


class JobManager:
    """Makes export files, a few at once, and looks after them.

    All methods that take an export's id raise ExportNotFoundError for an unknown one and for
    another user's alike.

    Attributes:
        links: signs the addresses of files.
        files: those that are finished.
        previewer: makes previews.

    """

    links: LinkSigner

    def __init__(
        self, hass: HomeAssistant, history: History, audit: AuditLog, given_tables: GivenTables
    ) -> None:
        """`given_tables` tells what only Home Assistant's side knows."""
        self._hass = hass
        self._history = history
        self._audit = audit
        self._given_tables = given_tables
        self._folder = ExportFolder(Path(hass.config.path(DOMAIN, "exports")))
        self.files = KeptFiles(hass, history, self._folder)
        self.previewer = Previewer(hass)
        self._runner = ExportRunner(hass, history, self._folder)

    async def async_setup(self) -> None:
        """Clean up after an earlier life and find its files again."""
        self.links = await LinkSigner.async_open(self._hass)
        await self.files.async_find_again()
        await self.files.async_expire()
        self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self.async_close)

    async def async_create(
        self, request: object, *, user: User | None, trigger: str, now: datetime | None = None
    ) -> ExportRecord:
        """Check a request, queue its export and return the record.

        `trigger` is `http`, `action`, `panel` or `schedule`. With `background_processing` off the
        export is waited for, up to 30 s, unless a schedule wants it. With `cache_results` on, and a
        range that is over, the record may be one that is complete already. Presets mean `now`,
        which is the clock's if None.

        Raises InvalidRequest at the first mistake, TooManyExportsError and TooManyFilesError when
        the caller's share of the queue or the disk is used up, NotStoredError on a full disk.
        """
        asked: Asked = await _async_ask(
            self._hass,
            request,
            user,
            now,
            given_tables=self.async_given,
            folder=self._folder,
            privacy_key=self.links.privacy_key(),
        )
        checked = asked.request
        key = asked.cache_key
        if key is not None and (made := await self._async_cached(key, user)):
            return made
        await self.files.async_require_room(user)
        record = ExportRecord(
            id=asked.export_id,
            kind=ExportKind.FILE,
            status=ExportStatus.QUEUED,
            trigger=trigger,
            created_at=dt_util.utcnow(),
            user_id=None if user is None else user.id,
            export_type=checked.export_type,
            format=checked.format,
            path=asked.job.path,
            request=dict(request) if isinstance(request, dict) else {},
        )
        if self._runner.is_full(owner_of(record)):
            raise TooManyExportsError(self._runner.most)
        queued = replace(record)
        priority = _priority(trigger, background=checked.background_processing)
        kept = self._runner.add(record, asked.job, asked.plan, priority, key)
        self._note(EventType.EXPORT_CREATED, record, user)
        await self._history.async_told(kept)
        if not checked.background_processing and trigger != TRIGGER_SCHEDULE:
            return await self.async_wait(asked.export_id, _FOREGROUND_SECONDS)
        return queued

    async def async_given(self, request: Request, user: User | None) -> tuple[GivenTable, ...]:
        """Return what only Home Assistant's side knows of a checked request."""
        return await self._given_tables(self._hass, request, user)

    @callback
    def fail(self, request: Mapping[str, Any], error: MedError, *, trigger: str) -> ExportRecord:
        """Note an export that could not even be created, and return its record."""
        record = ExportRecord(
            id=str(uuid.uuid4()),
            kind=ExportKind.FILE,
            status=ExportStatus.QUEUED,
            trigger=trigger,
            created_at=dt_util.utcnow(),
            export_type=str(request.get("export_type")),
            format=str(request.get("format")),
            request=dict(request),
        )
        # Only what was under way is announced when it ends.
        self._history.save(record)
        record.status = ExportStatus.FAILED
        record.completed_at = record.created_at
        record.error_code, record.error_message = error.code, str(error)
        record.warnings = [noted(error)]
        self._history.save(record)
        return record

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
        owner = _whose(user)
        records, total = await self._history.async_list(
            kind=ExportKind.FILE, user_id=owner, limit=limit, offset=offset
        )
        return [expire_if_due(record, certain_now(self._hass)) for record in records], total

    async def async_statistics(self, *, user: User | None) -> FileStatistics:
        """Return what the exports the caller may see add up to; `since` is this month, local."""
        owner = _whose(user)
        month = dt_util.start_of_local_day().replace(day=1)
        return await self._history.async_file_statistics(user_id=owner, since=month)

    async def async_wait(self, export_id: str, timeout: float | None = None) -> ExportRecord:  # noqa: ASYNC109
        """Wait until an export has ended, at most `timeout` seconds, and return it as it is."""
        if (active := self._runner.get(export_id)) is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await active.finished.wait()
        return await self._async_record(export_id)

    async def async_outcome(self, export_id: str) -> tuple[ExportRecord, Mapping[str, float]]:
        """Wait until an export has ended; return its record and the figures that sum it up.

        The figures are known as long as the file is there: `total_energy` in kWh, `total_cost`.
        """
        record = await self.async_wait(export_id)
        if record.path is None:
            return record, {}
        return record, await self._hass.async_add_executor_job(self._folder.figures, record.path)

    @callback
    def progress(self, record: ExportRecord) -> float:
        """Return how much of an export is done, 0 to 100, and 100 only with a whole file."""
        if (active := self._runner.get(record.id)) is not None:
            return min(active.progress, 99.9)
        whole = record.status in (ExportStatus.COMPLETED, ExportStatus.EXPIRED)
        return 100.0 if whole else 0.0

    @callback
    def estimated_completion(self, record: ExportRecord) -> datetime | None:
        """Return when an export will probably be done (UTC), None when it has ended."""
        active = self._runner.get(record.id)
        return None if active is None else self._runner.estimated_completion(active)

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
            self.files.mark_expired(record)
            raise ExportExpiredError(export_id)
        return path

    async def async_count_download(self, export_id: str, *, user: User | None) -> None:
        """Note that an export's file was fetched whole, or from its beginning.

        `user` is None for whoever has a signed link.
        """
        record = await self._async_record(export_id)
        record.downloads += 1
        self._history.save(record)
        self._note(EventType.EXPORT_DOWNLOADED, record, user)

    async def async_cancel(self, export_id: str, *, user: User | None) -> ExportRecord:
        """Stop a waiting or running export; nothing of it stays on disk.

        Raises ExportFinishedError when it has already ended.
        """
        record = await self.async_get(export_id, user=user)
        active = self._runner.get(export_id)
        if active is None:
            raise ExportFinishedError(export_id, record.status.value)
        self._runner.stop(active, ExportStatus.CANCELLED)
        return await self.async_wait(export_id)

    async def async_delete(self, export_id: str, *, user: User | None) -> None:
        """Remove an export with its file and its place in the history; stop it if need be."""
        record = await self.async_get(export_id, user=user)
        if (active := self._runner.get(export_id)) is not None:
            self._runner.stop(active, ExportStatus.CANCELLED)
            await active.finished.wait()
        if record.path is not None:
            await self._hass.async_add_executor_job(self._folder.remove, record.path)
        await self._history.async_delete(export_id)
        self._note(EventType.EXPORT_DELETED, record, user)

    async def async_close(self, _: object = None) -> None:
        """Stop everything, and take nothing more until `async_resume`.

        What was under way ends as interrupted.
        """
        await self.previewer.async_close()
        await self._runner.async_close()

    async def async_resume(self) -> None:
        """Go on with a folder and a key of links that are new where they were removed."""
        self.links = await LinkSigner.async_open(self._hass)
        await self._hass.async_add_executor_job(self._folder.prepare)
        self._runner.open()
        self.previewer.open()

    async def _async_cached(self, key: str, user: User | None) -> ExportRecord | None:
        """Return the newest complete export of this key that the caller may see, None for none."""
        for described in await self._hass.async_add_executor_job(self._folder.cached, key):
            with suppress(ExportNotFoundError):
                record = await self.async_get(described.id, user=user)
                if record.status is ExportStatus.COMPLETED:
                    return record
        return None

    @callback
    def _note(self, event_type: EventType, record: ExportRecord, user: User | None) -> None:
        details = {"export_type": record.export_type, "format": record.format}
        self._audit.record(event_type, user=user, subject=record.id, details=details)

    async def _async_record(self, export_id: str) -> ExportRecord:
        """Return a file export's record as it is now."""
        if (active := self._runner.get(export_id)) is not None:
            return replace(active.record)
        try:
            uuid.UUID(export_id)
        except ValueError:
            raise ExportNotFoundError(shown(export_id)) from None
        record = await self._history.async_get(export_id)
        if record is None or record.kind is not ExportKind.FILE:
            raise ExportNotFoundError(export_id)
        return expire_if_due(record, certain_now(self._hass))


DATA_JOBS: HassKey[JobManager] = HassKey(f"{DOMAIN}_jobs")


def _whose(user: User | None) -> str | None:
    """Return the id of the user whose exports alone the caller may see; None for all."""
    return None if user is None or is_administrator(user) else user.id


def _priority(trigger: str, *, background: bool) -> Priority:
    if trigger == TRIGGER_SCHEDULE:
        return Priority.SCHEDULED
    return Priority.ASKED_FOR if background else Priority.WAITED_FOR
