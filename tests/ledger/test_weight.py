"""What is kept of a plug weighs at most 1 MB a year, in Home Assistant's own tables too."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import Base, Statistics, StatisticsMeta
from homeassistant.util import dt as dt_util
from sqlalchemy import create_engine, insert

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.costs.statistics import cost_statistic_id
from custom_components.med_exporter.costs.tables import SCHEMA as COSTS_SCHEMA
from custom_components.med_exporter.engine.times import HOUR, QUARTER, UTC_DAY
from custom_components.med_exporter.ledger import PointSeries
from custom_components.med_exporter.ledger.quarters import account_id, add_quarters
from custom_components.med_exporter.ledger.tables import SCHEMA
from custom_components.med_exporter.statistics import mark_dirty

from .conftest import plug

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

PLUGS = 10
DAYS = 365
BEGIN = 20_000 * UTC_DAY
END = BEGIN + DAYS * UTC_DAY


def keep_quarters(connection: Connection) -> None:
    """Keep a year of each plug, in which nobody read it for a quarter-hour of each day."""
    for number in range(PLUGS):
        account = account_id(connection, plug(number).plug_id, "house", PlugRole.CONSUMPTION.value)
        for day in range(BEGIN, END, UTC_DAY):
            quarters = {
                start: (start % 900_001, start % 900_001 if start == day else 0)
                for start in range(day, day + UTC_DAY, QUARTER)
            }
            add_quarters(connection, account, quarters)


def keep_hours(connection: Connection, statistic_id: str) -> None:
    """Write a year of a running sum as Home Assistant does."""
    mark_dirty(connection, statistic_id, "Washing machine in the cellar", END)
    metadata_id = connection.execute(
        insert(StatisticsMeta).values(
            statistic_id=statistic_id, source="med_exporter", has_sum=True, name="House"
        )
    ).inserted_primary_key[0]
    first = Statistics.from_stats(metadata_id, {"start": dt_util.utc_from_timestamp(BEGIN)})
    row = {
        column.key: value
        for column in Statistics.__table__.columns
        if (value := getattr(first, column.key)) is not None
    }
    rows = [
        row | {"start_ts": float(start), "state": start / 7e6, "sum": start / 7e6}
        for start in range(BEGIN, END, HOUR)
    ]
    connection.execute(insert(Statistics), rows)


def weight(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM")
    return file.stat().st_size


def test_a_year_of_ten_plugs_with_their_hours_and_costs(tmp_path: Path) -> None:
    file = tmp_path / "home.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        SCHEMA.create(connection)
        COSTS_SCHEMA.create(connection)
    empty = weight(file)
    with engine.begin() as connection:
        keep_quarters(connection)
    own = weight(file)
    with engine.begin() as connection:
        house = PointSeries("house", PlugRole.CONSUMPTION).statistic_id
        plugs = [series.statistic_id for n in range(PLUGS) for series in plug(n).series[:1]]
        for statistic_id in (house, cost_statistic_id("house"), *plugs):
            keep_hours(connection, statistic_id)
    engine.dispose()
    assert (own - empty) / PLUGS < 200_000
    assert (weight(file) - empty) / PLUGS < 1_000_000
