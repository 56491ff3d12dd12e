"""Half-hours of an older version become quarter-hours, and count as they did."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.components.recorder import get_instance
from homeassistant.helpers import issue_registry as ir
from sqlalchemy import inspect, select, text, update

from custom_components.med_exporter.const import DOMAIN, PlugRole
from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.engine.ledger import UNKNOWN, Day, quarters_table
from custom_components.med_exporter.engine.ledger.sums import Known, known_quarters
from custom_components.med_exporter.ledger import Ledger, PlugSeries, PointSeries
from custom_components.med_exporter.ledger.tables import SCHEMA

from .conftest import DAY, Books, plug

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

# As version 1 made them; DOUBLE PRECISION is a double on all three kinds of server.
VERSION_1 = """
CREATE TABLE med_exporter_schema (component VARCHAR(32) NOT NULL PRIMARY KEY, version
    INTEGER NOT NULL, changed_ts DOUBLE PRECISION NOT NULL);
CREATE TABLE med_exporter_half_hours (plug_id VARCHAR(32) NOT NULL, start_ts BIGINT NOT
    NULL, role VARCHAR(16) NOT NULL, metering_point VARCHAR(64) NOT NULL, kwh DOUBLE PRECISION
    NOT NULL, filled_kwh DOUBLE PRECISION NOT NULL, PRIMARY KEY (plug_id, start_ts, role,
    metering_point));
CREATE INDEX ix_med_exporter_half_hours_metering_point_role_start_ts ON
    med_exporter_half_hours (metering_point, role, start_ts);
CREATE TABLE med_exporter_ledger (plug_id VARCHAR(32) NOT NULL PRIMARY KEY, metering_point
    VARCHAR(64) NOT NULL, role VARCHAR(16) NOT NULL, posted_kwh DOUBLE PRECISION NOT NULL,
    posted_ts DOUBLE PRECISION NOT NULL, started_ts DOUBLE PRECISION NOT NULL, first_ts DOUBLE
    PRECISION NOT NULL, gap_from_ts DOUBLE PRECISION, backfilled BOOLEAN NOT NULL);
CREATE TABLE med_exporter_ledger_series (statistic_id VARCHAR(255) NOT NULL PRIMARY KEY,
    plug_id VARCHAR(32), metering_point VARCHAR(64), role VARCHAR(16), name VARCHAR(255) NOT
    NULL, dirty_from_ts BIGINT NOT NULL, written_until_ts BIGINT, changed_from_ts BIGINT);
