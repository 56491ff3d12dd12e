"""What is too old goes, by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    get_system_health_info,
)

from custom_components.med_exporter.audit import DATA_AUDIT, EventType
from custom_components.med_exporter.const import DOMAIN, EntryType
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.entries.finding import entries_of_type
from custom_components.med_exporter.history.history import DATA_HISTORY
from custom_components.med_exporter.history.records import ExportKind, ExportRecord, ExportStatus
from custom_components.med_exporter.installation.retention import DATA_RETENTION
from tests.file_exports import path_of, request
from tests.mqtt_destinations import add_mqtt

pytestmark = pytest.mark.usefixtures("fridge")


@pytest.fixture
async def retention(jobs, hass):
    await settled(hass)
    return hass.data[DATA_RETENTION]


async def settled(hass):
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_commit(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def push(age: timedelta, number: int) -> ExportRecord:
    then = dt_util.utcnow() - age
    return ExportRecord(
        id=f"00000000-0000-4000-8000-{number:012}",
        kind=ExportKind.PUSH,
        status=ExportStatus.COMPLETED,
        trigger="automatic",
        created_at=then,
        started_at=then,
        completed_at=then,
        destination="mqtt",
    )


async def test_everything_has_its_time(retention, hass):
    for number, days in enumerate((401, 399)):
        hass.data[DATA_HISTORY].save(push(timedelta(days=days), number))
        then = dt_util.utcnow() - timedelta(days=days)
        hass.data[DATA_AUDIT].record(EventType.EXPORT_CREATED, time=then)
    await settled(hass)
    cleaning = await retention.async_clean()
    assert (cleaning.files, cleaning.exports, cleaning.events) == (0, 1, 1)
    assert retention.last == cleaning
    assert (await hass.data[DATA_HISTORY].async_list(kind=ExportKind.PUSH))[1] == 1
    assert (await hass.data[DATA_AUDIT].async_list())[1] == 1


async def test_cleans_a_minute_after_the_start(retention, hass):
    assert retention.last is None
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await settled(hass)
    assert retention.last is not None


async def test_cleans_by_itself_every_hour(jobs, retention, hass, freezer):
    record = await jobs.async_create(request(), user=None, trigger="action")
    record = await jobs.async_wait(record.id, 60)
    assert path_of(record).exists()
    freezer.tick(timedelta(days=7, minutes=1))
    async_fire_time_changed(hass)
    await settled(hass)
    assert not path_of(record).exists()
    assert (await jobs.async_get(record.id, user=None)).status is ExportStatus.EXPIRED


async def test_a_clock_that_is_a_year_ahead_for_minutes_leaves_nearly_all(
    jobs, retention, hass, freezer
):
    history, audit = hass.data[DATA_HISTORY], hass.data[DATA_AUDIT]
    for number in range(40):
        history.save(push(timedelta(days=10 * number), number))
        then = dt_util.utcnow() - timedelta(days=10 * number)
        audit.record(EventType.EXPORT_CREATED, time=then)
    files = []
    for _ in range(2):
        record = await jobs.async_create(request(), user=None, trigger="action")
        files.append(await jobs.async_wait(record.id, 60))
        freezer.tick(timedelta(days=3))
    await settled(hass)
    await retention.async_clean()
    freezer.tick(timedelta(days=360))
    for _ in range(2):
        cleaning = await retention.async_clean()
        assert cleaning.exports <= 1
        assert cleaning.events <= 2
    freezer.tick(-timedelta(days=360))
    await settled(hass)
    assert not path_of(files[0]).exists()
    assert path_of(files[1]).exists()
    assert (await history.async_list(kind=ExportKind.PUSH))[1] >= 38


async def test_another_time_holds_from_the_next_cleaning_on(retention, hass, mosquitto):
    await add_mqtt(hass, mosquitto().port)
    (installation,) = entries_of_type(hass, EntryType.INSTALLATION)
    hass.config_entries.async_update_entry(installation, options={"keep_history_days": 10})
    hass.data[DATA_HISTORY].save(push(timedelta(days=11), 1))
    await settled(hass)
    assert (await retention.async_clean()).exports == 1


async def test_the_system_health_page_has_the_figures(jobs, retention, hass, mosquitto):
    assert await async_setup_component(hass, "system_health", {})
    await add_mqtt(hass, mosquitto().port)
    record = await jobs.async_create(request(), user=None, trigger="action")
    await jobs.async_wait(record.id, 60)
    await retention.async_clean()
    await settled(hass)
    info = await get_system_health_info(hass, DOMAIN)
    assert info["file_exports"] == 1
    assert info["file_bytes"].endswith((" B", " KB"))
    assert info["backlog"] == 0
    assert "MQTT" not in str(info), "all who may log in see the page"
    assert info["last_cleaning"].endswith("Z")
