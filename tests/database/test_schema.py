"""Tables are made where they are missing, and each component's version is noted."""

from __future__ import annotations

import pytest
from homeassistant.components.recorder import get_instance
from homeassistant.helpers import issue_registry as ir
from sqlalchemy import Column, Integer, MetaData, Table, event, inspect, text

from custom_components.med_exporter.database import (
    DatabaseUnavailableError,
    Schema,
    async_read,
    close_database,
    open_database,
    queue_work,
)
from custom_components.med_exporter.database.commit import async_commit

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


def older_shelf(version=1):
    """Return work that makes a database of an older version of the shelf."""

    def work(connection):
        Schema("shelf", version, metadata).create(connection)
        put("a", number=1)(connection)

    return work


def two_steps(done):
    """Return a schema of version 3 whose first step takes three parts."""

    def first(connection):
        done.append("first")
        connection.execute(shelf_table.update().values(number=shelf_table.c.number + 10))
        return done.count("first") == 3

    def second(connection):
        done.append("second")
        connection.execute(shelf_table.update().values(text="second"))
        return True

    return Schema("shelf", 3, metadata, migrations={1: first, 2: second})


async def test_an_older_version_is_brought_forward_step_by_step(hass):
    await queue_work(hass, Schema("nothing", 1, MetaData()), older_shelf())
    done = []
    schema = two_steps(done)
    await nothing(hass, schema)
    assert done == ["first"] * 3 + ["second"]
    assert (await versions_of(hass))["shelf"] == 3
    await nothing(hass, schema)
    assert len(done) == 4
    rows = await async_read(hass, schema, lambda c: c.execute(shelf_table.select()).all(), None)
    assert [tuple(row) for row in rows] == [("a", "second", 31)]


async def test_what_waits_for_older_tables_keeps_its_order_and_lets_others_through(hass):
    await queue_work(hass, Schema("nothing", 1, MetaData()), older_shelf())
    order = []
    schema = two_steps(order)
    last = [queue_work(hass, schema, lambda _, n=number: order.append(n)) for number in range(3)][
        -1
    ]
    queue_work(hass, Schema("nothing", 1, MetaData()), lambda _: order.append("other"))
    await last
    assert [one for one in order if isinstance(one, int)] == [0, 1, 2]
    assert order.index("other") < order.index("second")


async def test_a_step_that_fails_leaves_the_version_as_it_was(hass):
    await queue_work(hass, Schema("nothing", 1, MetaData()), older_shelf())

    def fail(connection):
        connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DatabaseUnavailableError):
        await nothing(hass, Schema("shelf", 2, metadata, migrations={1: fail}))
    await nothing(hass, Schema("nothing", 1, MetaData()))
    assert (await versions_of(hass))["shelf"] == 1
    done = []
    await nothing(hass, two_steps(done))
    assert (await versions_of(hass))["shelf"] == 3


async def versions_of(hass):
    def read(connection):
        rows = connection.execute(text("SELECT component, version FROM med_exporter_schema"))
        return dict(map(tuple, rows))

    return await async_read(hass, Schema("nothing", 1, MetaData()), read, {})


async def test_a_newer_version_is_neither_read_nor_written_nor_stamped(hass):
    await queue_work(hass, SCHEMA, put("a"))
    await nothing(hass, Schema("other", 1, MetaData()))
    newer = Schema("shelf", 7, metadata, migrations=dict.fromkeys(range(1, 7), lambda _: True))
    await nothing(hass, newer)
    here = Schema("shelf", 1, metadata)
    for attempt in (
        queue_work(hass, here, put("b")),
        async_read(hass, here, names, None),
        queue_work(hass, Schema("needing", 1, MetaData(), needs=here), lambda _: None),
    ):
        with pytest.raises(DatabaseUnavailableError) as raised:
            await attempt
        assert raised.value.translation_key == "database_newer"
    assert await async_read(hass, newer, names, None) == ["a"]
    assert (await versions_of(hass))["shelf"] == 7
    assert [issue for _, issue in ir.async_get(hass).issues] == ["newer_shelf"]
    # It stops nothing else.
    await nothing(hass, Schema("other", 1, MetaData()))


