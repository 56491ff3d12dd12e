"""What Home Assistant's recorder is told not to keep."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.database import queue_work
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.ledger.tables import SCHEMA
from tests.file_exports import add_plug, path_of, request
from tests.ledger_rows import HalfHourRow, put_half_hours

pytestmark = pytest.mark.engine_in_thread

MAC = "aabbccddee01"
FIELDS = ["timestamp", "power_w", "energy_kwh"]


@pytest.fixture
async def plug(jobs, hass):
    """A plug of which the ledger has 0.5 kWh in each half-hour of two hours, long over."""
    plug = add_plug(hass, "Fridge", "192.168.1.100", MAC)
    begin = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(hours=4)
    first = int(begin.timestamp())
    halves = [HalfHourRow(MAC, first + n * 1800, "consumption", "pdl", 0.5) for n in range(4)]

    await queue_work(hass, SCHEMA, lambda connection: put_half_hours(connection, halves))
    return plug


async def made(jobs, hass, aggregation):
    start = dt_util.utcnow() - timedelta(hours=6)
    asked = request(
        format="json",
        fields=FIELDS,
        aggregation=aggregation,
        date_range={"start": start.isoformat(), "end": dt_util.utcnow().isoformat()},
    )
    export = await jobs.async_create(asked, user=None, trigger="action")
    export = await jobs.async_wait(export.id, 60)
    assert export.status is ExportStatus.COMPLETED
    got = json.loads(await hass.async_add_executor_job(path_of(export).read_text))
    warnings = {one["code"]: one for one in got["metadata"]["warnings"]}
    return sum(row["energy_kwh"] or 0 for row in got["data"]), warnings


async def tell(jobs, hass):
    for aggregation in ("hourly", "daily", "weekly", "monthly"):
        energy, warnings = await made(jobs, hass, aggregation)
        assert energy == pytest.approx(2.0)
        assert "Fridge (2.000 kWh)" in warnings["FROM_LEDGER"]["message"]
    energy, warnings = await made(jobs, hass, "raw")
    assert energy == 0
    return warnings


@pytest.mark.parametrize("recorder_config", [{"exclude": {"domains": ["sensor"]}}])
async def test_entities_that_the_recorder_excludes(jobs, hass, plug):
    plug.reads(energy_total_kwh=7, power_w=50)
    warnings = await tell(jobs, hass)
    assert "Fridge" in warnings["NOT_RECORDED"]["message"]


async def test_entities_that_are_disabled(jobs, hass, plug):
    registry = er.async_get(hass)
    for name in ("power_w", "energy_total_kwh"):
        registry.async_update_entity(plug.entities[name], disabled_by=er.RegistryEntryDisabler.USER)
    warnings = await tell(jobs, hass)
    assert "Fridge" in warnings["NOT_RECORDED"]["message"]
