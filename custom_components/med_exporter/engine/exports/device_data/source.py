"""Where the rows of one device come from."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from ...costs.plug_ledger import plug_ledger
from ...costs.reading_costs import with_costs
from ...readings.as_booked import as_booked
from ...readings.beginning import begins
from ...readings.by_hours import Hours
from ...readings.corrections import with_corrections
from ...readings.edges import begun_inside, ended_inside
from ...readings.filling import spread_over_periods
from ...readings.filters import kept_by_time, kept_by_value
from ...readings.from_states import last_known
from ...readings.stand_in import StandIn
from ...readings.succession import successive_readings
from ...recorder.statistics import Coverage
from .allowance import MOST_READINGS
from .first_rows import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ...job import Job, JobDevice
    from ...readings.filters import Stretch
    from ...readings.gathered import Gathered
    from ...readings.reading import Reading
    from ...recorder.states import Recorder
    from ...rows.spool import Spool
    from .allowance import Allowance

AMOUNTS = frozenset(("energy_kwh", "cost", "filled"))


class Way(NamedTuple):
    """In which way readings are taken.

    Attributes:
        one_pass: through the states of many devices, for those that it has.
        allowance: how many there may be.
        by_hours: whether those of hours are taken where the recorder has readings, too.

    """

    one_pass: Gathered | None = None
    allowance: Allowance | None = None
    by_hours: bool = False


ONE_BY_ONE: Final = Way()


class Source:
    """Where the rows of one device come from.

    `read` and `kept`: whether there was any reading before filters, and behind them.
    """

    def __init__(
        self,
        job: Job,
        recorder: Recorder,
        device: JobDevice,
        spool: Spool,
        end: float,
        stretches: Sequence[Stretch] | None,
        way: Way = ONE_BY_ONE,
    ) -> None:
        self._job = job
        self._recorder = recorder
        self._device = device
        self._spool = spool
        self._end = end
        self._stretches = stretches
        self._way = way
        self._hours = _hours_of(recorder, device, job.start, end) if way.by_hours else None
        self._left_out = [0]
        self.name = device.device_name
        self._ledger = plug_ledger(
            recorder.connect,
            device.plug_id,
            costs="cost" in spool.stored,
            currency=job.currency,
        )
        self.coverage = Coverage()
        self.stand_in = StandIn(
            self._ledger,
            "energy_total_kwh" in device.not_recorded,
            bool(spool.edges) and _begins(job, recorder, device),
            job.start,
            end,
            gives_rows=bool(spool.edges),
            is_now=end < job.end,
        )
        is_by_period = bool(spool.edges)
        self.read = _Noticed(carried_counts=is_by_period)
        self.kept = _Noticed(carried_counts=is_by_period)

    @property
    def is_in_one_pass(self) -> bool:
        """Tell whether its states come with those of all devices."""
        return self._way.one_pass is not None

    @property
    def counts_rows(self) -> bool:
        """Tell whether it counts, as they are taken, rows that warnings are about."""
        return self.coverage.start is not None or self.stand_in.is_active

    @property
    def outliers(self) -> int:
        """Return how many readings were left out."""
        return self._left_out[0]

    def readings(self, on_block: Callable[[float], None]) -> Iterator[Reading]:
        """Return the readings that are kept, with the amounts that are asked for."""
        job, spool, ledger = self._job, self._spool, self._ledger
        span = job.start, self._end
        if self._hours is not None:
            counted = self._hours.readings(ledger, on_block, self.coverage)
        else:
            counted = successive_readings(
                self._recorder,
                self._device,
                ledger,
                span,
                on_block,
                self.coverage,
                self._way.one_pass,
            )
        if self._way.allowance is not None:
            counted = self._way.allowance.of(counted)
        counted = begun_inside(counted, ledger, job.start)
        if not AMOUNTS.isdisjoint(job.fields):
            counted = ended_inside(counted, self._recorder, self._device, ledger, span)
        whole = self.stand_in.readings(counted, self.coverage)
        if self._is_as_booked:
            is_plug = not self._device.is_by_statistics
            whole = as_booked(
                whole,
                ledger,
                *span,
                in_periods=bool(spool.edges),
                is_plug=is_plug,
                begins=is_plug and not spool.edges and _begins(job, self._recorder, self._device),
            )
        corrected = with_corrections(whole, ledger, job.start, self._end)
        if ledger.has_costs:
            corrected = with_costs(corrected, ledger, job.start, self._end)
        found = self.read.of(corrected)
        if job.filters.by_value:
            found = kept_by_value(found, job.filters)
        if self._stretches is not None:
            found = kept_by_time(found, self._stretches)
        if job.filters.exclude_outliers:
            found = spool.without_outliers(found, job.options.chunk_size, self._left_out)
        found = self.kept.of(found)
        if spool.edges:
            return spread_over_periods(found, ledger, spool.edges)
        return found

    @property
    def _is_as_booked(self) -> bool:
        """Tell whether the ledger has the last word where the states show another energy."""
        return (
            (self._device.is_by_statistics or self.coverage.is_doubtful)
            and self._ledger.has_energy
            and not self.stand_in.is_needed
            and not AMOUNTS.isdisjoint(self._job.fields)
        )

    def line(self) -> Line:
        """Return the readings, until when they are few, and until when energy may come late."""
        until = math.inf
        if AMOUNTS.isdisjoint(self._job.fields):
            until = -math.inf
        elif not self.stand_in.is_active:
            until = last_known(self._recorder, self._device, "energy_total_kwh")
        return Line(self.readings(lambda _: None), until, self._reach())

    def _reach(self) -> float:
        """Return until when the readings are few enough for a preview."""
        if self._hours is not None:
            return self._hours.reach(MOST_READINGS)
        allowance = self._way.allowance
        return math.inf if allowance is None else allowance.reach(self._device)


class _Noticed:
    """Whether any reading has passed; raw rows have none of what was `CARRIED` only."""

    def __init__(self, *, carried_counts: bool) -> None:
        self._carried_counts = carried_counts
        self.any = False

    def of(self, found: Iterator[Reading]) -> Iterator[Reading]:
        """Pass readings on: one by one only to the first."""
        return chain.from_iterable(self._parts(found))

    def _parts(self, found: Iterator[Reading]) -> Iterator[Iterable[Reading]]:
        for reading in found:
            yield (reading,)
            if reading[2] or self._carried_counts:
                self.any = True
                break
        yield found


def _hours_of(recorder: Recorder, device: JobDevice, start: float, end: float) -> Hours | None:
    """Return a device's hours, None where its readings are to be taken."""
    hours = Hours(recorder, device, (start, end))
    return hours if hours.until > start else None


def _begins(job: Job, recorder: Recorder, device: JobDevice) -> bool:
    """Tell whether the recorder has no state of a device's counter from before the range."""
    then = next((one for one in device.former if one.until > job.start), device)
    return begins(recorder, then, job.start)