async def test_tables_are_looked_up_once_for_each_database(hass):
    await nothing(hass, SCHEMA)
    statements = []
    engine = get_instance(hass).engine
    event.listen(
        engine, "before_cursor_execute", lambda *values: statements.append(values[2]), named=False
    )
    await queue_work(hass, SCHEMA, put("a"))
    await async_read(hass, SCHEMA, names, None)
    own = [one for one in statements if "test_shelf" in one or "med_exporter" in one]
    assert [one.split()[0] for one in own] == ["INSERT", "SELECT"]


async def test_one_look_tells_of_all_components_that_are_there(hass):
    own = MetaData()
    Table("test_other", own, Column("number", Integer, primary_key=True))
    await nothing(hass, SCHEMA)
    await nothing(hass, Schema("other", 7, own))
    known, other = Schema("shelf", 1, metadata), Schema("other", 7, own)
    older, more = Schema("other", 8, own, migrations={7: lambda _: True}), MetaData()
    Table("test_not_made", more, Column("number", Integer, primary_key=True))
    absent = Schema("absent", 1, more)
    assert await async_read(hass, known, names, None) == []
    engine = get_instance(hass).engine
    assert [one.is_ready(engine) for one in (known, other)] == [True, True]
    assert [one.is_ready(engine) for one in (older, absent)] == [False, False]


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
    larger = Schema("shelf", 1, more)
    assert await async_read(hass, larger, lambda _: True, missing="missing") == "missing"
    await nothing(hass, larger)
    assert await async_read(hass, larger, lambda _: True, missing="missing") is True


async def test_tables_that_vanish_are_made_anew_after_one_failure(hass):
    await queue_work(hass, SCHEMA, put("a"))
    await queue_work(hass, SCHEMA, shelf_table.drop)
    with pytest.raises(DatabaseUnavailableError):
        await queue_work(hass, SCHEMA, put("b"))
    await queue_work(hass, SCHEMA, put("b"))
    assert await async_read(hass, SCHEMA, names, None) == ["b"]


async def test_the_recorders_own_tables_are_left_alone(hass):
    def tables(connection):
        return set(inspect(connection).get_table_names())

    await nothing(hass, SCHEMA)
    before = await async_read(hass, SCHEMA, tables, set())
    await hass.services.async_call(
        "recorder", "purge", {"keep_days": 0, "repack": True}, blocking=True
    )
    await async_commit(hass)
    assert await async_read(hass, SCHEMA, tables, set()) == before
    assert await async_read(hass, SCHEMA, names, None) == []


async def test_tables_that_somebody_has_removed_cost_one_work_of_all_components(hass):
    other = MetaData()
    Table("test_box", other, Column("number", Integer, primary_key=True))
    box = Schema("box", 1, other)
    for schema in (SCHEMA, box):
        await nothing(hass, schema)

    def remove(connection):
        for name in ("test_shelf", "test_box"):
            connection.execute(text(f"DROP TABLE {name}"))

    await queue_work(hass, None, remove)
    with pytest.raises(DatabaseUnavailableError):
        await queue_work(hass, SCHEMA, put("a"))
    count = text("SELECT COUNT(*) FROM test_box")
    assert await queue_work(hass, box, lambda connection: connection.execute(count).scalar()) == 0
    assert await queue_work(hass, SCHEMA, put("a")) == "a"


async def test_what_was_looked_up_while_tables_were_dropped_is_not_believed(hass):
    await nothing(hass, SCHEMA)
    await close_database(hass)
    SCHEMA.note_ready(get_instance(hass).engine)
    open_database(hass)
    assert await queue_work(hass, SCHEMA, put("a")) == "a"
