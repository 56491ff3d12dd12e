"""Section `cost_breakdown`: what the range cost by tariff period and device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...job import BREAKDOWNS
from ...rows.content import Figure
from ..cost_overview import CostCharts
from ..cost_rows import CostRows, money_decimals
from ..job_sums import elsewhere_warning
from ..ledger_gaps import estimated_warning, unpriced_warning
from . import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...job import Job
    from ...recorder.states import Recorder


def section(job: Job, recorder: Recorder, end: float, on_read: Callable[[float], None]) -> Section:
    """Return one row for each device, tariff period and tier; see `cost_rows` for the others."""
    edges = [job.start, end] if end > job.start else []
    rows = CostRows(job, recorder, edges, BREAKDOWNS)
    charts = CostCharts(job, edges, end)
    rows.read(charts.add, on_read)
    table = rows.table("cost_breakdown", with_periods=False)
    table.warnings += unpriced_warning(rows.unpriced)
    since = {one.plug_id: job.start for one in (*job.devices, *job.gone) if one.plug_id}
    table.warnings += estimated_warning(recorder.connect, since, end, edges, priced=True)
    table.warnings += elsewhere_warning(job, recorder.connect, end)
    figure = Figure(
        name="total_cost",
        value=rows.grand_total(),
        unit=job.currency,
        decimals=money_decimals(job),
    )
    return Section(table=table, figures=[figure], charts=charts.by_tariff_period())
