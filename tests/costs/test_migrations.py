"""What an older version noted of costs is brought forward."""

from __future__ import annotations

import pytest
from homeassistant.helpers.recorder import get_instance
from sqlalchemy import inspect, text

from custom_components.med_exporter.costs.tables import SCHEMA
from custom_components.med_exporter.database import DatabaseUnavailableError, queue_work

from .asking import changes, day, stored
from .conftest import FLAT, PricedBooks

# As version 2 made them.
VERSION_2 = """
CREATE TABLE med_exporter_schema (component VARCHAR(32) NOT NULL PRIMARY KEY, version
    INTEGER NOT NULL, changed_ts DOUBLE PRECISION NOT NULL);
CREATE TABLE med_exporter_tariffs (metering_point VARCHAR(64) NOT NULL PRIMARY KEY, contracts TEXT
    NOT NULL, colours TEXT NOT NULL, currency VARCHAR(8) NOT NULL, time_zone VARCHAR(64) NOT NULL,
    dirty_from_ts BIGINT, written_until_ts BIGINT, changed_from_ts BIGINT);
INSERT INTO med_exporter_schema VALUES ('costs', 2, 1.0);
INSERT INTO med_exporter_tariffs VALUES
    ('house', '[]', '{}', 'EUR', 'Europe/Paris', NULL, 1763632800, NULL)
"""


async def old_database(house: PricedBooks) -> None:
    def write() -> None:
        with get_instance(house.hass).engine.begin() as connection:
            for statement in VERSION_2.split(";"):
                connection.execute(text(statement))

    await house.books.committed()
    await get_instance(house.hass).async_add_executor_job(write)


async def columns(house: PricedBooks) -> set[str]:
    def read() -> set[str]:
        with get_instance(house.hass).engine.connect() as connection:
            found = inspect(connection).get_columns("med_exporter_tariffs")
            return {column["name"] for column in found}

    await house.books.committed()
    return await get_instance(house.hass).async_add_executor_job(read)


async def test_a_contract_is_priced_on_as_before(house: PricedBooks) -> None:
    heard = changes(house)
    await old_database(house)
    house.contracts(FLAT)
    await house.use(day(20, 8), day(20, 10), 0.5)
    await house.price(since=None)
    assert await stored(house) == [(day(20, 8), 0.25), (day(20, 9), 0.5)]
    assert not heard
    assert "dirty_from_ts" not in await columns(house)


async def test_what_is_left_of_a_contract_that_is_gone_goes(house: PricedBooks) -> None:
    await old_database(house)
    # What may only be read yet is brought forward by that.
    with pytest.raises(DatabaseUnavailableError):
        await house.price()
    await queue_work(house.hass, SCHEMA, lambda _: None)
    await house.price()
    assert await house.terms() == []
