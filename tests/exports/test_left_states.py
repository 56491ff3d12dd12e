"""Files of devices whose entities were renamed, and whose states the recorder has left behind."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from unittest.mock import patch

import pytest
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.engine.job import FormerEntities
from custom_components.med_exporter.exports import runner
from custom_components.med_exporter.metering import left_states
from custom_components.med_exporter.metering.devices import async_follow_states, export_devices
from custom_components.med_exporter.metering.left_states import former_entities
from tests.file_exports import add_plug, path_of, request

pytestmark = pytest.mark.engine_in_thread

FIELDS = ["timestamp", "power_w", "energy_kwh", "energy_total_kwh"]
PRESENT = {"power_w": "sensor.watts", "energy_total_kwh": "sensor.energy"}


@pytest.fixture
async def plug(jobs, hass):
    """A plug that has counted from 7 to 9 kWh; another one's states stand under `sensor.taken`."""
    plug = add_plug(hass, "Fridge", "192.168.1.100")
    (entry,) = [one for one in hass.config_entries.async_entries(DOMAIN) if "plugs" in one.data]
    async_follow_states(hass, entry)
    hass.states.async_set("sensor.taken", "500")
    for total, power in ((7, 50), (8, 60), (9, 70)):
        plug.reads(energy_total_kwh=total, power_w=power)
        await async_wait_recording_done(hass)
    hass.states.async_remove("sensor.taken")
    return plug


async def rename(hass, plug, field, new):
    """Give an entity another id, as it does itself: its state stands under the new one."""
    state = hass.states.get(plug.entities[field]).state
    hass.states.async_remove(plug.entities[field])
    er.async_get(hass).async_update_entity(plug.entities[field], new_entity_id=new)
    plug.entities[field] = new
    hass.states.async_set(new, state)
    await async_wait_recording_done(hass)
    await hass.async_block_till_done()


async def rows(jobs, hass):
    asked = request(
        format="json",
        fields=FIELDS,
        date_range={
            "start": (dt_util.utcnow() - timedelta(hours=6)).isoformat(),
            "end": dt_util.utcnow().isoformat(),
        },
    )
    export = await jobs.async_create(asked, user=None, trigger="action")
    export = await jobs.async_wait(export.id, 60)
    got = json.loads(await hass.async_add_executor_job(path_of(export).read_text))
    return got["data"]


async def test_an_id_under_which_another_ones_states_stand(jobs, hass, plug):
    before, former = await rows(jobs, hass), plug.entities["energy_total_kwh"]
    assert [row["energy_total_kwh"] for row in before][-1] == 9
    await rename(hass, plug, "energy_total_kwh", "sensor.taken")
    await rename(hass, plug, "power_w", "sensor.watts")
    (device,) = export_devices(hass)
    assert [one.entities for one in device.left] == [{"energy_total_kwh": former}]
    after = await rows(jobs, hass)
    assert after[: len(before)] == before
    plug.reads(energy_total_kwh=10, power_w=80)
    await async_wait_recording_done(hass)
    await rename(hass, plug, "energy_total_kwh", "sensor.free")
    after = await rows(jobs, hass)
    assert after[: len(before)] == before
    assert (after[-1]["energy_total_kwh"], after[-1]["power_w"]) == (10, 80)
    assert 500 not in {row["energy_total_kwh"] for row in after}


async def test_an_entity_that_is_renamed_while_a_file_is_made(jobs, hass, plug):
    """Before its states are read, and after they are: in both, the file is made anew."""
    before, run = await rows(jobs, hass), runner.async_run_job
    made = []

    async def run_and_rename(hass, job, on_progress):
        made.append(job.devices[0].entities["power_w"])
        if len(made) == 1:
            await rename(hass, plug, "power_w", "sensor.watts")
        result = await run(hass, job, on_progress)
        if len(made) == 2:
            # The recorder has not heard of it yet.
            er.async_get(hass).async_update_entity("sensor.watts", new_entity_id="sensor.power")
        return result

    with patch.object(runner, "async_run_job", run_and_rename):
        assert (await rows(jobs, hass))[: len(before)] == before
    assert made[1:] == ["sensor.watts", "sensor.power"]


async def test_an_entity_that_is_removed_while_a_file_is_made(jobs, hass, plug):
    before, run = await rows(jobs, hass), runner.async_run_job
    made = []

    async def run_and_remove(hass, job, on_progress):
        made.append(job)
        er.async_get(hass).async_remove(plug.entities["power_w"])
        return await run(hass, job, on_progress)

    with patch.object(runner, "async_run_job", run_and_remove):
        assert (await rows(jobs, hass))[: len(before)] == before
    assert len(made) == 1


async def test_a_stop_before_anybody_has_looked_hides_no_states(jobs, hass, plug):
    """Neither the ones that were left, nor that there are none."""
    (entry,) = [one for one in hass.config_entries.async_entries(DOMAIN) if "plugs" in one.data]
    before = await rows(jobs, hass)
    with patch(f"{left_states.__name__}.queue_work", lambda *_: asyncio.Future()):
        await rename(hass, plug, "energy_total_kwh", "sensor.taken")
        await rename(hass, plug, "power_w", "sensor.watts")
    (device,) = export_devices(hass)
    assert not device.left
    async_follow_states(hass, entry)
    await async_wait_recording_done(hass)
    await hass.async_block_till_done()
    (device,) = export_devices(hass)
    assert [list(one.entities) for one in device.left] == [["energy_total_kwh"]]
    assert (await rows(jobs, hass))[: len(before)] == before
    kept = entry.data["plugs"][device.plug_id]
    async_follow_states(hass, entry)
    await async_wait_recording_done(hass)
    assert entry.data["plugs"][device.plug_id] == kept


def test_each_id_holds_until_its_entity_was_renamed():
    left = [
        FormerEntities(until=10, entities={"power_w": "sensor.first"}),
        FormerEntities(until=20, entities={"power_w": "sensor.second"}),
        FormerEntities(until=30, entities={"energy_total_kwh": "sensor.counter"}),
    ]
    told = former_entities(PRESENT, [], left)
    assert [(one.until, *one.entities.values()) for one in told] == [
        (10, "sensor.first", "sensor.counter"),
        (20, "sensor.second", "sensor.counter"),
        (30, "sensor.watts", "sensor.counter"),
    ]


def test_a_meter_that_was_replaced_has_its_own():
    replaced = [FormerEntities(until=15, entities={"energy_total_kwh": "sensor.old_meter"})]
    left = [
        FormerEntities(until=10, entities={"energy_total_kwh": "sensor.oldest"}),
        FormerEntities(until=20, entities={"energy_total_kwh": "sensor.counter"}),
    ]
    told = former_entities(PRESENT, replaced, left)
    assert [(one.until, one.entities["energy_total_kwh"]) for one in told] == [
        (10, "sensor.oldest"),
        (15, "sensor.old_meter"),
        (20, "sensor.counter"),
    ]
    assert former_entities(PRESENT, [], []) == ()
