"""A record that the database refuses is set aside and said; the others are written."""

from __future__ import annotations

from sqlalchemy import insert

from custom_components.med_exporter.database import queue_work, write_each

from .conftest import SCHEMA, shelf_table


def put_one(connection, name):
    connection.execute(insert(shelf_table).values(name=name, text=name, number=1))


async def test_one_that_is_refused_holds_up_no_other(hass, stored, caplog):
    # A lone surrogate, which no database takes, and a name that stands there already.
    rows = ["before", "refus\udce9e", "before", "after"]
    await queue_work(hass, SCHEMA, lambda connection: write_each(connection, rows, put_one))
    assert await stored() == ["after", "before"]
    assert caplog.text.count("is set aside") == 2
