"""An export finds all it asks for by indexes, however much else a home has recorded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from custom_components.med_exporter.engine.database.recorder_tables import STATES
from custom_components.med_exporter.engine.job import JobDevice
from custom_components.med_exporter.engine.recorder.leaps import leap_after
from custom_components.med_exporter.engine.recorder.states import Recorder
from custom_components.med_exporter.engine.run import run_job

from ..conftest import Exports

if TYPE_CHECKING:
    from custom_components.med_exporter.engine.database.connections import Connect
    from custom_components.med_exporter.engine.recorder.leaps import Leap

HOUR = 3600.0
WHOLE = re.compile(
    # PostgreSQL, MariaDB and SQLite tell in these words that they go through a table.
    r"Seq Scan on (states|statistics)\b|'(states|statistics)', 'ALL'|'SCAN (states|statistics)'"
)

SORTED = re.compile("TEMP B-TREE FOR ORDER BY|filesort|Sort Method")


@pytest.fixture
def device(database, many_states):
    """Return a device with states since 0 s, and statistics of 500 hours before."""
    hours = [(n * HOUR, {"mean": 1.0, "state": 1.0, "sum": 1.0}) for n in range(-500, 28)]
    for place in range(40):
        database.add_statistics(f"sensor.{place}", hours)
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


def test_nothing_is_sorted_where_a_past_was_written_behind_the_present(
    database, many_states, plans_of
):
    """As from elsewhere, or by a clock that was wrong: all that was written later looks so."""
    database.add("sensor.total", [(99_000.0 + n, 7.0) for n in range(5)])
    database.add("sensor.total", [(n * 10.0, 100.0 + n) for n in range(9000)])
    (counter,) = Recorder(database.connect).metadata_ids(["sensor.total"]).values()
    latest = (
        select(STATES.c.last_updated_ts, STATES.c.state_id)
        .where(STATES.c.metadata_id == counter)
        .order_by(STATES.c.last_updated_ts.desc())
        .limit(1)
    )
    found: list[Leap | None] = []

    def judge(connect: Connect) -> None:
        with connect() as connection:
            found.append(leap_after(connection, counter, connection.execute(latest).one()))

    plans = plans_of(judge)
    assert found != [None]
    for plan in plans:
        assert not WHOLE.search(plan), plan
        assert not SORTED.search(plan), plan
