"""Tables of a component of its own, in the recorder's database."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from custom_components.med_exporter.database import (
    LONG_TEXT,
    TABLE_OPTIONS,
    Schema,
    async_read,
    queue_work,
)

metadata = MetaData()
shelf_table = Table(
    "test_shelf",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("text", LONG_TEXT),
    Column("number", Integer),
    **TABLE_OPTIONS,
)
SCHEMA = Schema("shelf", 1, metadata)


def put(name, text="", number=0):
    """Return work that adds a row, and returns its name."""

    def work(connection):
        connection.execute(insert(shelf_table).values(name=name, text=text, number=number))
        return name

    return work


def names(connection):
    """Return the names of all rows."""
    return sorted(connection.execute(select(shelf_table.c.name)).scalars())


@pytest.fixture
async def hass(hass_with_recorder):
    return hass_with_recorder


@pytest.fixture
def stored(hass):
    """Return a function that returns what the table holds, None where it is missing."""

    async def stored():
        # The recorder works through its queue in order.
        await queue_work(hass, Schema("nothing", 1, MetaData()), lambda _: None)
        return await async_read(hass, SCHEMA, names, None)

    return stored
