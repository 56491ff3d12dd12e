"""Tables are made where they are missing, and each component's version is noted."""

from __future__ import annotations

import pytest
from homeassistant.components.recorder import get_instance
from sqlalchemy import Column, Integer, MetaData, Table, inspect, text

from custom_components.med_exporter.database import Schema, async_read, queue_work

from .conftest import SCHEMA, metadata, names, put, shelf_table


@pytest.fixture
def versions(hass):
    """Return a function that returns the versions of components."""

    async def versions():
        def read(connection):
            rows = connection.execute(text("SELECT component, version FROM med_exporter_schema"))
            return dict(map(tuple, rows))

        return await async_read(hass, SCHEMA, read, {})

    return versions


async def nothing(hass, schema):
    await queue_work(hass, schema, lambda _: None)


async def test_the_version_is_noted_once(hass, versions):
    for _ in range(3):
        await nothing(hass, SCHEMA)
    found = await versions()
    assert found["shelf"] == 1


async def test_a_later_version_replaces_it_and_an_earlier_does_not(hass, versions):
    for version, noted in ((1, 1), (3, 3), (2, 3)):
        await nothing(hass, Schema("shelf", version, metadata))
        assert (await versions())["shelf"] == noted


async def test_each_component_has_its_own(hass, versions):
    await nothing(hass, SCHEMA)
    await nothing(hass, Schema("other", 7, MetaData()))
    found = await versions()
    assert (found["shelf"], found["other"]) == (1, 7)


async def test_what_a_component_needs_is_made_with_it(hass, versions):
    own = MetaData()
    Table("test_needing", own, Column("number", Integer, primary_key=True))
    assert not await async_read(hass, SCHEMA, lambda _: True, missing=False)
    await nothing(hass, Schema("needing", 2, own, needs=SCHEMA))
    assert await async_read(hass, SCHEMA, lambda _: True, missing=False)
    found = await versions()
    assert (found["shelf"], found["needing"]) == (1, 2)


async def test_it_exists_only_when_all_of_its_tables_do(hass):
    more = MetaData()
    shelf_table.to_metadata(more)
    Table("test_more", more, Column("number", Integer, primary_key=True))
    await nothing(hass, SCHEMA)
    larger = Schema("shelf", 2, more)
    assert await async_read(hass, larger, lambda _: True, missing="missing") == "missing"
    await nothing(hass, larger)
    assert await async_read(hass, larger, lambda _: True, missing="missing") is True


async def test_tables_that_vanish_are_made_anew(hass, stored):
    await queue_work(hass, SCHEMA, put("a"))

    def drop(connection):
        shelf_table.drop(connection)

    await queue_work(hass, SCHEMA, drop)
    assert await stored() is None
    await queue_work(hass, SCHEMA, put("b"))
    assert await stored() == ["b"]


async def test_the_recorders_own_tables_are_left_alone(hass):
    def tables(connection):
        return set(inspect(connection).get_table_names())

    await nothing(hass, SCHEMA)
    before = await async_read(hass, SCHEMA, tables, set())
    await hass.services.async_call(
        "recorder", "purge", {"keep_days": 0, "repack": True}, blocking=True
    )
    await get_instance(hass).async_block_till_done()
    assert await async_read(hass, SCHEMA, tables, set()) == before
    assert await async_read(hass, SCHEMA, names, None) == []
