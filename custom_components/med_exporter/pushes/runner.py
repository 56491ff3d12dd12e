"""Pushes: which runs are started, under way and written down, one at a time per destination."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..destinations.base import REFUSED_SECRETS
from ..errors import InvalidRequest, UnknownMeteringPointError
from ..history.records import (
    ERROR_INTERRUPTED,
    ExportKind,
    ExportRecord,
    ExportStatus,
)
from ..metering.metering_point import metering_points
from .corrections import CorrectionNotes
from .date_range import read_push_range
from .grid_watch import GridWatch
from .parts import (
    GRID_DATA,
    Part,
    parts_of,
)
from .plan import Planner
from .run import (
    ERROR_INTERNAL,
    PushRun,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant

    from ..history.history import History
    from .date_range import Bound
    from .runtime import DestinationRuntime


class AlreadyRunningError(InvalidRequest):
    """The destination has a run under way; two never overlap."""

    def __init__(self, name: str) -> None:
        super().__init__("ALREADY_RUNNING", "already_running", destination=name)


class DataNotChosenError(InvalidRequest):
    """A run was asked for a data type that the destination is not set up to receive."""

    def __init__(self, data_type: str) -> None:
        super().__init__("DATA_NOT_CHOSEN", "data_not_chosen", field="data", data=data_type)


class PushRunner:
    """Runs pushes, one at a time per destination, and notes what is to be pushed again."""

    def __init__(self, hass: HomeAssistant, history: History) -> None:
        self._hass = hass
        self._history = history
        self._runs: dict[str, PushRun] = {}
        self._listeners: list[Callable[[], None]] = []
        self._notes = CorrectionNotes(hass, self._changed)
        self._grid = GridWatch(hass)

    @callback
    def async_setup(self) -> None:
        """Follow corrections, and interrupt runs when Home Assistant stops.

        To be called before the ledger is set up, so that no correction goes unheard.
        """

        async def stop(_: Event) -> None:
            await self.async_close()

        self._notes.async_setup()
        self._grid.async_setup()
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
        start: Bound = None,
        end: Bound = None,
    ) -> ExportRecord:
        """Start a run in the background and return its record as it starts.

        `data` and `pdl` narrow down what the destination is set up to receive. With `start` or
        `end` the closed periods that begin in that range are sent, whether the destination has
        acknowledged them or not, and current values only where it reaches the present: see
        `read_push_range`.

        Raises AlreadyRunningError, DataNotChosenError, UnknownMeteringPointError or
        InvalidRequest, with nothing started.
        """
        run = self._start(runtime, trigger, user_id, data, pdl, start, end)
        return replace(run.record)

    async def async_run(
        self,
        runtime: DestinationRuntime,
        *,
        trigger: str,
        user_id: str | None = None,
        data: Collection[str] | None = None,
        pdl: Collection[str] | None = None,
        start: Bound = None,
        end: Bound = None,
    ) -> ExportRecord:
        """Run to the end and return the finished record; arguments and errors as `async_start`.

        A run that fails does not raise: its record says so.
        """
        run = self._start(runtime, trigger, user_id, data, pdl, start, end)
        assert run.task is not None
        # The run belongs to the destination, not to the one who waits for it.
        await asyncio.wait([run.task])
        return replace(run.record)

    def progress(self, export_id: str) -> float | None:
        """Return how far a run is, 0 to 100; None when it is not under way."""
        for run in self._runs.values():
            if run.record.id == export_id:
                return run.progress
        return None

    async def async_backlog(self, runtime: DestinationRuntime) -> int:
        """Return how many closed periods wait for a destination.

        Raises DatabaseUnavailableError.
        """
        planner = Planner(self._hass, runtime.id, runtime.destination.intake, self._grid.levels)
        parts = self._parts(runtime, None, None)
        await planner.async_measure(parts)
        return sum((await planner.async_count(parts)).values())

    @callback
    def on_correction(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call a listener when periods were noted to be sent again; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def on_grid_change(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call a listener when Tempo or EcoWatt has another value; returns what ends that."""
        return self._grid.add_listener(listener)

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
        start: Bound,
        end: Bound,
    ) -> PushRun:
        parts = self._parts(runtime, data, pdl)
        asked = read_push_range(start, end)
        if runtime.id in self._runs:
            raise AlreadyRunningError(runtime.name)
        now = dt_util.utcnow()
        selection = {"data": data, "pdl": pdl}
        request: dict[str, Any] = {
            key: sorted(value) for key, value in selection.items() if value is not None
        }
        if asked is not None:
            request |= asked.described()
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
        run = self._runs[runtime.id] = PushRun(
            self._hass, runtime, record, parts, self._notes, self._grid.levels, asked
        )
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
    ) -> list[Part]:
        points = metering_points(self._hass)
        known = {point.pdl for point in points}
        for asked in pdl or ():
            if asked not in known:
                raise UnknownMeteringPointError(asked)
        for asked in data or ():
            if asked not in runtime.data:
                raise DataNotChosenError(asked)
        return parts_of(
            runtime.destination.intake,
            [point for point in points if pdl is None or point.pdl in pdl],
            runtime.data if data is None else frozenset(data),
            # What belongs to no metering point is meant where it is named.
            with_house=pdl is None or not GRID_DATA.isdisjoint(data or ()),
        )

    async def _async_run(self, run: PushRun) -> None:
        record = run.record
        try:
            await run.async_execute()
        except asyncio.CancelledError:
            record.status = ExportStatus.INTERRUPTED
            record.error_code = ERROR_INTERRUPTED
            record.error_message = "The export was interrupted before its end."
            raise
        except Exception:
            record.status = ExportStatus.FAILED
            record.error_code = ERROR_INTERNAL
            raise
        else:
            record.status = ExportStatus.FAILED if run.failures else ExportStatus.COMPLETED
            if run.failures:
                # What made the destination unusable says more than what a part met before.
                first = run.failures[-1 if run.unusable else 0]
                record.error_code = first["code"]
                record.error_message = first["message"]
        finally:
            record.warnings = [*run.failures, *run.remarks]
            record.completed_at = dt_util.utcnow()
            del self._runs[run.runtime.id]
            self._history.save(record)
        if record.error_code in REFUSED_SECRETS:
            run.runtime.entry.async_start_reauth(self._hass)

    @callback
    def _changed(self) -> None:
        for listener in list(self._listeners):
            listener()


DATA_PUSHES: HassKey[PushRunner] = HassKey(f"{DOMAIN}_pushes")
