"""One run of a schedule: from its export to the delivery of the file."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.core import HassJob, callback
from homeassistant.helpers.event import async_call_later

from ..const import LOGGER
from ..database import DatabaseUnavailableError
from ..delivery.failures import tell_schedule_failed
from ..engine.errors import ErrorCode
from ..errors import ExportNotFoundError, MedError, TooManyExportsError
from ..exports.runner import TRIGGER_SCHEDULE
from ..history.records import ExportStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from homeassistant.core import HomeAssistant
    from homeassistant.exceptions import HomeAssistantError

    from ..delivery import Deliveries
    from ..exports.jobs import JobManager
    from ..history.records import ExportRecord
    from .records import Schedule

TRIES: Final = 10
"""How often a run is tried while the queue is full or the database away: for about six hours."""

_FIRST_PAUSE: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = timedelta(hours=1)


class ScheduledRun:
    """Makes the export of a schedule for one due time, and hands its file over.

    Args:
        hass: Home Assistant.
        jobs: make the file.
        deliveries: take it over.
        schedule: which.
        due: UTC; presets mean this time.
        begun: called with each export that is made.

    """

    def __init__(
        self,
        hass: HomeAssistant,
        jobs: JobManager,
        deliveries: Deliveries,
        schedule: Schedule,
        due: datetime,
        begun: Callable[[ExportRecord], Awaitable[None]],
    ) -> None:
        self._hass = hass
        self._jobs = jobs
        self._deliveries = deliveries
        self._schedule = schedule
        self._due = due
        self._begun = begun

    async def async_start(self) -> ExportRecord:
        """Create the export. Raises what creating one raises."""
        record = await self._jobs.async_create(
            self._schedule.export_config, user=None, trigger=TRIGGER_SCHEDULE, now=self._due
        )
        await self._begun(record)
        return record

    async def async_run(self) -> bool:
        """Run to the end, with pauses while the house cannot make the export.

        Returns whether it has come to an end; False when Home Assistant stops.
        """
        for number in range(TRIES):
            is_last = number == TRIES - 1
            try:
                record = await self.async_start()
            except TooManyExportsError as err:
                if is_last:
                    self._fail(err)
                    return True
            except MedError as err:
                self._fail(err)
                return True
            else:
                outcome = await self.async_finish(record, is_last=is_last)
                if outcome is not None:
                    return outcome
            await self._async_pause(number)
        return True

    async def async_finish(self, record: ExportRecord, *, is_last: bool = True) -> bool | None:
        """Wait for the file and hand it over.

        Returns as `async_run` does, and None where another export should be tried later.
        """
        try:
            ended, figures = await self._jobs.async_outcome(record.id)
        except ExportNotFoundError:
            # Somebody has deleted it, and so does not want it.
            return True
        except DatabaseUnavailableError as err:
            if is_last:
                self._tell(err)
            return True if is_last else None
        match ended.status:
            case ExportStatus.COMPLETED:
                await self._async_deliver(ended, dict(figures))
            case ExportStatus.INTERRUPTED:
                return False
            case ExportStatus.FAILED:
                if ended.error_code == ErrorCode.DATABASE_ERROR and not is_last:
                    return None
                self._tell(ended)
            case _:
                LOGGER.debug("The run of “%s” was %s", self._schedule.name, ended.status)
        return True

    async def _async_deliver(self, record: ExportRecord, figures: dict[str, float]) -> None:
        try:
            await self._deliveries.async_deliver(
                record,
                self._schedule.delivery,
                schedule_id=self._schedule.id,
                schedule_name=self._schedule.name,
                due=self._due,
                figures=figures,
            )
        except MedError as err:
            self._tell(err)

    @callback
    def _fail(self, error: MedError) -> None:
        """Let the history tell of an export that could not be created."""
        self._jobs.fail(self._schedule.export_config, error, trigger=TRIGGER_SCHEDULE)
        self._tell(error)

    @callback
    def _tell(self, cause: HomeAssistantError | ExportRecord) -> None:
        tell_schedule_failed(self._hass, self._schedule.id, self._schedule.name, self._due, cause)

    async def _async_pause(self, number: int) -> None:
        """Wait after a try that failed for now, each time longer."""
        pause = min(_FIRST_PAUSE * 2**number, _LONGEST_PAUSE)
        LOGGER.warning("“%s” cannot run now and is tried again in %s", self._schedule.name, pause)
        over = asyncio.Event()

        @callback
        def end(_: datetime) -> None:
            over.set()

        cancel = async_call_later(self._hass, pause, HassJob(end, cancel_on_shutdown=True))
        try:
            await over.wait()
        finally:
            cancel()
