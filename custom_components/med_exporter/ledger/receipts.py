"""What each posting of late has changed, kept so that it can be taken back."""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from dataclasses import asdict
from itertools import accumulate
from operator import sub
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
from .booking import Account
from .quarters import by_stretches
from .tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Connection

    from .quarters import Stretch

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
"""What a posting has added to some quarter-hours: a row for each stretch of days of UTC.

`day` is the first of the stretch. Of few quarter-hours each stretch is a day.
"""

# The place of one in its day, its mWh, and how many of these were filled.
_QUARTER: Final = struct.Struct("<Bqq")
# What begins with one of these is packed, since no day has a quarter-hour in such a place; the
# places in the stretch are numbers of this type. Version 2 packed every day alone, with its places.
_PACKED_DAY: Final = b"\xff"
_PACKED: Final = b"\xfe"
_PLACES: Final = {_PACKED_DAY: "B", _PACKED: "H"}
# A posting changes one or two; with more than this come whole days, which a plug has told.
_FEW: Final = 8
# Days of a stretch: packed or not, it is less than the 64 kB that MariaDB takes.
_STRETCH: Final = 32


def _leave(_: Connection) -> bool:
    """Leave what an older version has written, which is read as it is."""
    return True


# Written with each posting, in its transaction; nobody else needs it.
RECEIPTS_SCHEMA: Final = Schema(
    "receipts", 3, _metadata, needs=SCHEMA, migrations={1: _leave, 2: _leave}
)


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
    length = UTC_DAY if len(added) <= _FEW else _STRETCH * UTC_DAY
    same = {
        "plug_id": plug_id,
        "number": number,
        "account_id": account_id,
        "ticks": ticks,
        "opens": int(receipt.opens),
        "before": None if before is None else orjson.dumps(asdict(before)).decode(),
    }
    pack = _pack_few if len(added) <= _FEW else _pack
    rows = [
        {**same, "day": stretch.number * length // UTC_DAY, "quarters": pack(stretch)}
        for stretch in by_stretches(added, length)
    ]
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


def _pack_few(day: Stretch) -> bytes:
    """Return the bytes of some quarter-hours of a day: place, mWh, and how much was filled."""
    return b"".join(map(_QUARTER.pack, day.places, day.mwh, day.filled))


def _pack(stretch: Stretch) -> bytes:
    """Return the bytes of many quarter-hours of a stretch, as of `_pack_few`."""
    places = stretch.places
    # Told by their distances, which are mostly the same, places take next to nothing.
    apart = [places[0], *map(sub, places[1:], places)]
    columns = (
        array(_PLACES[_PACKED], [len(places), *apart]),
        array("q", [*stretch.mwh, *stretch.filled]),
    )
    return _PACKED + zlib.compress(b"".join(_little(column).tobytes() for column in columns), 1)


def _unpack(quarters: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the quarter-hours that were packed."""
    if (kind := _PLACES.get(quarters[:1])) is None:
        yield from _QUARTER.iter_unpack(quarters)
        return
    found = zlib.decompress(quarters[1:])
    places, numbers = array(kind), array("q")
    places.frombytes(found[: places.itemsize])
    count = _little(places).pop()
    energies_at = (1 + count) * places.itemsize
    places.frombytes(found[places.itemsize : energies_at])
    numbers.frombytes(found[energies_at:])
    _little(numbers)
    _little(places)
    here = accumulate(places) if quarters.startswith(_PACKED) else places
    yield from zip(here, numbers[:count], numbers[count:], strict=True)


def _little(numbers: array[int]) -> array[int]:
    """Let numbers be little-endian, or be of this machine where they were that."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def move_receipts(connection: Connection, source: int, target: int) -> None:
    """Let what was added to an account have been added to another one: it has moved there."""
    if exists(connection, receipts_table):
        connection.execute(
            update(receipts_table)
            .where(receipts_table.c.account_id == source)
            .values(account_id=target)
        )
