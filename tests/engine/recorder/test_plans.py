"""An export finds all it asks for by indexes, however much else a home has recorded."""

from __future__ import annotations

import re

import pytest

from custom_components.med_exporter.engine.job import JobDevice
from custom_components.med_exporter.engine.run import run_job

from ..conftest import Exports

HOUR = 3600.0
WHOLE = re.compile(
    # PostgreSQL, MariaDB and SQLite tell in these words that they go through a table.
    r"Seq Scan on (states|statistics)\b|'(states|statistics)', 'ALL'|'SCAN (states|statistics)'"
)


@pytest.fixture
def device(database, many_states):
    """Return a device with states since 0 s, and statistics of 500 hours before."""
    for number in range(40):
        hours = [(n * HOUR, {"mean": 1.0, "state": 1.0, "sum": 1.0}) for n in range(-500, 28)]
        database.add_statistics(f"sensor.{number}", hours)
    entities = {"power_w": "sensor.7", "energy_total_kwh": "sensor.9", "is_on": "sensor.11"}
    return JobDevice(device_id="plug", device_name="Plug", entities=entities)


@pytest.mark.parametrize("aggregation", ["raw", "hourly"])
def test_no_table_is_gone_through_as_a_whole(database, tmp_path, plans_of, device, aggregation):
    exports = Exports(database, tmp_path / "exports")
    job = exports.job(aggregation=aggregation, devices=(device,), start=-400 * HOUR, end=20 * HOUR)
    plans = plans_of(
        lambda connect: run_job(job, connect, lambda *_: None, lambda: False),
        "states|statistics",
    )
    assert len(plans) > 10
    for plan in plans:
        assert not WHOLE.search(plan), plan
