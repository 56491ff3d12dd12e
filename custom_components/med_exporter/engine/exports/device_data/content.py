"""Export type `device_data`: the readings of devices, raw or per period."""

from __future__ import annotations

import math
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from ...costs.plug_ledger import plug_ledger
from ...costs.reading_costs import with_costs
from ...limits import check_rows, most_rows
from ...readings.corrections import with_corrections
from ...readings.custom_fields import formulas_of
from ...readings.edges import begun_inside, ended_inside
from ...readings.filling import spread_over_periods
from ...readings.filters import kept_by_time, kept_by_value, stretches_of
from ...readings.from_states import begins, last_known
from ...readings.gaps import (
    coverage_warnings,
    filter_warning,
    not_recorded_warnings,
    outlier_warning,
    silence_warning,
)
from ...readings.gathered import gathered
from ...readings.merging import merged
from ...readings.stand_in import StandIn
from ...readings.succession import successive_readings
from ...recorder.statistics import Coverage
from ...rows.content import Content
from ...rows.spool import readings_at_once
from ..ledger_gaps import estimated_warning
from .first_rows import Line, add_first_rows
from .overview import overview
from .rows import columns_of, table_of
from .totals import sums_by_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ...job import Job, JobDevice
    from ...readings.filters import Stretch
    from ...readings.gathered import Gathered
    from ...readings.reading import Reading
    from ...recorder.states import Recorder
    from ...rows.spool import Spool
    from ...rows.tables import Table

_AMOUNTS = frozenset(("energy_kwh", "cost", "filled"))


def content(
    job: Job,
    recorder: Recorder,
    spool: Spool,
    end: float,
    on_read: Callable[[float], None],
) -> Content:
    """Read everything into the spool and return the one table of this export.

    Args:
        job: what is wanted.
        recorder: where the states are.
        spool: where the rows go through.
        end: UTC seconds up to which values are known.
        on_read: called with the share of the reading that is done, 0 to 1.

    Raises:
        ExportError: `TOO_MANY_RECORDS`, `TOO_MANY_PDF_ROWS`.

    """
    stretches = _stretches(job, end)
    progress = _Progress(job, on_read)
    with gathered(recorder, job.devices, job.start, end, spool.folder) as one_pass:
        sources = [
            _Source(job, recorder, device, spool, end, stretches, one_pass)
            for device in job.devices
        ]
        if not spool.edges:
            recorder.read_side_by_side(sum(len(device.entities) for device in job.devices))
        make = _periods if spool.edges else _raw_rows
        total = make(job, spool, sources, progress)
    coverages = [source.coverage for source in sources]
    silent = [source.name for source in sources if not source.read.any]
    emptied = [one.name for one in sources if one.read.any and not one.kept.any]
    sums = sums_by_column(job, spool, columns_of(job))
    table = table_of(job, spool, total, sums=sums)
    table.warnings += coverage_warnings(job, recorder, end, coverages)
    table.warnings += not_recorded_warnings(job, recorder, end, [one.stand_in for one in sources])
    table.warnings += silence_warning(job, silent)
    table.warnings += filter_warning(job, emptied)
    table.warnings += _estimated(job, recorder, spool, end, coverages)
    table.warnings += outlier_warning(job, sum(source.outliers for source in sources))
    figures, charts = overview(job, spool, table.columns, sums, end)
    return Content(tables=[table], figures=figures, charts=charts)


def _raw_rows(job: Job, spool: Spool, sources: Sequence[_Source], progress: _Progress) -> int:
    """Put the readings of all devices into the spool by time, and return how many there are."""
    # One more, since the first may be what was in force before the range, and one to see.
    size = min(readings_at_once(len(sources)), most_rows(job) + 2)
    streams = [
        spool.rows_of(place, source.readings(progress.of(place)), size)
        for place, source in enumerate(sources)
    ]
    total = 0
    for rows in merged(streams):
        total += len(rows)
        # Too many are noticed before they fill the disk.
        check_rows(job, total)
        spool.put(rows)
    return total


def _periods(job: Job, spool: Spool, sources: Sequence[_Source], progress: _Progress) -> int:
    """Put the rows of periods into the spool, and return how many there are."""
    found = {place: source.readings(progress.of(place)) for place, source in enumerate(sources)}
    # One pass through the states does for all; else a device has the pages of memory for itself.
    side_by_side = any(source.is_in_one_pass for source in sources)
    total = 0
    for some in [found] if side_by_side else [{place: found[place]} for place in found]:
        total += spool.add(some)
        check_rows(job, total)
    for source in sources:
        source.coverage.told_from = source.stand_in.first
    return total


