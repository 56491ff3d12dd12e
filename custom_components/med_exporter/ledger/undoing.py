"""What corrections have changed, kept so that each can be taken back to what stood before."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
)

from ..database import TABLE_OPTIONS, Schema
from ..engine.database.own_tables import exists
from .removed import REMOVED_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.engine import Connection

    type Cells = dict[tuple[int, int], tuple[int, int]]
    """mWh and filled mWh (or `CUT`) by account and start (UTC seconds)."""

_metadata: Final = MetaData()

done_table: Final = Table(
    "med_exporter_corrected",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("plug_id", String(32), nullable=False, index=True),
    Column("start_ts", BigInteger, nullable=False),
    Column("end_ts", BigInteger, nullable=False),
    Column("before_mwh", BigInteger, nullable=False),
    Column("after_mwh", BigInteger, nullable=False),
    Column("cells", LargeBinary(2**24 - 1), nullable=False),
    **TABLE_OPTIONS,
)
"""A row for each of the last corrections of a plug; `cells` is what it has changed, as it stood."""

UNDO_SCHEMA: Final = Schema("corrected", 1, _metadata, needs=REMOVED_SCHEMA)

_KEPT: Final = 50
"""How many corrections of a plug can be taken back to what stood before."""


def note_done(
    connection: Connection,
    plug_id: str,
    stretch: tuple[int, int],
    sums: tuple[int, int],
    cells: Mapping[tuple[int, int], tuple[int, int]],
) -> None:
    """Keep what a correction has changed.

    Args:
        connection: with a transaction of which this becomes a part.
        plug_id: whose energy.
        stretch: start and end, in UTC seconds.
        sums: of it before and after, in mWh.
        cells: what it has changed, as it stood before.

    """
    packed = zlib.compress(orjson.dumps([[*place, *energy] for place, energy in cells.items()]))
    columns = done_table.c
    connection.execute(
        insert(done_table).values(
            plug_id=plug_id,
            start_ts=stretch[0],
            end_ts=stretch[1],
            before_mwh=sums[0],
            after_mwh=sums[1],
            cells=packed,
        )
    )
    last = (
        select(columns.id)
        .where(columns.plug_id == plug_id)
        .order_by(columns.id.desc())
        .offset(_KEPT)
        .limit(1)
    )
    oldest = connection.execute(last).scalar()
    if oldest is not None:
        connection.execute(
            delete(done_table).where(columns.plug_id == plug_id, columns.id <= oldest)
        )


def taken_back(
    connection: Connection, plug_id: str, stretch: tuple[int, int], sums: tuple[int, int]
) -> Cells | None:
    """Return what stood before the correction that another one takes back, and forget it.

    It takes back the last one of the same range whose sums were these (mWh) the other way round.
    None where there is no such correction. Arguments are those of `note_done`.
    """
    columns = done_table.c
    row = connection.execute(
        select(columns.id, columns.cells)
        .where(
            columns.plug_id == plug_id,
            columns.start_ts == stretch[0],
            columns.end_ts == stretch[1],
            columns.before_mwh == sums[1],
            columns.after_mwh == sums[0],
        )
        .order_by(columns.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    connection.execute(delete(done_table).where(columns.id == row.id))
    return {
        (account, start): (mwh, filled)
        for account, start, mwh, filled in orjson.loads(zlib.decompress(row.cells))
    }


def forget_done(connection: Connection, plug_ids: Collection[str]) -> None:
    """Forget what corrections of plugs have changed."""
    if exists(connection, done_table):
        connection.execute(delete(done_table).where(done_table.c.plug_id.in_(list(plug_ids))))
