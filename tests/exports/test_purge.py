"""What Home Assistant's own purge has removed comes from the statistics that it compiled before."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from homeassistant.components.recorder.tasks import StatisticsTask
from homeassistant.helpers.recorder import session_scope
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from sqlalchemy import text

from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.history.records import ExportStatus
from tests.file_exports import add_plug, path_of, request, set_up

pytestmark = pytest.mark.engine_in_thread

HOUR = timedelta(hours=1)
DAYS = 2
KEEP_DAYS = 1
ATTRIBUTES = {
    "power_w": {"device_class": "power", "state_class": "measurement", "unit_of_measurement": "W"},
    "energy_total_kwh": {
        "device_class": "energy", "state_class": "total_increasing", "unit_of_measurement": "kWh",
    },
}  # fmt: skip
STEP = timedelta(minutes=10)


@pytest.fixture
async def jobs(hass_with_recorder, tmp_path):
    assert await async_setup_component(hass_with_recorder, "sensor", {})
    jobs = await set_up(hass_with_recorder, tmp_path)
    yield jobs
    await jobs.async_close()


@pytest.fixture
async def purged(jobs, hass):
    """Give a plug days of states, compile their statistics, and purge the first of them."""
    plug = add_plug(hass, "Fridge", "192.168.1.100")
    instance = hass.data["recorder_instance"]
    begin = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    count = DAYS * 24 * 6 - 6
    for name, attributes in ATTRIBUTES.items():
        hass.states.async_set(plug.entities[name], "0", attributes)
    await async_commit(hass)

    def write() -> None:
        with session_scope(session=instance.get_session()) as session:
            for name in ATTRIBUTES:
                found = session.execute(
                    text(
                        "SELECT metadata_id, attributes_id FROM states JOIN states_meta"
                        " USING (metadata_id) WHERE states_meta.entity_id = :name"
                    ),
                    {"name": plug.entities[name]},
                ).one()
                session.execute(text("DELETE FROM states WHERE metadata_id = :n"), {"n": found[0]})
                session.execute(
                    text(
                        "INSERT INTO states (metadata_id, attributes_id, state, last_updated_ts)"
                        " VALUES (:n, :a, :s, :t)"
                    ),
                    [
                        {
                            "n": found[0],
                            "a": found[1],
                            "s": str(one % 7 * 10 if name == "power_w" else 5 + one * 0.25),
                            "t": (begin + one * STEP).timestamp(),
                        }
                        for one in range(count)
                    ],
                )

    await instance.async_add_executor_job(write)

    moment = begin
    while moment < dt_util.utcnow() - HOUR:
        instance.queue_task(StatisticsTask(moment, False))
        moment += timedelta(minutes=5)
    await async_commit(hass)
    await hass.services.async_call("recorder", "purge", {"keep_days": KEEP_DAYS}, blocking=True)
    await async_commit(hass)
    return begin, (count - 1) * 0.25


async def export(jobs, start, end, aggregation="raw"):
    asked = request(
        format="json",
        date_range={"start": start.isoformat(), "end": end.isoformat()},
        aggregation=aggregation,
        fields=["timestamp", "power_w", "energy_kwh", "from_statistics"],
    )
    created = await jobs.async_create(asked, user=None, trigger="http")
    record = await jobs.async_wait(created.id, 60)
    assert record.status is ExportStatus.COMPLETED
    return json.loads(path_of(record).read_text())


def total(rows) -> float:
    return sum(row["energy_kwh"] or 0 for row in rows)


async def test_raw_rows_go_on_as_hours_and_no_energy_is_lost(jobs, purged):
    begin, used = purged
    end = begin + timedelta(days=DAYS)
    found = await export(jobs, begin - HOUR, end)
    hours = [row for row in found["data"] if row["from_statistics"]]
    states = [row for row in found["data"] if not row["from_statistics"]]
    assert 22 <= len(hours) <= 26
    assert 120 <= len(states) <= 150
    assert max(row["timestamp"] for row in hours) < min(row["timestamp"] for row in states)
    assert total(found["data"]) == pytest.approx(used, abs=1e-4)
    assert {row["power_w"] for row in hours} - {row["power_w"] for row in states}, "no averages"
    warnings = {warning["code"]: warning for warning in found["metadata"]["warnings"]}
    assert warnings["FROM_STATISTICS"]["count"] == len(hours)
    for aggregation in ("hourly", "daily", "weekly", "monthly"):
        rows = (await export(jobs, begin - HOUR, end, aggregation))["data"]
        assert total(rows) == pytest.approx(used, abs=1e-4), aggregation
    cut = begin + timedelta(days=DAYS - KEEP_DAYS, minutes=25)
    halves = [
        (await export(jobs, begin - HOUR, cut))["data"],
        (await export(jobs, cut, end))["data"],
    ]
    assert sum(map(total, halves)) == pytest.approx(used, abs=1e-4)
    # Before everything there is nothing, and the file says why.
    found = await export(jobs, begin - timedelta(days=20), begin - timedelta(days=10))
    assert found["data"] == []
    codes = {warning["code"] for warning in found["metadata"]["warnings"]}
    assert codes & {"BEFORE_HISTORY", "NO_READINGS"}