INSERT INTO med_exporter_schema VALUES ('ledger', 1, 1.0)
"""
DAYS = 230
HOUSE = PointSeries("house", PlugRole.CONSUMPTION)


def half_hours() -> list[dict[str, object]]:
    """Two plugs, the second of which changes its role in the middle of a half-hour."""
    chance, rows = random.Random(7), []
    first = int(DAY.timestamp()) - DAYS * 86400
    for number in (1, 2):
        for start in range(first, int(DAY.timestamp()), 1800):
            if chance.random() < 0.02:
                continue
            kwh = round(chance.random(), 6)
            filled = chance.choice([0.0, kwh, round(kwh * chance.random(), 6)])
            role = "production" if number == 2 and start >= first + 86400 * 100 else "consumption"
            rows.append(
                {"plug": plug(number).plug_id, "start": start, "role": role, "kwh": kwh,
                 "filled": filled}
            )  # fmt: skip
    rows.append(
        {"plug": plug(2).plug_id, "start": first + 86400 * 100, "role": "consumption",
         "kwh": 0.000001, "filled": 0.0}
    )  # fmt: skip
    return rows


@pytest.fixture
async def version_1(books: Books) -> list[dict[str, object]]:
    """A database of version 1, and the half-hours in it."""
    rows, now = half_hours(), DAY.timestamp()
    posted = [
        {"plug": plug(number).plug_id, "role": role, "ts": now}
        for number, role in ((1, "consumption"), (2, "production"))
    ]
    series = {
        "id": HOUSE.statistic_id,
        "point": "house",
        "dirty": int(now) // 3600 * 3600,
        "written": int(now) // 3600 * 3600,
    }

    def write() -> None:
        with get_instance(books.hass).engine.begin() as connection:
            for statement in VERSION_1.split(";"):
                connection.execute(text(statement))
            connection.execute(
                text("INSERT INTO med_exporter_half_hours VALUES"
                     " (:plug, :start, :role, 'house', :kwh, :filled)"),
                rows,
            )  # fmt: skip
            connection.execute(
                text("INSERT INTO med_exporter_ledger VALUES"
                     " (:plug, 'house', :role, 5.0, :ts, :ts, :ts, NULL, :yes)"),
                [{**one, "yes": True} for one in posted],
            )  # fmt: skip
            connection.execute(
                text("INSERT INTO med_exporter_ledger_series VALUES"
                     " (:id, NULL, :point, 'consumption', 'House', :dirty, :written, NULL)"),
                series,
            )  # fmt: skip

    await get_instance(books.hass).async_add_executor_job(write)
    return rows


def tables(connection: Connection) -> set[str]:
    return {name for name in inspect(connection).get_table_names() if name.startswith(DOMAIN)}


async def test_every_half_hour_is_halved_exactly(books: Books, version_1: list) -> None:
    # What is read before all of it has come forward is refused, and not taken for nothing.
    with pytest.raises(DatabaseUnavailableError):
        await books.ledger.async_days(HOUSE, DAY, DAY)
    await books.ledger.async_purge()
    quarters = {(row.plug_id, row.role, row.start_ts): row for row in await books.rows()}
    assert len(quarters) == 2 * len(version_1)
    for row in version_1:
        halves = [quarters[row["plug"], row["role"], row["start"] + after] for after in (0, 900)]
        for name, key in (("kwh", "kwh"), ("filled_kwh", "filled")):
            first, second = (round(getattr(half, name) * 1e6) for half in halves)
            assert first + second == round(row[key] * 1e6)
            assert 0 <= second - first <= 1
        assert all(half.filled_kwh <= half.kwh for half in halves)

    def look() -> tuple[set[str], list[tuple]]:
        with get_instance(books.hass).engine.connect() as connection:
            versions = connection.execute(
                text("SELECT component, version FROM med_exporter_schema ORDER BY component")
            )
            return tables(connection), [tuple(one) for one in versions]

    found, versions = await get_instance(books.hass).async_add_executor_job(look)
    assert not {"med_exporter_half_hours", "med_exporter_ledger_series"} & found
    assert versions == [("ledger", 5), ("running_sums", 1)]


async def test_counting_goes_on_where_it_was(books: Books, version_1: list) -> None:
    await books.ledger.async_purge()
    assert await books.written_until(HOUSE) == DAY
    series = PlugSeries(plug(2).plug_id)
    half = await books.ledger.async_half_hours(series, DAY - timedelta(days=DAYS), DAY)
    expected: dict[int, float] = {}
    for row in version_1:
        if row["plug"] == plug(2).plug_id:
            expected[row["start"]] = expected.get(row["start"], 0) + row["kwh"]
    assert {int(p.start.timestamp()): p.kwh for p in half} == pytest.approx(expected)


async def test_what_version_2_did_not_know_is_not_known(books: Books) -> None:
    await books.read(plug(), 1.0, DAY + timedelta(hours=1))
    await books.read(plug(), 3.0, DAY + timedelta(hours=2))
    known = await books.rows()

    def age() -> None:
        columns = quarters_table.c
        with get_instance(books.hass).engine.begin() as connection:
            for day, packed in connection.execute(select(columns.day, columns.energy)).all():
                energy = Day.unpacked(packed, None).energy
                assert UNKNOWN in energy
                old = Day([-1 if mwh == UNKNOWN else mwh for mwh in energy]).packed()[0]
                here = columns.day == day
                connection.execute(update(quarters_table).where(here).values(energy=old))
            for statement in (
                "ALTER TABLE med_exporter_quarters DROP COLUMN joined",
                "DROP TABLE med_exporter_corrections",
                "UPDATE med_exporter_schema SET version = 2 WHERE component = 'ledger'",
            ):
                connection.execute(text(statement))

    await get_instance(books.hass).async_add_executor_job(age)
    SCHEMA.forget(get_instance(books.hass).engine)
    await books.ledger.async_purge()
    assert await books.rows() == known


async def test_of_what_was_filled_before_it_is_not_told_what_was_a_whole(books: Books) -> None:
    await books.read(plug(), 1.0, DAY)
    await books.read(plug(), 3.0, DAY + timedelta(hours=2))
    await books.execute(text("ALTER TABLE med_exporter_quarters DROP COLUMN joined"))
    await books.execute(
        text("UPDATE med_exporter_schema SET version = 4 WHERE component = 'ledger'")
    )
    SCHEMA.forget(get_instance(books.hass).engine)
    await books.ledger.async_purge()

    def read() -> Known:
        cut = DAY.timestamp() + 3600
        connect = get_instance(books.hass).engine.connect
        plugs, end = [plug().plug_id], DAY.timestamp() + 86400
        return known_quarters(connect, plugs, DAY.timestamp(), end, [cut])[plugs[0]]

    known = await get_instance(books.hass).async_add_executor_job(read)
    assert known.guessed_kwh == 2.0


async def test_a_stop_on_the_way_loses_nothing(books: Books, version_1: list) -> None:
    def a_part() -> None:
        with get_instance(books.hass).engine.begin() as connection:
            assert not SCHEMA.prepare(connection)

    for _ in range(2):
        await get_instance(books.hass).async_add_executor_job(a_part)
    next_life = Ledger(books.hass)
    await next_life.async_purge()
    assert sum(row.kwh for row in await books.rows()) == pytest.approx(
        sum(row["kwh"] for row in version_1)
    )


async def test_a_newer_version_is_left_alone_and_said(books: Books) -> None:
    await books.read(plug(), 1.0, DAY)
    before = await books.rows()
    version = "UPDATE med_exporter_schema SET version = {} WHERE component = 'ledger'"
    await books.execute(text(version.format(6)))
    SCHEMA.forget(get_instance(books.hass).engine)
    with pytest.raises(DatabaseUnavailableError) as raised:
        await books.read(plug(), 2.0, DAY + timedelta(hours=1))
    assert raised.value.translation_key == "database_newer"
    with pytest.raises(DatabaseUnavailableError):
        await books.ledger.async_days(HOUSE, DAY, DAY)
    assert await books.rows() == before
    issues = ir.async_get(books.hass).issues
    assert [issue for _, issue in issues] == ["newer_ledger"]
    await books.execute(text(version.format(4)))
    await books.read(plug(), 2.0, DAY + timedelta(hours=1))
    await books.hass.async_block_till_done()
    assert not issues
