"""What each posting of late has changed, kept so that it can be taken back."""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import orjson
from sqlalchemy import (
    Column,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from ..database import TABLE_OPTIONS, Schema
from ..engine.database.own_tables import exists
from ..engine.lazy_dataclass import dataclass
from ..engine.times import QUARTER, UTC_DAY
from .posting import Account
from .tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Connection

KEPT_POSTINGS: Final = 400
"""Of each plug: a day of them."""

_metadata: Final = MetaData()

receipts_table: Final = Table(
    "med_exporter_receipts",
    _metadata,
    Column("plug_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("account_id", Integer, nullable=False),
    Column("ticks", Double, nullable=False),
    Column("opens", Integer, nullable=False),
    Column("before", String(255)),
    Column("quarters", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)
"""A row for each posting and day of UTC: what it has added to some of the day's quarter-hours."""

# The place of one in its day, its mWh, and how many of these were filled.
_QUARTER: Final = struct.Struct("<Bqq")
# What begins with this is packed: no day has a quarter-hour in such a place.
_PACKED: Final = b"\xff"
# A posting changes one or two; with more than this come whole days, which a plug has told.
_FEW: Final = 8


def _leave(_: Connection) -> bool:
    """Leave what version 1 has written: it is read as what is not packed."""
    return True


# Written with each posting, in its transaction; nobody else needs it.
RECEIPTS_SCHEMA: Final = Schema("receipts", 2, _metadata, needs=SCHEMA, migrations={1: _leave})


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What was before a posting.

    `before` is what was remembered of the plug, None for a new one; `ticks` when it was read, by a
    clock that is never put right, None for when the posting before was; `opens` says that its
    counter was begun with it.
    """

    before: Account | None
    ticks: float | None
    opens: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What a posting has added to an account: mWh, and how much of it was filled, by quarter."""

    receipt: Receipt
    account_id: int
    quarters: Mapping[int, tuple[int, int]]


def note_receipt(
    connection: Connection,
    plug_id: str,
    account_id: int,
    receipt: Receipt,
    added: Mapping[int, tuple[int, int]],
) -> None:
    """Note what a posting has added, by quarter-hour, and forget what is more than a day ago."""
    columns = receipts_table.c
    here = columns.plug_id == plug_id
    last = connection.execute(
        select(columns.number, columns.ticks).where(here).order_by(columns.number.desc()).limit(1)
    ).first()
    ticks = receipt.ticks
    if ticks is None:
        if last is None:
            # Nobody will ask for it.
            return
        ticks = last.ticks
    number = 0 if last is None else last.number + 1
    before = receipt.before
    days: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for quarter, (mwh, filled) in added.items():
        days[quarter // UTC_DAY].append((quarter % UTC_DAY // QUARTER, mwh, filled))
    same = {
        "plug_id": plug_id,
        "number": number,
        "account_id": account_id,
        "ticks": ticks,
        "opens": int(receipt.opens),
        "before": None if before is None else orjson.dumps(asdict(before)).decode(),
    }
    rows = [{**same, "day": day, "quarters": _pack(quarters)} for day, quarters in days.items()]
    connection.execute(insert(receipts_table), rows)
    connection.execute(delete(receipts_table).where(here, columns.number <= number - KEPT_POSTINGS))


def take_receipts(connection: Connection, plug_id: str, since: float) -> list[Added]:
    """Return what was added from a moment on, in ticks, the latest first, and forget it.

    What stands before the opening of the plug's account stays.
    """
    columns = receipts_table.c
    here = columns.plug_id == plug_id
    taken: list[Added] = []
    first: int | None = None
    for added, number in _latest_first(connection, plug_id):
        if first is not None and number != first and taken[-1].receipt.opens:
            break
        if added.receipt.ticks is None or added.receipt.ticks < since:
            break
        taken.append(added)
        first = number
    if first is not None:
        connection.execute(delete(receipts_table).where(here, columns.number >= first))
    return taken


def _latest_first(connection: Connection, plug_id: str) -> Iterator[tuple[Added, int]]:
    columns = receipts_table.c
    rows = connection.execute(
        select(receipts_table)
        .where(columns.plug_id == plug_id)
        .order_by(columns.number.desc(), columns.day)
    ).all()
    for row in rows:
        before = None if row.before is None else Account(**orjson.loads(row.before))
        midnight = row.day * UTC_DAY
        parts = _unpack(row.quarters)
        yield (
            Added(
                receipt=Receipt(before=before, ticks=row.ticks, opens=bool(row.opens)),
                account_id=row.account_id,
                quarters={
                    midnight + place * QUARTER: (mwh, filled) for place, mwh, filled in parts
                },
            ),
            row.number,
        )


def _pack(quarters: list[tuple[int, int, int]]) -> bytes:
    """Return the bytes of some quarter-hours of a day: place, mWh, and how much was filled."""
    if len(quarters) <= _FEW:
        return b"".join(_QUARTER.pack(*one) for one in quarters)
    places, energies, fillings = zip(*quarters, strict=True)
    numbers = array("q", [*energies, *fillings])
    if sys.byteorder == "big":
        numbers.byteswap()
    return _PACKED + zlib.compress(bytes([len(places), *places]) + numbers.tobytes(), 1)


def _unpack(quarters: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield what `_pack` was given."""
    if not quarters.startswith(_PACKED):
        yield from _QUARTER.iter_unpack(quarters)
        return
    found = zlib.decompress(quarters.removeprefix(_PACKED))
    count = found[0]
    numbers = array("q")
    numbers.frombytes(found[1 + count :])
    if sys.byteorder == "big":
        numbers.byteswap()
    yield from zip(found[1 : 1 + count], numbers[:count], numbers[count:], strict=True)


def move_receipts(connection: Connection, source: int, target: int) -> None:
    """Let what was added to an account have been added to another one: it has moved there."""
    if exists(connection, receipts_table):
        connection.execute(
            update(receipts_table)
            .where(receipts_table.c.account_id == source)
            .values(account_id=target)
        )
