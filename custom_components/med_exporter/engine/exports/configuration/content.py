"""Export type `configuration`: how everything is set up, as Home Assistant's side hands it over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...limits import check_rows
from ...rows.content import Content, Figure
from ...rows.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...job import GivenTable, Job
    from ...recorder.states import Recorder
    from ...rows.spool import Spool

_COUNTED = ("metering_points", "plugs", "destinations", "schedules", "users")


def content(
    job: Job,
    recorder: Recorder,
    spool: Spool,
    end: float,
    on_read: Callable[[float], None],
) -> Content:
    """Return the tables that came with the job, as `Work.content` describes."""
    del recorder, spool, end
    on_read(1.0)
    tables = [given_table(given) for given in job.given]
    check_rows(job, sum(table.count for table in tables))
    figures = [
        Figure(name=table.name, value=table.count) for table in tables if table.name in _COUNTED
    ]
    return Content(tables=tables, figures=figures)


def given_table(given: GivenTable) -> Table:
    """Return a table that came with the job."""
    chunks = [[list(column) for column in zip(*given.rows, strict=True)]] if given.rows else []
    return Table(given.name, given.columns, len(given.rows), iter(chunks))
