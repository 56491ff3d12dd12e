"""Pushes: which runs are started, under way and written down, one at a time per destination."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..destinations.samples import DATA_LATEST
from ..errors import InvalidRequest, UnknownMeteringPointError
from ..history.records import ERROR_INTERRUPTED, ExportKind, ExportRecord, ExportStatus
from ..metering.metering_point import metering_points
from .corrections import CorrectionNotes
from .grid_watch import GridWatch
from .latest import async_latest_periods
from .parts import GRID_DATA, Part, parts_of
from .planner import Planner
from .request import EVERYTHING, PushRequest
from .run import ERROR_INTERNAL, PushRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant

    from ..destinations.samples import LatestPeriods
    from ..history.history import History
    from .target import Target
    from .watermarks import SeriesKey


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
        self.history = history
        self._runs: dict[str, PushRun] = {}
        self._turns: defaultdict[str, dict[SeriesKey, int]] = defaultdict(dict)
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

        latest: LatestPeriods = partial(async_latest_periods, self._hass)
        self._hass.data[DATA_LATEST] = latest
        self._notes.async_setup()
        self._grid.async_setup()
        self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop)

    async def async_start(
        self,
        target: Target,
        request: PushRequest = EVERYTHING,
        *,
        trigger: str,
        user_id: str | None = None,
    ) -> ExportRecord:
        """Start a run in the background and return its record as it starts, once it is kept.

        Raises AlreadyRunningError, DataNotChosenError or UnknownMeteringPointError, with nothing
        started.
        """
        run = self.start(target, request, trigger=trigger, user_id=user_id)
        begun = replace(run.record)
        await self.history.async_told(run.kept)
        return begun

    async def async_run(
        self,
        target: Target,
        request: PushRequest = EVERYTHING,
        *,
        trigger: str,
        user_id: str | None = None,
    ) -> ExportRecord:
        """Run to the end and return the finished record; arguments and errors as `async_start`.

        A run that fails does not raise: its record says so.
        """
        run = self.start(target, request, trigger=trigger, user_id=user_id)
        assert run.task is not None
        # The run belongs to the destination, not to the one who waits for it.
        await asyncio.wait([run.task])
        await self.history.async_told(run.kept)
        return replace(run.record)

    def progress(self, export_id: str) -> float | None:
        """Return how far a run is, 0 to 100; None when it is not under way."""
        for run in self._runs.values():
            if run.record.id == export_id:
                return run.progress
        return None

    async def async_backlog(self, target: Target) -> int:
        """Return how many closed periods wait for a destination.

        Raises DatabaseUnavailableError.
        """
        planner = Planner(self._hass, target.id, target.destination.intake, self._grid.levels)
        parts = self._parts(target, EVERYTHING)
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

    async def async_interrupt(self, target: Target) -> None:
        """End the destination's run, if there is one; it counts as interrupted."""
        if (run := self._runs.get(target.id)) is not None and run.task is not None:
            run.task.cancel()
            await asyncio.wait([run.task])

    async def async_close(self) -> None:
        """End all runs."""
        for run in list(self._runs.values()):
            await self.async_interrupt(run.target)

    @callback
    def start(
        self,
        target: Target,
        request: PushRequest = EVERYTHING,
        *,
        trigger: str,
        user_id: str | None = None,
    ) -> PushRun:
        """Start a run of which nobody is told yet; arguments and errors as `async_start`."""
        parts = self._parts(target, request)
        if target.id in self._runs:
            raise AlreadyRunningError(target.name)
        now = dt_util.utcnow()
        record = ExportRecord(
            id=str(uuid.uuid4()),
            kind=ExportKind.PUSH,
            status=ExportStatus.RUNNING,
            trigger=trigger,
            created_at=now,
            started_at=now,
            user_id=user_id,
            destination_id=target.id,
            destination=target.kind.type,
            destination_name=target.name,
            records=0,
            request=request.described() or None,
        )
        kept = self.history.save(record)
        run = self._runs[target.id] = PushRun(
            self._hass,
            target,
            record,
            kept,
            parts,
            self._notes,
            self._grid.levels,
            request.range,
            self._turns[target.id],
        )
        target.run_started(record)
        run.task = self._hass.async_create_background_task(
            self._async_run(run), f"med_exporter push {target.name}"
        )
        return run

    def _parts(self, target: Target, request: PushRequest) -> list[Part]:
        data, pdl = request.data, request.pdl
        points = metering_points(self._hass)
        known = {point.pdl for point in points}
        for asked in pdl or ():
            if asked not in known:
                raise UnknownMeteringPointError(asked)
        for asked in data or ():
            if asked not in target.data:
                raise DataNotChosenError(asked)
        return parts_of(
            target.destination.intake,
            [point for point in points if pdl is None or point.pdl in pdl],
            target.data if data is None else frozenset(data),
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
            del self._runs[run.target.id]
            run.kept = self.history.save(record)
        if run.target.kind.is_refused_secret(record.error_code):
            run.target.ask_for_secret()

    @callback
    def _changed(self) -> None:
        for listener in list(self._listeners):
            listener()


DATA_PUSHES: HassKey[PushRunner] = HassKey(f"{DOMAIN}_pushes")
