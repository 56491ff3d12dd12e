"""Section `system_health`: who answers, what waits, what was made, and how much it all takes.

One table, whose rows are of a kind: a `plug` has its state, the share of time in which it answered
and how often it stopped to; a `destination` its state, what waits for it and when a run last
succeeded; `file` and `push` count the exports of the range by status; `database` has its size.
What is not about the devices is for administrators, and left out where the job brings no table of
destinations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from ...database.history_tables import exports_table
from ...database.own_tables import exists
from ...readings.fields import Kind
from ...recorder.availability import availability
from ...rows.content import Figure
from ...rows.tables import Column, Holds, small_table
from ...words.file_warnings import warning
from . import Section
from .device_summary import state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from ...job import GivenTable, Job
    from ...recorder.states import Recorder

GIVEN = "destinations"
"""The table that the job brings: id, name, type, state and backlog of each destination."""

_COLUMNS = (
    Column("kind", Kind.TEXT),
    Column("name", Kind.TEXT, holds=Holds.TEXT),
    Column("state", Kind.TEXT),
    Column("answer_rate", Kind.NUMBER, 2, "%"),
    Column("gaps", Kind.NUMBER),
    Column("longest_gap", Kind.NUMBER, 1, "min"),
    Column("backlog", Kind.NUMBER),
    Column("last_success", Kind.TIME),
    Column("exports", Kind.NUMBER),
    Column("size_mb", Kind.NUMBER, 1, "MB"),
)
_SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
    "mysql": "SELECT SUM(data_length + index_length) FROM information_schema.tables"
    " WHERE table_schema = DATABASE()",
}
_SIZES["mariadb"] = _SIZES["mysql"]
_MEGABYTE = 1024 * 1024


def section(job: Job, recorder: Recorder, end: float, on_read: Callable[[float], None]) -> Section:
    """Return what is known of everything, as `SectionModule.section` describes."""
    rates: list[float] = []
    rows = []
    for place, device in enumerate(job.devices, 1):
        found = availability(recorder, device, job.start, end)
        rate = found.answer_rate
        if rate is not None:
            rates.append(rate)
        rows.append(
            _row(
                kind="plug" if device.mac else "meter",
                name=device.device_name,
                state=state_of(recorder, device, end),
                answer_rate=None if rate is None else round(rate * 100, 2),
                gaps=None if rate is None else found.gaps,
                longest_gap=None if rate is None else round(found.longest / 60, 1),
            )
        )
        on_read(place / len(job.devices))
    given = next((one for one in job.given if one.name == GIVEN), None)
    if given is not None:
        with recorder.connect() as connection:
            rows += _installation(job, connection, given)
    whole = small_table("system_health", _COLUMNS, rows)
    if given is None:
        whole.warnings.append(warning("ADMINISTRATORS_ONLY", job.start, job.end, 3))
    figures = []
    if rates:
        mean = sum(rates) / len(rates) * 100
        figures.append(Figure(name="answer_rate", value=mean, unit="%", decimals=2))
    return Section(table=whole, figures=figures)


def _row(**values: Any) -> Sequence[Any]:  # noqa: ANN401  # cells
    return [values.get(one.name) for one in _COLUMNS]


def _installation(job: Job, connection: Connection, given: GivenTable) -> Iterator[Sequence[Any]]:
    """Yield the rows that are for administrators."""
    columns = exports_table.c
    has_exports = exists(connection, exports_table)
    names = [one.name for one in given.columns]
    for values in given.rows:
        told = dict(zip(names, values, strict=True))
        succeeded = None
        if has_exports:
            succeeded = connection.execute(
                select(func.max(columns.completed_ts)).where(
                    columns.kind == "push",
                    columns.status == "completed",
                    columns.destination_id == told["id"],
                )
            ).scalar()
        yield _row(
            kind="destination",
            name=told["name"],
            state=told["state"],
            backlog=told["backlog"],
            last_success=succeeded,
        )
    if has_exports:
        counts = connection.execute(
            select(columns.kind, columns.status, func.count())
            .where(columns.created_ts >= job.start, columns.created_ts < job.end)
            .group_by(columns.kind, columns.status)
            .order_by(columns.kind, columns.status)
        )
        for kind, status, count in counts:
            yield _row(kind=kind, state=status, exports=count)
    if (query := _SIZES.get(connection.dialect.name)) is not None:
        size = connection.execute(text(query)).scalar()
        size_mb = None if size is None else round(float(size) / _MEGABYTE, 1)
        yield _row(kind="database", name=connection.dialect.name, size_mb=size_mb)
