"""The first rows of an export of readings, true ones where they are not made of too many readings.

Rows that would need too many are shown provisionally, and a warning of the table says of what:
`PREVIEW_FROM_STATISTICS`, of Home Assistant's hours where there are any, so that a month has its
energy; `PREVIEW_SHORTENED`, of the readings up to a moment: then they are the rows of a file whose
range ends there.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from ...readings.custom_fields import formulas_of
from ...readings.fields import FIELDS
from ...readings.merging import merged
from ...rows.spool import Spool
from ...words.file_warnings import warning
from .allowance import Allowance, TooManyReadingsError
from .content import chosen_stretches, read_all, warnings_of_all, warnings_of_part
from .first_rows import Part, add_first_rows
from .rows import table_of
from .source import Source, Way

if TYPE_CHECKING:
    from ...job import Job, JobDevice
    from ...recorder.states import Recorder
    from ...rows.tables import Table

_OF_STATISTICS: Final = frozenset(("FROM_STATISTICS", "NO_STATISTICS"))


def preview(
    job: Job, recorder: Recorder, spool: Spool, end: float, limit: int
) -> tuple[Table, bool]:
    """Return the first rows, reading no more of each device than they need.

    A total of a custom field is over all rows of its device, which then all are read. Warnings are
    those of the range up to the last row that is shown, and of the devices that have any.

    Args:
        job: what is wanted.
        recorder: where the states are.
        spool: where the rows go through.
        end: UTC seconds up to which values are known.
        limit: number of rows; of long periods there may be fewer, though at least one.

    Returns:
        The rows, and whether there are no others.

    """
    first = _FirstRows(job, recorder, spool, end)
    try:
        table = first.table(limit)
    except TooManyReadingsError as error:
        found = _by_hours(job, recorder, end, limit) if _may_be_by_hours(job) else None
        return found or _of_shorter_range(job, recorder, error.until, limit), False
    if first.shown is None:
        table.warnings += warnings_of_all(job, first.sources)
    return table, first.shown is None


def _may_be_by_hours(job: Job) -> bool:
    """Tell whether rows of hours are nearly those of readings: averages, sums and last values."""
    usual = all(
        function == FIELDS[name].function for name, function in job.aggregation_functions.items()
    )
    return (
        usual
        and job.aggregation != "raw"
        and not job.filters.given
        and not any(formula.totals for formula in formulas_of(job))
    )


def _by_hours(job: Job, recorder: Recorder, end: float, limit: int) -> Table | None:
    """Return the first rows as hourly statistics make them, None where these do not suffice."""
    with Spool(job, end, None, formulas_of(job)) as spool:
        first = _FirstRows(job, recorder, spool, end, by_hours=True)
        try:
            table = first.table(limit)
        except TooManyReadingsError:
            return None
        table.chunks = iter(list(table.chunks))
    hours = [one.coverage for one in first.sources if one.coverage.start is not None]
    if not hours:
        return None
    table.warnings = [one for one in table.warnings if one["code"] not in _OF_STATISTICS]
    table.warnings.append(
        warning(
            "PREVIEW_FROM_STATISTICS",
            min(one.start for one in hours if one.start is not None),
            max(one.end for one in hours if one.end is not None),
            sum(one.hours for one in hours),
        )
    )
    return table


def _of_shorter_range(job: Job, recorder: Recorder, until: float, limit: int) -> Table:
    """Return the first rows of a range that ends at a moment, before that of the job does."""
    part = replace(job, end=until)
    with Spool(part, until, None, formulas_of(part)) as spool:
        try:
            table = _FirstRows(part, recorder, spool, until).table(limit)
        except TooManyReadingsError as error:
            return _of_shorter_range(job, recorder, error.until, limit)
        chunks = list(table.chunks)
    table.chunks = iter(chunks)
    rows = sum(len(columns[0]) for columns in chunks)
    table.warnings.append(warning("PREVIEW_SHORTENED", job.start, until, rows))
    return table


class _FirstRows:
    """The first rows of a job.

    `sources`: where they come from, of the devices that have any; `shown`: what they are made of,
    None when there are no others. Both are known with the table.
    """

    def __init__(
        self, job: Job, recorder: Recorder, spool: Spool, end: float, *, by_hours: bool = False
    ) -> None:
        self._job = job
        self._recorder = recorder
        self._spool = spool
        self._end = end
        self._by_hours = by_hours
        self._allowance = Allowance(job, recorder, end)
        self._stretches = chosen_stretches(job, end)
        self.sources: list[Source] = []
        self.shown: Part | None = None

    def table(self, limit: int) -> Table:
        """Return them; raises TooManyReadingsError where they need too many."""
        job, recorder = self._job, self._recorder
        self.shown = self._put(limit)
        table = table_of(job, self._spool, limit, limit)
        part, until = job, self._end
        if (shown := self.shown) is not None:
            until = min(shown.until, self._end)
            # A last row that the present cuts off stays one: all that is counted was used before.
            part = replace(job, end=min(shown.until, job.end), devices=job.devices[: shown.devices])
            self.sources = self.sources[: shown.devices]
        with Spool(part, until, None, formulas_of(part)) as again:
            if any(source.counts_rows for source in self.sources):
                # Theirs may be more than those of the rows that are shown.
                way = Way(by_hours=self._by_hours)
                _, sources = read_all(part, recorder, again, until, lambda _: None, way)
                self.sources = list(sources)
            table.warnings += warnings_of_part(part, recorder, again, until, self.sources)
        return table

    def _put(self, limit: int) -> Part | None:
        """Put them into the spool; return what they are made of, None for all there are."""
        job, spool = self._job, self._spool
        has_totals = any(formula.totals for formula in formulas_of(job))
        if has_totals or job.filters.exclude_outliers:
            self._allowance.require_all()
        if spool.edges and not has_totals:
            lines = (self._opened(device).line() for device in job.devices)
            return add_first_rows(spool, lines, limit)
        for device in job.devices:
            self._opened(device)
        if spool.edges:
            count = sum(
                spool.add({place: source.readings(lambda _: None)})
                for place, source in enumerate(self.sources)
            )
            return None if count <= limit else Part(job.end, len(job.devices))
        # One more, since the first may be what was in force before the range, and one to see.
        streams = [
            spool.rows_of(place, source.readings(lambda _: None), limit + 2)
            for place, source in enumerate(self.sources)
        ]
        rows = chain.from_iterable(merged(streams))
        first = list(rows if has_totals else islice(rows, limit + 1))
        spool.put(first if has_totals else first[:limit])
        if len(first) <= limit:
            return None
        last = job.end if has_totals else math.nextafter(first[limit - 1][0], math.inf)
        return Part(last, len(job.devices))

    def _opened(self, device: JobDevice) -> Source:
        way = Way(allowance=self._allowance, by_hours=self._by_hours)
        source = Source(
            self._job, self._recorder, device, self._spool, self._end, self._stretches, way
        )
        self.sources.append(source)
        return source
