"""The exports that wait and run: a few at once, each to its end, whatever that is."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..database import DatabaseUnavailableError, queue_work
from ..engine.errors import ErrorCode, ExportError
from ..engine.lazy_dataclass import dataclass
from ..engine.outside import clean
from ..history.records import ExportStatus, mark_interrupted
from ..later import later
from ..settings import settings
from .estimate import Estimate
from .queue import FairQueue, Priority

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from homeassistant.core import HomeAssistant

    from ..engine.job import Job
    from ..engine.results import Result
    from ..history.history import History
    from ..history.records import ExportRecord
    from .files import ExportFolder

TRIGGER_SCHEDULE: Final = "schedule"
TIME_LIMIT: Final = timedelta(hours=2)
"""An export that takes longer fails: its engine is stuck, or the machine is too small for it."""

_CLOSE_SECONDS: Final = 20
async_run_job: Final = later(__package__, "worker", "async_run_job")


class Owner(NamedTuple):
    """For whom an export is made: a user, automations, or schedules."""

    user_id: str | None
    is_schedule: bool


def owner_of(record: ExportRecord) -> Owner:
    """Return for whom an export is made."""
    return Owner(record.user_id, record.trigger == TRIGGER_SCHEDULE)


@dataclass(eq=False, kw_only=True, slots=True)
class ActiveExport:
    """An export that waits or runs; `progress` is 0 to 100, `figures` are the engine's.

    Its file may serve for other exports with the same `cache_key`, None for none.
    """

    record: ExportRecord
    job: Job
    plan: Callable[[], Job]
    cache_key: str | None = None
    progress: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    # What the export becomes when its task is cancelled.
    ends_as: ExportStatus = ExportStatus.INTERRUPTED


class ExportRunner:
    """Runs exports, as many at once as the settings allow, and lets the others wait."""

    def __init__(self, hass: HomeAssistant, history: History, folder: ExportFolder) -> None:
        self._hass = hass
        self._history = history
        self._folder = folder
        self._waiting: FairQueue[ActiveExport] = FairQueue()
        self._active: dict[str, ActiveExport] = {}
        self._estimate = Estimate()
        self._closing = False

    def is_full(self, owner: Owner) -> bool:
        """Return whether no further export of an owner is taken.

        Each has a share of his own, so that nobody takes the place of another's.
        """
        owners = [owner_of(one.record) for one in self._active.values()]
        return self._closing or owners.count(owner) >= self.most

    @property
    def most(self) -> int:
        """Return how many exports of one owner may wait and run together."""
        limits = settings(self._hass)
        return limits.max_concurrent_exports + limits.max_waiting_exports

    def get(self, export_id: str) -> ActiveExport | None:
        """Return an export that waits or runs, None for any other."""
        return self._active.get(export_id)

    @callback
    def add(
        self,
        record: ExportRecord,
        job: Job,
        plan: Callable[[], Job],
        priority: Priority,
        cache_key: str | None = None,
    ) -> asyncio.Future[None]:
        """Let an export run as soon as it is its turn; the future is that of `History.save`.

        `plan` makes the job anew, of the same devices, where one of them, or a metering point, has
        got another id.
        """
        active = ActiveExport(record=record, job=job, plan=plan, cache_key=cache_key)
        self._active[record.id] = active
        self._waiting.add(active, owner=record.user_id, priority=priority)
        kept = self._history.save(record)
        self._start_waiting()
        return kept

    @callback
    def stop(self, active: ActiveExport, status: ExportStatus) -> None:
        """End an export as cancelled or interrupted; `finished` tells when nothing is left."""
        active.ends_as = status
        if active.task is not None:
            active.task.cancel()
            return
        self._waiting.remove(active)
        self._end(active, status)

    @callback
    def open(self) -> None:
        """Take exports again after `async_close`."""
        self._closing = False

    async def async_close(self) -> None:
        """Stop everything as Home Assistant stops; what was under way ends as interrupted."""
        self._closing = True
        active = list(self._active.values())
        for one in active:
            self.stop(one, ExportStatus.INTERRUPTED)
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                for one in active:
                    await one.finished.wait()
        except TimeoutError:
            LOGGER.warning("Exports were still under way when Home Assistant stopped")

    def estimated_completion(self, active: ActiveExport) -> datetime:
        """Return when an export will probably be done (UTC)."""
        now = dt_util.utcnow()
        seconds = self._estimate.seconds(active.job)
        if active.record.started_at is not None:
            spent = (now - active.record.started_at).total_seconds()
            if active.progress > 5:
                seconds = spent * 100 / active.progress
            return now + timedelta(seconds=max(seconds - spent, 0))
        ahead = 0.0
        for other in self._active.values():
            if other is active:
                break
            ahead += self._estimate.seconds(other.job) * (1 - other.progress / 100)
        at_once = settings(self._hass).max_concurrent_exports
        return now + timedelta(seconds=ahead / at_once + seconds)

    @callback
    def _start_waiting(self) -> None:
        at_once = settings(self._hass).max_concurrent_exports
        running = [one.record.user_id for one in self._active.values() if one.task is not None]
        while len(self._waiting) and len(running) < at_once and not self._closing:
            active = self._waiting.take(running)
            active.task = self._hass.async_create_background_task(
                self._async_run(active), f"{DOMAIN} export {active.record.id}"
            )
            running.append(active.record.user_id)

    async def _async_run(self, active: ActiveExport) -> None:
        """Run one export to its end, whatever that is."""
        record = active.record
        record.status = ExportStatus.RUNNING
        record.started_at = dt_util.utcnow()
        self._history.save(record)

        def on_progress(share: float) -> None:
            active.progress = max(active.progress, share)

        status = ExportStatus.FAILED
        try:
            async with asyncio.timeout(TIME_LIMIT.total_seconds()):
                result = await self._async_result(active, on_progress)
        except asyncio.CancelledError:
            status = active.ends_as
        except TimeoutError:
            record.error_code = ErrorCode.TIMED_OUT.value
            record.error_message = f"The export took longer than {TIME_LIMIT}"
        except ExportError as err:
            record.error_code, record.error_message = str(err.code), clean(err.message)
        except Exception:  # noqa: BLE001  # a mistake of ours may not leave an export running for ever
            LOGGER.exception("The export %s failed", record.id)
            record.error_code = ErrorCode.INTERNAL_ERROR.value
            record.error_message = "An unexpected error; Home Assistant's log has the details"
        else:
            record.records = result.records
            record.size = result.bytes
            record.warnings = result.warnings
            active.figures = result.figures
            status = ExportStatus.COMPLETED
            spent = dt_util.utcnow() - record.started_at
            self._estimate.learn(active.job, spent.total_seconds())
        # A task of its own: Home Assistant cancels this one as it stops, and a second time does
        # the caller who stops the export, in whatever the clean-up has come to by then.
        await asyncio.shield(
            self._hass.async_create_task(
                self._async_settle(active, status), f"{DOMAIN} end of export {record.id}"
            )
        )

    async def _async_result(
        self, active: ActiveExport, on_progress: Callable[[float], None]
    ) -> Result:
        """Make the file, and make it anew if something in it has got another id meanwhile.

        What was read of it by its former id may be from after all of it had moved. Raises as
        `async_run_job`.
        """
        # Loaded with what planned the job.
        from .planning import is_of_now  # noqa: PLC0415

        while True:
            if not is_of_now(self._hass, active.job):
                # The recorder has its turn first: it moves the states of a renamed entity.
                with suppress(DatabaseUnavailableError):
                    await queue_work(self._hass, None, lambda _: None)
                active.job = active.plan()
            result: Result = await async_run_job(self._hass, active.job, on_progress)
            if is_of_now(self._hass, active.job):
                return result

    async def _async_settle(self, active: ActiveExport, status: ExportStatus) -> None:
        """Describe a whole file, or remove what there is of one, and end the export."""
        record = active.record
        record.status = status
        record.completed_at = dt_util.utcnow()
        if status is ExportStatus.COMPLETED:
            record.expires_at = record.completed_at + settings(self._hass).keep_files
            try:
                await self._hass.async_add_executor_job(
                    partial(
                        self._folder.describe,
                        record,
                        cache_key=active.cache_key,
                        figures=active.figures,
                    )
                )
            except OSError as err:
                # Without its description the file would be lost at the next start.
                status = ExportStatus.FAILED
                record.error_code = ErrorCode.FILE_ERROR.value
                record.error_message = f"The file's description could not be written: {err}"
        if status is not ExportStatus.COMPLETED and record.path is not None:
            try:
                await self._hass.async_add_executor_job(self._folder.remove, record.path)
            except OSError as err:
                LOGGER.warning("What is left of the export %s stays: %s", record.id, err)
        self._end(active, status)

    @callback
    def _end(self, active: ActiveExport, status: ExportStatus) -> None:
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
