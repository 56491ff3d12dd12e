"""Runs: what a destination is to receive, collected, sent, counted and written down."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER, DataType
from ..errors import InvalidRequest
from ..history.records import ERROR_INTERRUPTED, ExportKind, ExportRecord, ExportStatus
from ..metering.metering_point import metering_points
from .base import REFUSED_SECRETS, DestinationError, Outcome
from .measurements import Energy, Grain, Measurement, PointName

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from homeassistant.core import Event, HomeAssistant

    from ..history.history import History
    from ..metering.metering_point import MeteringPoint
    from .runtime import DestinationRuntime

ERROR_INTERNAL: Final = "INTERNAL_ERROR"


class AlreadyRunningError(InvalidRequest):
    """The destination has a run under way; two never overlap."""

    def __init__(self, name: str) -> None:
        super().__init__("ALREADY_RUNNING", "already_running", destination=name)


class UnknownMeteringPointError(InvalidRequest):
    """A run was asked for a metering point that is not there."""

    def __init__(self, pdl: str) -> None:
        super().__init__("UNKNOWN_METERING_POINT", "unknown_metering_point", field="pdl", pdl=pdl)


class DataNotChosenError(InvalidRequest):
    """A run was asked for a data type that the destination is not set up to receive."""

    def __init__(self, data_type: str) -> None:
        super().__init__("DATA_NOT_CHOSEN", "data_not_chosen", field="data", data=data_type)


@dataclass(frozen=True, slots=True)
class _Part:
    """One data type of one metering point: what fails or arrives on its own."""

    data_type: DataType
    point: MeteringPoint


@dataclass(slots=True)
class _Run:
    runtime: DestinationRuntime
    record: ExportRecord
    parts: list[_Part]
    done: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


class PushRunner:
    """Runs pushes, one at a time per destination."""

    def __init__(self, hass: HomeAssistant, history: History) -> None:
        self._hass = hass
        self._history = history
        self._runs: dict[str, _Run] = {}

    @callback
    def async_setup(self) -> None:
        """Interrupt runs when Home Assistant stops, while the history can still be written."""

        async def stop(_: Event) -> None:
            await self.async_close()

        self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop)

    @callback
    def async_start(
        self,
        runtime: DestinationRuntime,
        *,
        trigger: str,
        user_id: str | None = None,
        data: Collection[str] | None = None,
        pdl: Collection[str] | None = None,
    ) -> ExportRecord:
        """Start a run in the background and return its record as it starts.

        `data` and `pdl` narrow down what the destination is set up to receive. Raises
        AlreadyRunningError, DataNotChosenError or UnknownMeteringPointError, with nothing started.
        """
        run = self._start(runtime, trigger, user_id, data, pdl)
        return replace(run.record)

    async def async_run(
        self,
        runtime: DestinationRuntime,
        *,
        trigger: str,
        user_id: str | None = None,
        data: Collection[str] | None = None,
        pdl: Collection[str] | None = None,
    ) -> ExportRecord:
        """Run to the end and return the finished record; errors as in `async_start`.

        A run that fails does not raise: its record says so.
        """
        run = self._start(runtime, trigger, user_id, data, pdl)
        assert run.task is not None
        # The run belongs to the destination, not to the one who waits for it.
        await asyncio.wait([run.task])
        return replace(run.record)

    def progress(self, export_id: str) -> float | None:
        """Return how far a run is, 0 to 100; None when it is not under way."""
        for run in self._runs.values():
            if run.record.id == export_id:
                return 100 * run.done / len(run.parts) if run.parts else 0.0
        return None

    async def async_interrupt(self, runtime: DestinationRuntime) -> None:
        """End the destination's run, if there is one; it counts as interrupted."""
        if (run := self._runs.get(runtime.id)) is not None and run.task is not None:
            run.task.cancel()
            await asyncio.wait([run.task])

    async def async_close(self) -> None:
        """End all runs."""
        for run in list(self._runs.values()):
            await self.async_interrupt(run.runtime)

    @callback
    def _start(
        self,
        runtime: DestinationRuntime,
        trigger: str,
        user_id: str | None,
        data: Collection[str] | None,
        pdl: Collection[str] | None,
    ) -> _Run:
        parts = self._parts(runtime, data, pdl)
        if runtime.id in self._runs:
            raise AlreadyRunningError(runtime.name)
        now = dt_util.utcnow()
        selection = {"data": data, "pdl": pdl}
        request = {key: sorted(value) for key, value in selection.items() if value is not None}
        record = ExportRecord(
            id=str(uuid.uuid4()),
            kind=ExportKind.PUSH,
            status=ExportStatus.RUNNING,
            trigger=trigger,
            created_at=now,
            started_at=now,
            user_id=user_id,
            destination_id=runtime.id,
            destination=runtime.type,
            destination_name=runtime.name,
            records=0,
            request=request or None,
        )
        self._history.save(record)
        run = self._runs[runtime.id] = _Run(runtime, record, parts)
        runtime.run_started(record)
        run.task = self._hass.async_create_background_task(
            self._async_run(run), f"med_exporter push {runtime.name}"
        )
        return run

    def _parts(
        self,
        runtime: DestinationRuntime,
        data: Collection[str] | None,
        pdl: Collection[str] | None,
    ) -> list[_Part]:
        points = metering_points(self._hass)
        known = {point.pdl for point in points}
        for asked in pdl or ():
            if asked not in known:
                raise UnknownMeteringPointError(asked)
        for asked in data or ():
            if asked not in runtime.data:
                raise DataNotChosenError(asked)
        return [
            _Part(data_type, point)
            for point in points
            if pdl is None or point.pdl in pdl
            for data_type in DataType
            if data_type in runtime.data and (data is None or data_type in data)
        ]

    async def _async_run(self, run: _Run) -> None:
        record = run.record
        try:
            for part in run.parts:
                if await self._async_push_part(run, part):
                    break
                run.done += 1
                run.runtime.run_progressed()
        except asyncio.CancelledError:
            record.status = ExportStatus.INTERRUPTED
            record.error_code = ERROR_INTERRUPTED
            record.error_message = "The export was interrupted before its end."
            raise
        else:
            record.status = ExportStatus.FAILED if run.failures else ExportStatus.COMPLETED
            if run.failures:
                record.error_code = run.failures[0]["code"]
                record.error_message = run.failures[0]["message"]
                record.warnings = run.failures
        finally:
            record.completed_at = dt_util.utcnow()
            del self._runs[run.runtime.id]
            self._history.save(record)
        if record.error_code in REFUSED_SECRETS:
            run.runtime.entry.async_start_reauth(self._hass)

    async def _async_push_part(self, run: _Run, part: _Part) -> bool:
        """Push one part, note its failure, and return whether the rest would fail likewise."""
        record = run.record

        def settle(_: Measurement, outcome: Outcome) -> None:
            if outcome is Outcome.STORED:
                record.records = (record.records or 0) + 1

        try:
            await run.runtime.destination.async_push(_measurements(part), settle)
        except DestinationError as err:
            run.failures.append(_failure(part, err.code, str(err)))
            return err.is_unusable
        except Exception as err:  # noqa: BLE001 (whatever one part meets, the rest goes on)
            LOGGER.exception("%s: %s failed", run.runtime.name, part.data_type)
            run.failures.append(_failure(part, ERROR_INTERNAL, type(err).__name__))
        return False


async def _measurements(part: _Part) -> AsyncIterator[Measurement]:
    """Yield what a part has to send; a metering point without such plugs sends nothing."""
    if (current := part.point.current(part.data_type)) is not None:
        now = dt_util.now()
        midnight = dt_util.start_of_local_day()
        monthly = part.data_type.endswith("_monthly")
        yield Energy(
            data_type=part.data_type,
            point=PointName(pdl=part.point.pdl, slug=part.point.slug, name=part.point.name),
            grain=Grain.MONTHLY if monthly else Grain.DAILY,
            start=midnight.replace(day=1) if monthly else midnight,
            end=now,
            closed=False,
            timestamp=current.timestamp,
            kwh=current.value_kwh,
        )


def _failure(part: _Part, code: str, message: str) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "data": part.data_type.value,
        "pdl": part.point.pdl,
    }
