"""Export type `device_data`: the readings of devices, raw or per period."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from ...limits import check_rows, most_rows
from ...readings.custom_fields import formulas_of
from ...readings.filters import stretches_of
from ...readings.gaps import (
    coverage_warnings,
    filter_warning,
    not_recorded_warnings,
    outlier_warning,
    silence_warning,
)
from ...readings.gathered import gathered
from ...readings.merging import merged
from ...rows.content import Content
from ...rows.spool import readings_at_once
from ..ledger_gaps import estimated_warning
from .first_rows import add_first_rows
from .overview import overview
from .rows import columns_of, table_of
from .source import AMOUNTS, Source
from .totals import sums_by_column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...job import Job
    from ...readings.filters import Stretch
    from ...recorder.states import Recorder
    from ...recorder.statistics import Coverage
    from ...rows.spool import Spool
    from ...rows.tables import Table


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
            Source(job, recorder, device, spool, end, stretches, one_pass) for device in job.devices
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


def _raw_rows(job: Job, spool: Spool, sources: Sequence[Source], progress: _Progress) -> int:
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


def _periods(job: Job, spool: Spool, sources: Sequence[Source], progress: _Progress) -> int:
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
    if job.aggregation == "raw" or AMOUNTS.isdisjoint(job.fields):
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

    sources = (Source(job, recorder, device, spool, end, stretches) for device in job.devices)
    if spool.edges and not has_totals:
        whole = add_first_rows(spool, map(Source.line, sources), limit)
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


def _stretches(job: Job, end: float) -> list[Stretch] | None:
    if not job.filters.by_time:
        return None
    return stretches_of(job.filters, job.start, end, job.zone())
