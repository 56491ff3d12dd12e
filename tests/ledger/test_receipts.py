"""What a posting has added is kept as it was, in little room where it was much."""

from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, insert, select

from custom_components.med_exporter.ledger.receipts import (
    Receipt,
    note_receipt,
    receipts_table,
    take_receipts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

DAY, QUARTER = 86400, 900
MIDNIGHT = 20_000 * DAY
ENERGIES = st.integers(-(2**40), 2**40)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    receipts_table.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection


@given(st.dictionaries(st.integers(0, 5 * 96), st.tuples(ENERGIES, ENERGIES), min_size=1))
def test_what_was_added_is_told_again(connection: Connection, places) -> None:
    added = {MIDNIGHT + place * QUARTER: energies for place, energies in places.items()}
    note_receipt(connection, "plug", 1, Receipt(before=None, ticks=5.0), added)
    taken = take_receipts(connection, "plug", 0.0)
    assert {quarter: one for part in taken for quarter, one in part.quarters.items()} == added


def test_a_year_that_a_plug_told_takes_less_than_the_year_itself(connection: Connection) -> None:
    added = {
        MIDNIGHT + place * QUARTER: (50_000 + place % 2, 50_000 + place % 2)
        for place in range(365 * 96)
    }
    note_receipt(connection, "year", 1, Receipt(before=None, ticks=5.0), added)
    kept = connection.execute(select(func.sum(func.length(receipts_table.c.quarters)))).scalar()
    assert kept < 365 * 30
    take_receipts(connection, "year", 0.0)


def insert_old(connection: Connection, plug_id: str, quarters: bytes) -> None:
    """Insert a receipt of one day as the version before has packed it."""
    connection.execute(
        insert(receipts_table).values(
            plug_id=plug_id, number=0, day=20_000, account_id=1, ticks=5.0, opens=0, before=None,
            quarters=quarters,
        )
    )  # fmt: skip


def test_those_of_the_version_before_are_read(connection: Connection) -> None:
    old = b"\x03" + (1500).to_bytes(8, "little") + (0).to_bytes(8, "little")
    insert_old(connection, "old", old)
    (added,) = take_receipts(connection, "old", 0.0)
    assert added.quarters == {MIDNIGHT + 3 * QUARTER: (1500, 0)}


def test_days_that_the_version_before_has_packed_alone_are_read(connection: Connection) -> None:
    numbers = [number.to_bytes(8, "little", signed=True) for number in (1500, -7, 1500, 0)]
    old = b"\xff" + zlib.compress(b"".join([bytes([2, 3, 95]), *numbers]), 1)
    insert_old(connection, "packed", old)
    (added,) = take_receipts(connection, "packed", 0.0)
    assert added.quarters == {
        MIDNIGHT + 3 * QUARTER: (1500, 1500),
        MIDNIGHT + 95 * QUARTER: (-7, 0),
    }


def test_a_stretch_of_days_fits_where_a_database_takes_the_least(connection: Connection) -> None:
    # MariaDB takes 64 kB; energies like these cannot be packed.
    chance = random.Random(5)
    added = {
        MIDNIGHT + place * QUARTER: (chance.randrange(2**62), chance.randrange(2**62))
        for place in range(100 * 96)
    }
    note_receipt(connection, "random", 1, Receipt(before=None, ticks=5.0), added)
    most = connection.execute(select(func.max(func.length(receipts_table.c.quarters)))).scalar()
    assert most < 2**16
    taken = take_receipts(connection, "random", 0.0)
    assert {quarter: one for part in taken for quarter, one in part.quarters.items()} == added
