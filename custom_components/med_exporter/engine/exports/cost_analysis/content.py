"""Export type `cost_analysis`: what energy cost by period, and split as asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...content import Content
from ...times import boundaries
from ..cost_overview import CostCharts, cost_figures
from ..cost_rows import CostRows
from ..ledger_gaps import ledger_warnings, unpriced_warning

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...job import Job
    from ...recorder import Recorder
    from ...spool import Spool


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
    table.warnings += ledger_warnings(job, recorder, end)
    return Content(
        tables=[table],
        figures=cost_figures(job, rows),
        charts=[*charts.over_time(), *charts.by_tariff_period()],
    )


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
