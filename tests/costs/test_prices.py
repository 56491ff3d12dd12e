"""Prices that entities have shown, kept for all who price with them."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import create_engine

from custom_components.med_exporter.costs.prices import Shown, keep_shown
from custom_components.med_exporter.engine.cost_tables import metadata, tariffs_table

SPOT = {"valid_from": "2020-01-01", "kind": "sensor_price", "entity_id": "sensor.spot"}
OTHER = {**SPOT, "entity_id": "sensor.other"}


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_a_price_marks_every_metering_point_that_prices_with_it(connection):
    for point, contract, dirty in (
        ("house", SPOT, None), ("barn", SPOT, 1_800), ("shed", SPOT, 90_000), ("flat", OTHER, None)
    ):  # fmt: skip
        connection.execute(
            tariffs_table.insert().values(
                metering_point=point,
                contracts=json.dumps([contract]),
                colours="{}",
                currency="EUR",
                time_zone="Europe/Paris",
                dirty_from_ts=dirty,
            )
        )
    shown = [Shown("sensor.spot", {3600: 0.1, 4500: -0.02}, {})]
    keep_shown(connection, shown)

    def marks():
        rows = connection.execute(tariffs_table.select())
        return {row.metering_point: row.dirty_from_ts for row in rows}

    assert marks() == {"house": 3600, "barn": 1800, "shed": 3600, "flat": None}
    connection.execute(tariffs_table.update().values(dirty_from_ts=None))
    keep_shown(connection, shown)
    assert set(marks().values()) == {None}
    keep_shown(connection, [Shown("sensor.spot", {4500: -0.03}, {})])
    assert marks()["barn"] == 4500
