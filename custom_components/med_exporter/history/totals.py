"""How many pushes there have been, and how much they brought: numbers that never fall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    String,
    Table,
    and_,
    func,
    insert,
    select,
    true,
    update,
)

from ..database import TABLE_OPTIONS, Schema
from ..engine.database.history_tables import exports_table
from ..engine.lazy_dataclass import dataclass
from .records import UNFINISHED, ExportKind, ExportStatus
from .rows import is_one_of
from .tables import SCHEMA

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

_metadata: Final = MetaData()

_totals_table: Final = Table(
    "med_exporter_push_totals",
    _metadata,
    Column("destination", String(32), primary_key=True),
    Column("status", String(16), primary_key=True),
    Column("runs", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    **TABLE_OPTIONS,
)
"""What has been purged from the history, added up."""

TOTALS_SCHEMA: Final = Schema("push_totals", 1, _metadata, needs=SCHEMA)


@dataclass(slots=True)
class PushTotal:
    """How many runs to one type of destination ended how, and the records they brought."""

    success: int = 0
    error: int = 0
    records: int = 0

    def add(self, status: str, runs: int, records: int) -> None:
        """Add runs that ended alike."""
        if status == ExportStatus.COMPLETED:
            self.success += runs
        else:
            self.error += runs
        self.records += records


type PushTotals = dict[str, PushTotal]


def read_totals(connection: Connection) -> PushTotals:
    """Return the totals by type of destination."""
    totals: PushTotals = {}
    purged = connection.execute(select(_totals_table))
    for destination, status, runs, records in purged:
        totals.setdefault(destination, PushTotal()).add(status, runs, records)
    for destination, status, runs, records in _count(connection, true()):
        totals.setdefault(destination, PushTotal()).add(status, runs, records)
    return totals


def keep_totals(connection: Connection, condition: ColumnElement[bool]) -> None:
    """Add up the pushes that meet a condition, before they are deleted."""
    for destination, status, runs, records in _count(connection, condition):
        columns = _totals_table.c
        here = and_(columns.destination == destination, columns.status == status)
        known = connection.execute(select(columns.runs, columns.records).where(here)).first()
        if known is None:
            values = {"runs": runs, "records": records}
            connection.execute(
                insert(_totals_table).values(destination=destination, status=status, **values)
            )
        else:
            values = {"runs": known.runs + runs, "records": known.records + records}
            connection.execute(update(_totals_table).where(here).values(**values))


def _count(
    connection: Connection, condition: ColumnElement[bool]
) -> list[tuple[str, str, int, int]]:
    columns = exports_table.c
    statement = (
        select(
            columns.destination,
            columns.status,
            func.count(),
            func.coalesce(func.sum(columns.records), 0),
        )
        .where(
            and_(
                condition,
                columns.kind == ExportKind.PUSH.value,
                columns.destination.is_not(None),
                ~is_one_of(columns.status, UNFINISHED),
            )
        )
        .group_by(columns.destination, columns.status)
    )
    # A sum is a decimal number on some databases.
    return [
        (destination, status, int(runs), int(records))
        for destination, status, runs, records in connection.execute(statement)
    ]
