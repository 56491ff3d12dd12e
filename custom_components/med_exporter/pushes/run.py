"""One run of a destination: part by part, each of which fails or arrives on its own."""

from __future__ import annotations

import asyncio
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..clocks.local import local_zone
from ..const import LOGGER
from ..costs import DATA_COSTS
from ..database import DatabaseUnavailableError, async_read, queue_work
from ..destinations.base import (
    DestinationError,
    Outcome,
)
from ..engine.lazy_dataclass import dataclass
from ..engine.times import local_time
from ..errors import MedError
from ..history.reasons import noted, noted_as
from ..ledger import DATA_LEDGER
from .part_push import PartPush
from .plan import Plan
from .planner import Planner
from .renamed import SCHEMA as RENAMED_SCHEMA
from .renamed import Renamed, read_renamed, settle_renamed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from homeassistant.core import HomeAssistant

    from ..destinations.measurements import Measurement
    from ..history.records import ExportRecord
    from ..sources.ecowatt import EcoWattDay
    from .corrections import CorrectionNotes
    from .date_range import PushRange
    from .parts import Part
    from .target import Target
    from .watermarks import SeriesKey
    from .witnesses import Witnesses

ERROR_INTERNAL: Final = "INTERNAL_ERROR"
ERROR_DATABASE: Final = "DATABASE_UNAVAILABLE"

# Changes may come while a part is read; what comes after so many times waits for the next run.
_MOST_PASSES: Final = 3
_SHOW_EVERY: Final = 1.0
_NONE_RENAMED: Final[list[Renamed]] = []


