"""Export type `audit_logs`: who did what, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Double, Integer, bindparam, func, select

from ...database.audit_tables import audit_table
from ...database.own_tables import exists
from ...job import SEVERITY_LEVELS
from ...limits import check_rows
from ...readings.fields import Kind
from ...rows.content import Content, Figure
from ...rows.shelf import Shelf
from ...rows.tables import Column, Holds, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import ColumnElement

    from ...job import Job
    from ...recorder.states import Recorder
    from ...rows.spool import Spool
    from ...rows.tables import Chunk

_PAGE = 4096
_COLUMNS = (
    Column("time", Kind.TIME),
    Column("event_type", Kind.TEXT),
    Column("severity", Kind.TEXT),
    Column("user", Kind.TEXT, holds=Holds.USER),
    Column("address", Kind.TEXT, holds=Holds.ADDRESS),
    # The name of a device, of a destination, of whatever client logged in, or an export's id.
    Column("subject", Kind.TEXT, holds=Holds.DEVICE_NAME),
    Column("details", Kind.TEXT, holds=Holds.TEXT),
)


def content(
    job: Job,
    recorder: Recorder,
    spool: Spool,
    end: float,
    on_read: Callable[[float], None],
) -> Content:
    """Return the events of the range that the job's filters keep.

    Arguments and errors are those of `Work.content`; TOO_MANY_RECORDS, TOO_MANY_PDF_ROWS.
    """
    del spool, end
    shelf = Shelf(job.options.chunk_size, job.folder)
    severities: dict[str, int] = {}
    for page in _pages(job, recorder):
        shelf.put(_shown(row) for row in page)
        for row in page:
            severities[row.severity] = severities.get(row.severity, 0) + 1
        check_rows(job, shelf.count)
        on_read((page[-1].time_ts - job.start) / (job.end - job.start))
    figures = [
        Figure(name=f"severity_{one}", value=severities.get(one, 0))
        for one in job.severity_levels or SEVERITY_LEVELS
    ]
    events = Table("audit_logs", _COLUMNS, shelf.count, _chunks(shelf))
    # Three times nothing tells no more than once.
    return Content(tables=[events], figures=figures if events.count else [])


def _pages(job: Job, recorder: Recorder) -> Iterator[list[Any]]:
    """Yield the rows, some at a time, by time and then as they were written."""
    columns = audit_table.c
    kept: list[ColumnElement[bool]] = [columns.time_ts < job.end]
    for values, its in (
        (job.event_types, columns.event_type),
        (job.severity_levels, columns.severity),
        (job.users, columns.user_id),
    ):
        if values:
            kept.append(its.in_(list(values)))
    query = (
        select(audit_table)
        .where(
            *kept,
            columns.time_ts >= bindparam("after_ts", type_=Double),
            (columns.time_ts > bindparam("after_ts", type_=Double))
            | (columns.row_id > bindparam("after_id", type_=BigInteger)),
            columns.row_id <= bindparam("last_id", type_=BigInteger),
        )
        .order_by(columns.time_ts, columns.row_id)
        .limit(bindparam("size", type_=Integer))
    )
    with recorder.connect() as connection:
        if not exists(connection, audit_table):
            return
        last_id = connection.execute(select(func.max(columns.row_id))).scalar()
    # What is written meanwhile stays out, also when its time lies further back.
    place = {"after_ts": job.start, "after_id": -1, "last_id": last_id or -1, "size": _PAGE}
    while True:
        with recorder.connect() as connection:
            rows = list(connection.execute(query, place))
        if rows:
            yield rows
        if len(rows) < _PAGE:
            return
        place |= {"after_ts": rows[-1].time_ts, "after_id": rows[-1].row_id}


def _shown(row: Any) -> tuple[Any, ...]:  # noqa: ANN401  # a row of the table
    details = None if row.details in {"", "{}"} else row.details
    return (
        row.time_ts,
        row.event_type,
        row.severity,
        row.user_name or row.user_id,
        row.address,
        row.subject,
        details,
    )


def _chunks(shelf: Shelf) -> Iterator[Chunk]:
    for columns in shelf.take():
        yield list(map(list, columns))
