"""Export type `device_data`: the readings of devices, raw or per period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...limits import check_rows, most_rows
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
from .overview import overview
from .rows import columns_of, table_of
from .source import AMOUNTS, ONE_BY_ONE, Source, Way
from .totals import sums_by_column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...job import Job
    from ...readings.filters import Stretch
    from ...recorder.states import Recorder
    from ...recorder.statistics import Coverage
    from ...rows.spool import Spool
    from ...words.file_warnings import Warning_


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
    with gathered(recorder, job.devices, job.start, end, spool.folder) as one_pass:
        if not spool.edges:
            recorder.read_side_by_side(sum(len(device.entities) for device in job.devices))
        total, sources = read_all(job, recorder, spool, end, on_read, Way(one_pass))
    sums = sums_by_column(job, spool, columns_of(job))
    table = table_of(job, spool, total, sums=sums)
    table.warnings += warnings_of_part(job, recorder, spool, end, sources)
    table.warnings += warnings_of_all(job, sources)
    figures, charts = overview(job, spool, table.columns, sums, end)
    return Content(tables=[table], figures=figures, charts=charts)


def read_all(
    job: Job,
    recorder: Recorder,
    spool: Spool,
    end: float,
    on_read: Callable[[float], None],
    way: Way = ONE_BY_ONE,
) -> tuple[int, Sequence[Source]]:
    """Put all rows into the spool, and return how many there are and where they come from.

    Takes what `content` does, and in which way the readings are taken.
    """
    stretches = chosen_stretches(job, end)
    sources = [Source(job, recorder, device, spool, end, stretches, way) for device in job.devices]
    make = _periods if spool.edges else _raw_rows
    return make(job, spool, sources, _Progress(job, on_read)), sources


def warnings_of_part(
    job: Job, recorder: Recorder, spool: Spool, end: float, sources: Sequence[Source]
) -> list[Warning_]:
    """Say what is so of any part of the range that it is so of."""
    coverages = [source.coverage for source in sources]
    return [
        *coverage_warnings(job, recorder, end, coverages),
        *not_recorded_warnings(job, recorder, end, [source.stand_in for source in sources]),
        *_estimated(job, recorder, spool, end, coverages),
    ]


def warnings_of_all(job: Job, sources: Sequence[Source]) -> list[Warning_]:
    """Say what only who has seen all of the range can tell."""
    silent = [source.name for source in sources if not source.read.any]
    emptied = [one.name for one in sources if one.read.any and not one.kept.any]
    return [
        *silence_warning(job, silent),
        *filter_warning(job, emptied),
        *outlier_warning(job, sum(source.outliers for source in sources)),
    ]


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
) -> list[Warning_]:
    """Say what was spread over periods; a raw row has a gap's energy whole, and is marked."""
    if job.aggregation == "raw" or AMOUNTS.isdisjoint(job.fields):
        return []
    since: dict[str, float] = {}
    for device, coverage in zip(job.devices, coverages, strict=True):
        if device.plug_id is not None and coverage.known_from is not None:
            since[device.plug_id] = max(job.start, coverage.known_from)
    priced = "cost" in job.fields
    return estimated_warning(recorder.connect, since, end, spool.edges, priced=priced)


def chosen_stretches(job: Job, end: float) -> list[Stretch] | None:
    """Return the times that filters keep, None for all."""
    if not job.filters.by_time:
        return None
    return stretches_of(job.filters, job.start, end, job.zone())
