"""Export type `system_report`: sections, each a table, in the order asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...limits import check_rows
from ...rows.content import Content, Figure
from ..report import section_module

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...job import Job
    from ...recorder.states import Recorder
    from ...rows.spool import Spool

# Keeps right-to-left names apart from each other.
_BETWEEN = "\u200e, "


def content(
    job: Job,
    recorder: Recorder,
    spool: Spool,
    end: float,
    on_read: Callable[[float], None],
) -> Content:
    """Read the sections that the job names; arguments and errors as in `Work.content`."""
    del spool
    whole = Content(tables=[])
    if job.points:
        names = _BETWEEN.join(point.name for point in job.points)
        whole.figures.append(Figure(name="metering_points", value=names))
    sections = len(job.report_sections)
    for place, name in enumerate(job.report_sections):

        def on_part(share: float, place: int = place) -> None:
            on_read((place + share) / sections)

        part = section_module(name).section(job, recorder, end, on_part)
        if part.table is not None:
            whole.tables.append(part.table)
        check_rows(job, sum(table.count for table in whole.tables))
        whole.figures += part.figures
        whole.charts += part.charts
        whole.warnings += part.warnings
        on_part(1.0)
    return whole
