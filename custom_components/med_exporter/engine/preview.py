"""A preview of a job: its first rows, and how large the whole would be, without making it."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from io import BytesIO
from typing import TYPE_CHECKING

from .export_types import EXPORT_TYPES
from .formats import FORMATS
from .recorder.states import Recorder
from .recorder.statistics import Statistics
from .results import Preview
from .rows.content import Content
from .times import HOUR
from .writers.json.writer import records

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .database.connections import Connect
    from .job import Job, JobDevice
    from .rows.spool import Spool

_SAMPLE = 3 * HOUR
"""Seconds whose states are counted at a time."""
_SAMPLES = 8
_GOLDEN = 0.618
"""Shifts each sample, so that they lie at all times of day."""
_FIRST_PAGE = 64
"""States of an entity that are read first: rows that are shown need few."""
_DATES = 24_000
"""States of a counter whose dates are compared: more than are read for the rows."""


def preview_rows(job: Job, connect: Connect, spool: Spool, end: float, limit: int) -> Preview:
    """Return the first rows and how many there would be.

    Only the readings behind the first rows are read, and states are counted in at most 8 parts of
    the range; so it takes as long for any range.

    Args:
        job: what is wanted, of an export type with a preview.
        connect: opens a connection to the recorder's database.
        spool: empty.
        end: UTC seconds up to which values are known.
        limit: number of rows, at least 1.

    """
    recorder = Recorder(connect, _FIRST_PAGE, dates_checked=_DATES)
    work = EXPORT_TYPES[job.export_type].preview_work()
    table, whole = work.preview(job, recorder, spool, end, limit)
    chunks = list(table.chunks)
    table.chunks = iter(chunks)
    rows = [row for shown in records(table, job) for row in shown]
    estimated = not whole
    count = len(rows)
    if estimated:
        count = max(
            count, sum(_rows_of(job, recorder, device, spool, end) for device in job.devices)
        )
    written = BytesIO()
    table.chunks = iter(chunks)
    # What others take for a row says little of all: they pack, and lay out pages.
    plain = job.format if FORMATS[job.format].single.compressible else "csv"
    FORMATS[plain].writer().write(Content(tables=[table]), written, job, {})
    size = len(written.getvalue())
    size = round(size * count / len(rows)) if rows else size
    return Preview(rows, count, estimated, size, table.warnings)


def _rows_of(job: Job, recorder: Recorder, device: JobDevice, spool: Spool, end: float) -> int:
    """Estimate how many rows a device has."""
    ids = recorder.metadata_ids(tuple(device.entities.values())).values()
    oldest = recorder.oldest(ids) if ids else None
    begin = end if oldest is None else min(max(oldest, job.start), end)
    # What was purged, or never was a state, comes from hourly statistics.
    hour = Statistics.of_device(recorder.connect, device).first(job.start, begin)
    known = begin if hour is None else hour
    if oldest is None and hour is None:
        return 0
    if spool.edges:
        return _periods(spool.edges, known, end)
    states = 0.0 if oldest is None else _states_of(recorder, ids, begin, end)
    return round(states + (begin - known) / HOUR)


def _states_of(recorder: Recorder, ids: Iterable[int], begin: float, end: float) -> float:
    """Estimate how many states there are of the entity that has most."""
    samples = min(max(math.ceil((end - begin) / _SAMPLE), 1), _SAMPLES)
    step = (end - begin) / samples
    counted = seconds = 0.0
    for place in range(samples):
        start = begin + place * step + (place * _GOLDEN) % 1 * max(step - _SAMPLE, 0.0)
        until = min(start + _SAMPLE, end)
        found = recorder.counts(ids, start, until)
        densest = max(found, key=found.__getitem__)
        counted += found[densest]
        if found[densest]:
            # Counting one is enough, and each costs a query.
            ids = (densest,)
        seconds += until - start
    return counted * (end - begin) / seconds if seconds else 0.0


def _periods(edges: Sequence[float], known: float, end: float) -> int:
    """Return how many periods begin before the end and end after a moment."""
    first = max(bisect_right(edges, known) - 1, 0)
    return max(min(bisect_left(edges, end), len(edges) - 1) - first, 0)
