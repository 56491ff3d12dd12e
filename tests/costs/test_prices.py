"""Prices that entities have shown, kept for all who price with them."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import create_engine, update

from custom_components.med_exporter.costs.prices import Shown, keep_shown
from custom_components.med_exporter.costs.statistics import cost_statistic_id
from custom_components.med_exporter.engine.database.cost_tables import metadata, tariffs_table
from custom_components.med_exporter.statistics import dirty_from, mark_dirty
from custom_components.med_exporter.statistics.tables import metadata as sums
from custom_components.med_exporter.statistics.tables import sums_table

SPOT = {"valid_from": "2020-01-01", "kind": "sensor_price", "entity_id": "sensor.spot"}
OTHER = {**SPOT, "entity_id": "sensor.other"}
POINTS = {"house": SPOT, "barn": SPOT, "flat": OTHER}


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    sums.create_all(engine)
    with engine.begin() as connection:
        for point, contract in POINTS.items():
            connection.execute(
                tariffs_table.insert().values(
                    metering_point=point,
                    contracts=json.dumps([contract]),
                    colours="{}",
                    currency="EUR",
                    time_zone="Europe/Paris",
                )
            )
            mark_dirty(connection, cost_statistic_id(point), point, 90_000)
        yield connection
    engine.dispose()


def test_a_price_marks_every_metering_point_that_prices_with_it(connection):
    def marks():
        return {point: dirty_from(connection, cost_statistic_id(point)) for point in POINTS}

    shown = [Shown("sensor.spot", {3600: 0.1, 8100: -0.02}, {}, 3600)]
    keep_shown(connection, shown)
    assert marks() == {"house": 3600, "barn": 3600, "flat": 90_000}
    connection.execute(update(sums_table).values(dirty_from_ts=90_000))
    keep_shown(connection, shown)
    assert set(marks().values()) == {90_000}
    keep_shown(connection, [Shown("sensor.spot", {8100: -0.03}, {}, 8100)])
    assert marks()["barn"] == 7200