class _Progress:
    """How far all devices have come together."""

    def __init__(self, job: Job, on_read: Callable[[float], None]) -> None:
        self._job = job
        self._on_read = on_read
        self._shares = [0.0] * len(job.devices)

    def of(self, place: int) -> Callable[[float], None]:
        """Return what takes the moment that a device has reached."""
        job, shares, on_read = self._job, self._shares, self._on_read

        def reach(moment: float) -> None:
            shares[place] = (moment - job.start) / (job.end - job.start)
            on_read(sum(shares) / len(shares))

        return reach


def _estimated(
    job: Job, recorder: Recorder, spool: Spool, end: float, coverages: Sequence[Coverage]
) -> list[dict[str, Any]]:
    """Say what was spread over periods; a raw row has a gap's energy whole, and is marked."""
    if job.aggregation == "raw" or _AMOUNTS.isdisjoint(job.fields):
        return []
    since: dict[str, float] = {}
    for device, coverage in zip(job.devices, coverages, strict=True):
        if device.plug_id is not None and coverage.known_from is not None:
            since[device.plug_id] = max(job.start, coverage.known_from)
    priced = "cost" in job.fields
    return estimated_warning(recorder.connect, since, end, spool.edges, priced=priced)


def preview(
    job: Job, recorder: Recorder, spool: Spool, end: float, limit: int
) -> tuple[Table, bool]:
    """Return the first rows, reading no more of each device than they need.

    A total of a custom field is over all rows of its device, which then all are read.

    Args:
        job: what is wanted.
        recorder: where the states are.
        spool: where the rows go through.
        end: UTC seconds up to which values are known.
        limit: number of rows; of long periods there may be fewer, though at least one.

    Returns:
        The rows, and whether there are no others.

    """
    stretches = _stretches(job, end)
    has_totals = any(formula.totals for formula in formulas_of(job))

    sources = (_Source(job, recorder, device, spool, end, stretches) for device in job.devices)
    if spool.edges and not has_totals:
        whole = add_first_rows(spool, map(_Source.line, sources), limit)
        return table_of(job, spool, limit, limit), whole
    if spool.edges:
        count = _periods(job, spool, list(sources), _Progress(job, lambda _: None))
        return table_of(job, spool, limit, limit), count <= limit
    # One more, since the first may be what was in force before the range, and one to see.
    streams = [
        spool.rows_of(place, source.readings(lambda _: None), limit + 2)
        for place, source in enumerate(sources)
    ]
    rows = chain.from_iterable(merged(streams))
    first = list(rows if has_totals else islice(rows, limit + 1))
    spool.put(first if has_totals else first[:limit])
    return table_of(job, spool, limit, limit), len(first) <= limit


class _Source:
    """Where the rows of one device come from.

    `read` and `kept`: whether there was any reading before filters, and behind them; `outliers`:
    how many were left out.
    """

    def __init__(
        self,
        job: Job,
        recorder: Recorder,
        device: JobDevice,
        spool: Spool,
        end: float,
        stretches: Sequence[Stretch] | None,
        one_pass: Gathered | None = None,
    ) -> None:
        self._job = job
        self._recorder = recorder
        self._device = device
        self._spool = spool
        self._end = end
        self._stretches = stretches
        self._one_pass = one_pass
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
        return self._one_pass is not None

    @property
    def outliers(self) -> int:
        return self._left_out[0]

    def readings(self, on_block: Callable[[float], None]) -> Iterator[Reading]:
        """Return the readings that are kept, with the amounts that are asked for."""
        job, spool, ledger = self._job, self._spool, self._ledger
        span = job.start, self._end
        counted = successive_readings(
            self._recorder, self._device, ledger, span, on_block, self.coverage, self._one_pass
        )
        counted = begun_inside(counted, ledger, job.start)
        if not _AMOUNTS.isdisjoint(job.fields):
            counted = ended_inside(counted, self._recorder, self._device, ledger, span)
        whole = self.stand_in.readings(counted, self.coverage)
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

    def line(self) -> Line:
        """Return the readings, and until when energy may come later than its time."""
        until = math.inf
        if _AMOUNTS.isdisjoint(self._job.fields):
            until = -math.inf
        elif not self.stand_in.is_active:
            until = last_known(self._recorder, self._device, "energy_total_kwh")
        return Line(self.readings(lambda _: None), until)


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


def _begins(job: Job, recorder: Recorder, device: JobDevice) -> bool:
    """Tell whether the recorder has no state of a device's counter from before the range."""
    then = next((one for one in device.former if one.until > job.start), device)
    return begins(recorder, then, job.start)


def _stretches(job: Job, end: float) -> list[Stretch] | None:
    if not job.filters.by_time:
        return None
    return stretches_of(job.filters, job.start, end, job.zone())
