"""One part of a run: what it sends, and what is written down as it is settled."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import callback

from ..clocks.local import local_zone
from ..database import queue_work
from ..destinations.base import Outcome
from ..engine.lazy_dataclass import dataclass
from ..errors import MedError
from ..grid.link import loaded_grid
from ..history.reasons import noted
from ..sources.ecowatt import EcoWattDay
from .closed_periods import (
    cost_periods,
    ecowatt_level,
    energy_periods,
    in_pages,
    known_days,
    tempo_day,
)
from .current_values import current_values
from .periods import period_start
from .plan import Phase
from .watermarks import SCHEMA, Move, advance

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
    from datetime import date

    from homeassistant.core import HomeAssistant

    from ..destinations.base import Destination
    from ..destinations.measurements import Measurement
    from ..sources.tempo_calendar import TempoColour
    from .parts import Part
    from .plan import Plan, Span

# What a sudden stop may repeat: so many periods, or those of so many seconds.
_FLUSH_PERIODS: Final = 500
_FLUSH_SECONDS: Final = 1.0

_SAID: Final = {
    Outcome.TOO_OLD: "push_too_old",
    Outcome.NOT_CORRECTABLE: "push_not_correctable",
}


class UnsettledError(MedError):
    """A destination came to an end without a word on all that it was given."""

    def __init__(self) -> None:
        super().__init__("INTERNAL_ERROR", "push_unsettled")


@dataclass(slots=True)
class _Counted:
    first: str
    last: str
    count: int = 0


@dataclass(slots=True)
class _UnderWay:
    """How many in a row were given in one phase; of gaps, where each begins."""

    phase: Phase
    last: Measurement
    count: int = 0
    starts: deque[int] = field(default_factory=deque)


class PartPush:
    """Gives a destination what a plan says.

    Args:
        hass: Home Assistant.
        destination: where to.
        destination_id: its public id.
        plan: what to send.
        with_current: whether the running value goes along.
        settled: called with an outcome, and of how many measurements it is.

    Attributes:
        is_stale: a change came meanwhile, so that the plan was not the last word.

    """

    def __init__(
        self,
        hass: HomeAssistant,
        destination: Destination,
        destination_id: str,
        plan: Plan,
        *,
        with_current: bool,
        settled: Callable[[Outcome, int], None],
    ) -> None:
        self._hass = hass
        self._destination = destination
        self._id = destination_id
        self._plan = plan
        self._with_current = with_current
        self._settled = settled
        self._under_way: deque[_UnderWay] = deque()
        self._counted: dict[Outcome, _Counted] = {}
        self._move = self._new_move()
        self._unwritten = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writes: set[asyncio.Future[bool]] = set()
        self.is_stale = False

    async def async_run(self) -> None:
        """Send everything; what was settled is queued to be written, however this ends.

        Raises DestinationError, DatabaseUnavailableError and UnsettledError.
        """
        pages = self._pages()
        try:
            first = await anext(pages, None)
            if first is not None:
                await self._destination.async_push(_led_by(first, pages), self._settle)
            self._complete()
        except asyncio.CancelledError:
            # Home Assistant may be stopping: nobody waits for the recorder any more.
            self._flush()
            raise
        except Exception:
            self._flush()
            await asyncio.gather(*self._writes, return_exceptions=True)
            raise
        finally:
            await pages.aclose()
        self._flush()
        for write in list(self._writes):
            if not await write:
                self.is_stale = True

    def remarks(self) -> list[dict[str, Any]]:
        """Return what was skipped, for the run's record: once for each kind."""
        return [
            {
                **noted(
                    MedError(
                        outcome.value.upper(),
                        key if counted.count > 1 else f"{key}_one",
                        count=counted.count,
                        first=counted.first,
                        last=counted.last,
                    )
                ),
                **self._plan.part.described(),
                "start": counted.first,
                "end": counted.last,
                "count": counted.count,
            }
            for outcome, key in _SAID.items()
            if (counted := self._counted.get(outcome)) is not None
        ]

    async def _pages(self) -> AsyncGenerator[Sequence[Measurement]]:
        """Yield the measurements, and remember why each was sent."""
        for span in self._plan.spans:
            async for page in self._closed(span):
                self._give(page, span.phase)
                yield page
        if self._with_current and self._plan.part.shows_current:
            page = list(current_values(self._hass, self._plan.part))
            if page:
                self._give(page, Phase.CURRENT)
                yield page

    def _give(self, page: Sequence[Measurement], phase: Phase) -> None:
        if not self._under_way or self._under_way[-1].phase is not phase:
            self._under_way.append(_UnderWay(phase, page[0]))
        run = self._under_way[-1]
        run.last = page[-1]
        run.count += len(page)
        if phase is Phase.GAP:
            run.starts.extend(int(one.start.timestamp()) for one in page)

    async def _closed(self, span: Span) -> AsyncIterator[Sequence[Measurement]]:
        plan = self._plan
        if plan.part.energy_series is not None:
            read = cost_periods if plan.part.is_cost else energy_periods
            # What changes is read as it was closed then, and no further.
            before = min(span.before, plan.bound)
            async for page in read(self._hass, plan.part, span.start, before, plan.bound):
                yield page
            return
        days = known_days(plan.days, span.start, span.before)
        async for page in in_pages(
            _of_day(self._hass, plan.part, plan.days[day], day) for day in days
        ):
            yield page

    @callback
    def _settle(
        self,
        measurement: Measurement,
        outcome: Outcome,
        first: Measurement | None = None,
        count: int = 1,
    ) -> None:
        if outcome in _SAID:
            begin = (first or measurement).date
            counted = self._counted.setdefault(outcome, _Counted(begin, begin))
            counted.last = measurement.date
            counted.count += count
        left = count
        while left:
            left -= self._pass(measurement, left)
        if self._unwritten >= _FLUSH_PERIODS:
            self._flush()
        elif self._unwritten and self._timer is None:
            self._timer = self._hass.loop.call_later(_FLUSH_SECONDS, self._flush)
        self._settled(outcome, count)

    def _pass(self, measurement: Measurement, most: int) -> int:
        """Take note of settled ones of one phase up to a measurement, and return how many."""
        run = self._under_way[0] if self._under_way else None
        # That which ends a phase is the last that was given in it, and nothing else is.
        if run is None or (run.count <= most) is not (run.last is measurement or most > run.count):
            raise ValueError("Measurements are settled in the order in which they were given")
        count = min(most, run.count)
        run.count -= count
        last = measurement if run.count else run.last
        if not run.count:
            self._under_way.popleft()
        end = int(last.end.timestamp())
        move = self._move
        if run.phase is Phase.AGAIN:
            move.again_from_ts = end
        elif run.phase is Phase.PENDING:
            move.until_ts = end
        elif run.phase is Phase.GAP:
            move.filled.update(run.starts.popleft() for _ in range(count))
        if run.phase is not Phase.CURRENT:
            self._unwritten += count
        return count

    def _complete(self) -> None:
        """Pass what has no value, at the end of spans too: should it get one, that is a change.

        Raises UnsettledError.
        """
        if self._under_way:
            raise UnsettledError
        plan, watermark = self._plan, self._plan.watermark
        if watermark is None:
            return
        again_from = watermark.again_from_ts
        phases = {span.phase for span in plan.spans}
        if again_from is not None and (Phase.AGAIN in phases or again_from >= watermark.until_ts):
            self._move.again_done = True
            self._unwritten += 1
        for span in plan.spans:
            if span.phase is Phase.PENDING and plan.part.energy_series is not None:
                until = min(span.before, plan.bound)
                assert plan.part.grain is not None
                self._move.until_ts = max(
                    self._move.until_ts or 0, period_start(plan.part.grain, until, local_zone())
                )
                self._unwritten += 1

    @callback
    def _flush(self) -> None:
        """Queue what was settled for the recorder."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._unwritten or self._plan.watermark is None:
            return
        move, self._move, self._unwritten = self._move, self._new_move(), 0
        write = queue_work(self._hass, SCHEMA, partial(advance, destination=self._id, move=move))
        self._writes.add(write)

    def _new_move(self) -> Move:
        watermark = self._plan.watermark
        return Move(
            key=self._plan.part.key,
            revision=0 if watermark is None else watermark.revision,
            found=set(self._plan.gaps),
        )


def _of_day(
    hass: HomeAssistant, part: Part, value: TempoColour | EcoWattDay, day: date
) -> Measurement:
    grid = loaded_grid(hass)
    if isinstance(value, EcoWattDay):
        return ecowatt_level(part, value, closed=True, read_at=None)
    read_at = None if grid is None else grid.data.tempo_read_at
    return tempo_day(part, day, value, closed=True, read_at=read_at)


async def _led_by[T](first: T, rest: AsyncIterator[T]) -> AsyncIterator[T]:
    yield first
    async for one in rest:
        yield one
