"""The tables of costs, as a part of the recorder's database that is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, select, text

from ..database import Schema
from ..engine.database.cost_tables import metadata, tariffs_table
from ..statistics import SCHEMA as SUMS_SCHEMA
from ..statistics import mark_dirty
from .change import cost_statistic_id

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_COMPUTED: Final = ("med_exporter_costs", "med_exporter_pricings")
"""Tables of the first version, which kept what can be computed."""

_MARKS: Final = ("dirty_from_ts", "written_until_ts", "changed_from_ts")
"""Columns of the second version: what is noted of running sums stands beside all others now."""


def drop_computed(connection: Connection) -> bool:
    """Drop the tables of the first version."""
    inspector = inspect(connection)
    for name in _COMPUTED:
        if inspector.has_table(name):
            connection.execute(text(f"DROP TABLE {name}"))
    return True


def move_marks(connection: Connection) -> bool:
    """Let all hours be compared once more, by what is noted of running sums."""
    inspector, table = inspect(connection), tariffs_table.name
    if not inspector.has_table(table):
        return True
    for slug in connection.execute(text(f"SELECT metering_point FROM {table}")).scalars():  # noqa: S608
        statistic_id = cost_statistic_id(slug)
        mark_dirty(connection, statistic_id, None, 0)
    # One at a time: a server that commits each of these may be stopped in between.
    for name in {column["name"] for column in inspector.get_columns(table)}.intersection(_MARKS):
        connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {name}"))
    return True


def has_terms(connection: Connection, metering_point: str) -> bool:
    """Return whether it is stored what a metering point is priced with."""
    named = tariffs_table.c.metering_point
    return connection.execute(select(named).where(named == metering_point)).first() is not None


SCHEMA: Final = Schema(
    "costs", 3, metadata, needs=SUMS_SCHEMA, migrations={1: drop_computed, 2: move_marks}
)