@dataclass(slots=True)
class PushRun:
    """A run under way.

    Attributes:
        target: the destination.
        record: what the history says of it, as it stands.
        kept: what tells that the history has what was last said, as of `History.save`.
        parts: what it consists of.
        asked: the range that it was asked for, None for all that is pending.
        turns: how often each series was looked at, as of `Planner.async_witnesses`.
        failures: parts that failed, as the record names them.
        remarks: what was skipped for good, likewise.
        unusable: whether it ended since the destination cannot be used.
        task: what executes it.

    """

    hass: HomeAssistant
    target: Target
    record: ExportRecord
    kept: asyncio.Future[None]
    parts: list[Part]
    notes: CorrectionNotes
    levels: Mapping[date, EcoWattDay]
    asked: PushRange | None = None
    turns: dict[SeriesKey, int] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[dict[str, Any]] = field(default_factory=list)
    unusable: bool = False
    task: asyncio.Task[None] | None = None
    _expected: dict[Part, int] = field(default_factory=dict)
    _done: dict[Part, int] = field(default_factory=dict)
    _shown_at: float = 0.0

    @property
    def progress(self) -> float:
        """Return how far it is, 0 to 100, by the periods that it has to send."""
        total = sum(self._expected.values())
        return min(100.0, 100 * sum(self._done.values()) / total) if total else 0.0

    async def async_execute(self) -> None:
        """Push all parts, and note what fails; raises nothing but CancelledError."""
        planner = Planner(
            self.hass, self.target.id, self.target.destination.intake, self.levels, self.asked
        )
        await self._async_prepare(planner)
        await self._async_count(planner)
        if self.unusable:
            return
        places = asyncio.Semaphore(self.target.destination.intake.at_once)
        async with asyncio.TaskGroup() as pushing:
            for part in self.parts:
                pushing.create_task(self._async_in_turn(planner, part, places))

    async def _async_in_turn(self, planner: Planner, part: Part, places: asyncio.Semaphore) -> None:
        """Push one part when there is room for it, unless the rest has shown to be in vain."""
        async with places:
            if self.unusable:
                return
            if await self._async_part(planner, part):
                self.unusable = True
                return
            self._done[part] = self._expected.get(part, 0)
            self._show()

    async def _async_prepare(self, planner: Planner) -> None:
        """Let the ledger and the costs write down what is closed, and ask what was lost."""
        witnesses: list[Witnesses] = []
        try:
            if any(part.energy_series is not None and part.grain for part in self.parts):
                await self.hass.data[DATA_LEDGER].async_write_statistics()
            await planner.async_measure(self.parts)
            if any(part.is_cost for part in self.parts):
                await self.hass.data[DATA_COSTS].async_update()
            if self.asked is None:
                witnesses = await planner.async_witnesses(self.parts, self.turns)
        except Exception as err:  # noqa: BLE001 (what is there can be sent all the same)
            self._fail(None, err)
        try:
            await self._async_begin(planner, witnesses)
        except DestinationError as err:
            self._fail(None, err)
            self.unusable = self.target.kind.is_unusable(err.code)
        except Exception as err:  # noqa: BLE001 (the parts will see for themselves)
            self._fail(None, err)

    async def _async_begin(self, planner: Planner, witnesses: list[Witnesses]) -> None:
        """Reach the destination, and take back the watermarks of what it has lost."""
        await self.target.destination.async_reach()
        await self._async_rename()
        asked = [period for one in witnesses for period in one.periods]
        missing = await self.target.destination.async_missing(asked) if asked else ()
        for one in witnesses:
            if (found := one.lost(missing)) is None:
                continue
            lost_from = await self._async_lost_from(one, *found)
            await planner.async_take_back(one.part, lost_from)
            since = local_time(lost_from, local_zone()).isoformat(timespec="minutes")
            lost = MedError("LOST", "push_lost", since=since)
            LOGGER.warning("%s: %s", self.target.name, lost)
            self.remarks.append({**noted(lost), **one.part.described(), "start": since})

    async def _async_rename(self) -> None:
        """Tell the destination which metering points go by another id, before it is sent anything.

        Where it cannot do away with the other id, that is said once.
        """
        known = await async_read(
            self.hass, RENAMED_SCHEMA, lambda c: read_renamed(c, self.target.id), _NONE_RENAMED
        )
        for one in known:
            if not await self.target.destination.async_rename(one.before, one.now):
                left = MedError(
                    "LEFT_BEHIND", "push_left_behind", before=one.before.pdl, now=one.now.pdl
                )
                LOGGER.warning("%s: %s", self.target.name, left)
                self.remarks.append({**noted(left), "data": None, "pdl": one.now.pdl})
            await queue_work(self.hass, RENAMED_SCHEMA, partial(settle_renamed, row=one.row))

    async def _async_lost_from(
        self, witnesses: Witnesses, kept_until: float, first: Measurement
    ) -> int:
        """Return when the first period begins that is lost, by asking for ever fewer of them."""
        known = await witnesses.between(self.hass, kept_until, first.start.timestamp())
        there, lost = 0, len(known)
        while there < lost:
            middle = (there + lost) // 2
            if await self.target.destination.async_missing([known[middle]]):
                lost = middle
            else:
                there = middle + 1
        return int((known[lost] if lost < len(known) else first).start.timestamp())

    async def _async_count(self, planner: Planner) -> None:
        """Count what is pending, for the progress."""
        counts: dict[Part, int] = {}
        try:
            counts = await planner.async_count(self.parts)
        except Exception as err:  # noqa: BLE001 (what is there can be sent all the same)
            self._fail(None, err)
        self._expected = {
            part: counts.get(part, 0) + self._sends_current(part) for part in self.parts
        }

    async def _async_part(self, planner: Planner, part: Part) -> bool:
        """Push one part, and return whether the rest would fail likewise."""
        for number in range(_MOST_PASSES):
            self.notes.begin_reading(self.target.id, part.key)
            push = None
            try:
                push = PartPush(
                    self.hass,
                    self.target.destination,
                    self.target.id,
                    await self._async_plan(planner, part),
                    with_current=self._sends_current(part) and number == 0,
                    settled=partial(self._settled, part),
                )
                await push.async_run()
            except DestinationError as err:
                is_unusable = self.target.kind.is_unusable(err.code)
                # What is beside it meets the same.
                if not (is_unusable and self.unusable):
                    self._fail(part, err)
                return is_unusable
            except Exception as err:  # noqa: BLE001 (whatever one part meets, the rest goes on)
                self._fail(part, err)
                return False
            finally:
                self.notes.end_reading(self.target.id, part.key)
                if push is not None:
                    self.remarks += push.remarks()
            if not push.is_stale:
                break
        return False

    async def _async_plan(self, planner: Planner, part: Part) -> Plan:
        """Return the plan of a part; without its closed periods where they cannot be read."""
        try:
            return await planner.async_plan(part)
        except (DatabaseUnavailableError, TimeoutError) as err:
            self._fail(part, err)
            return Plan(part=part)

    def _sends_current(self, part: Part) -> bool:
        return part.shows_current and (self.asked is None or self.asked.reaches_now)

    def _settled(self, part: Part, outcome: Outcome, count: int) -> None:
        if outcome is Outcome.STORED:
            self.record.records = (self.record.records or 0) + count
        self._done[part] = self._done.get(part, 0) + count
        # Each change writes states; thousands of periods settle within seconds.
        if self.hass.loop.time() - self._shown_at >= _SHOW_EVERY:
            self._show()

    def _show(self) -> None:
        self._shown_at = self.hass.loop.time()
        self.target.run_progressed()

    def _fail(self, part: Part | None, err: Exception) -> None:
        if isinstance(err, MedError):
            failure = noted(err)
        elif isinstance(err, (DatabaseUnavailableError, TimeoutError)):
            cause = DatabaseUnavailableError() if isinstance(err, TimeoutError) else err
            failure = noted_as(ERROR_DATABASE, cause)
        else:
            LOGGER.exception("%s: a part failed", self.target.name, exc_info=err)
            failure = {"code": ERROR_INTERNAL, "message": type(err).__name__}
        where = {"data": None, "pdl": None} if part is None else part.described()
        self.failures.append({**failure, **where})
