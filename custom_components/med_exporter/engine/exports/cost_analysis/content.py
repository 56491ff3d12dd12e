"""Export type `cost_analysis`: what energy cost by period, and split as asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...formats import FORMATS
from ...rows.content import Content, Figure
from ...times import boundaries
from ..cost_overview import CostCharts, cost_figures
from ..cost_rows import CostRows
from ..job_sums import elsewhere_warning
from ..ledger_gaps import ledger_warnings, unpriced_warning
from .bill import Bill

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...job import Job
    from ...recorder.states import Recorder
    from ...rows.spool import Spool
    from ...rows.tables import Table

_UNUSUAL: Final = ("hourly", "weekly")
"""Groupings that a bill does not show by itself."""


def content(
    job: Job,
    recorder: Recorder,
    spool: Spool,
    end: float,
    on_read: Callable[[float], None],
) -> Content:
    """Add up the ledger and return the one table of this export.

    Args:
        job: what is wanted.
        recorder: where the ledger's tables are.
        spool: not needed: the database adds up.
        end: UTC seconds up to which values are known; standing charges count until then too.
        on_read: called with the share of the reading that is done, 0 to 1.

    Raises:
        ExportError: `TOO_MANY_RECORDS`, `TOO_MANY_PDF_ROWS`.

    """
    del spool
    edges = period_edges(job, job.grouping, end)
    rows = CostRows(job, recorder, edges, job.breakdown_by)
    charts = CostCharts(job, edges, end)
    rows.read(charts.add, on_read)
    table = rows.table("cost_analysis", with_periods=True)
    table.warnings += unpriced_warning(rows.unpriced)
    table.warnings += ledger_warnings(job, recorder, end, edges, priced=True)
    table.warnings += elsewhere_warning(job, recorder.connect, end)
    figures = cost_figures(job, rows)
    if FORMATS[job.format].on_pages:
        return _on_pages(job, recorder, end, table, figures)
    return Content(
        tables=[table],
        figures=figures,
        charts=[*charts.over_time(), *charts.by_tariff_period()],
    )


def _on_pages(
    job: Job, recorder: Recorder, end: float, table: Table, figures: list[Figure]
) -> Content:
    """Return a bill, and behind it the rows that were asked for, where they tell more."""
    bill = Bill(job, recorder, end)
    bill.read()
    tables = bill.tables()
    tables[0].warnings = table.warnings
    if table.count > 1 and (job.breakdown_by or job.grouping in _UNUSUAL):
        table.warnings = []
        tables.append(table)
    return Content(
        tables=tables,
        figures=[
            *_whose(job, bill),
            *(replace(one, in_tables=True) for one in figures if one.name != "metering_points"),
        ],
        charts=bill.charts() if job.include_charts else [],
    )


def _whose(job: Job, bill: Bill) -> list[Figure]:
    """Return whose bill it is, and who sends it."""
    between = "\u200e, "
    one = len(job.points) == 1
    told = {
        "metering_point" if one else "metering_points": [point.name for point in job.points],
        "metering_point_id": [point.pdl for point in job.points] if one else [],
        # What a home keeps to itself tells as much.
        "supplier": [] if job.privacy.active else bill.suppliers(),
    }
    return [Figure(name=name, value=between.join(texts)) for name, texts in told.items() if texts]


def period_edges(job: Job, grouping: str, end: float) -> list[float]:
    """Return the edges of local periods, cut to the range of a job that has passed.

    Args:
        job: gives the range and the time zone.
        grouping: one of `GROUPINGS`.
        end: UTC seconds up to which values are known.

    """
    if end <= job.start:
        return []
    inner = boundaries(grouping, job.start, end, job.zone())[1:-1]
    return [job.start, *inner, end]
