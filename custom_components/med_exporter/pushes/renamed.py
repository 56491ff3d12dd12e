"""Metering points that go by another id than a destination knows, in a table of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select, update

from ..database import TABLE_OPTIONS, Schema
from ..destinations.measurements import PointName
from ..engine.database.own_tables import exists
from ..engine.lazy_dataclass import dataclass
from ..entries.finding import slug_of
from .watermarks import watermarks_table

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

metadata: Final = MetaData()

_table: Final = Table(
    "med_exporter_renamed_points",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("destination", String(36), nullable=False),
    Column("before", String(64), nullable=False),
    Column("now", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    **TABLE_OPTIONS,
)
"""What a destination (its public id) was given under the id `before` is now that of `now`.

Both as typed. `name` is what the metering point is called. Rows go as soon as the destination has
heard of it, oldest first.
"""

SCHEMA: Final = Schema("renamed_points", 1, metadata)


@dataclass(frozen=True, slots=True)
class Renamed:
    """Another id of a metering point, of which a destination has not heard yet."""

    row: int
    before: PointName
    now: PointName


def rename_point(connection: Connection, before: str, now: str, name: str) -> None:
    """Let each destination hear of another id, and be given again all that it had under the other.

    Nothing of it arrives under the new id by itself: there it begins anew, as far back as before.
    Both ids as typed; `name` is what the metering point is called.
    """
    if not exists(connection, watermarks_table):
        return
    columns = watermarks_table.c
    old, new = slug_of(before), slug_of(now)
    if old != new:
        # What a metering point of that id has left that is gone.
        connection.execute(delete(watermarks_table).where(columns.metering_point == new))
    here = columns.metering_point == old
    given = connection.execute(select(columns.destination).where(here).distinct()).scalars().all()
    connection.execute(
        update(watermarks_table)
        .where(here)
        .values(
            metering_point=new,
            until_ts=columns.since_ts,
            again_from_ts=None,
            gaps="[]",
            revision=columns.revision + 1,
        )
    )
    for destination in given:
        connection.execute(
            insert(_table).values(destination=destination, before=before, now=now, name=name)
        )


def read_renamed(connection: Connection, destination: str) -> list[Renamed]:
    """Return what a destination has still to hear, in the order in which it came about."""
    rows = connection.execute(
        select(_table).where(_table.c.destination == destination).order_by(_table.c.id)
    ).all()
    return [
        Renamed(row.id, PointName.of(row.before, row.name), PointName.of(row.now, row.name))
        for row in rows
    ]


def settle_renamed(connection: Connection, row: int) -> None:
    """Forget what a destination has heard."""
    connection.execute(delete(_table).where(_table.c.id == row))


def forget_renamed(connection: Connection, destination: str) -> None:
    """Forget what a destination that is gone has still to hear."""
    connection.execute(delete(_table).where(_table.c.destination == destination))
