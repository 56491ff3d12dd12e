"""How many exports run at once, for how long, and whose."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from unittest.mock import patch

import pytest

from custom_components.med_exporter.audit import DATA_AUDIT, EventType
from custom_components.med_exporter.const import EntryType
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.entries.finding import entries_of_type
from custom_components.med_exporter.errors import (
    NotAllowedError,
    TooManyExportsError,
    TooManyFilesError,
)
from custom_components.med_exporter.exports import kept as kept_module
from custom_components.med_exporter.exports import runner as runner_module
from custom_components.med_exporter.history.records import ExportStatus
from tests.file_exports import add_plug, add_user, request
from tests.mqtt_destinations import add_mqtt

pytestmark = pytest.mark.usefixtures("fridge")


@pytest.fixture
def started():
    """Note which exports start, and let none of them end."""
    exports = []

    async def run(hass, job, on_progress):
        exports.append(job.metadata["export_id"])
        await asyncio.Event().wait()

    with patch.object(runner_module, "async_run_job", run):
        yield exports


async def create(jobs, user=None, trigger="http", **changes):
    return (await jobs.async_create(request(**changes), user=user, trigger=trigger)).id


async def limit(hass, mosquitto, **options):
    await add_mqtt(hass, mosquitto().port)
    (installation,) = entries_of_type(hass, EntryType.INSTALLATION)
    hass.config_entries.async_update_entry(installation, options=options)


async def test_a_user_with_many_exports_holds_up_nobody(jobs, hass, started):
    ann, bob = (add_user(hass, is_admin=True) for _ in range(2))
    for _ in range(6):
        await create(jobs, ann)
    bobs = await create(jobs, bob)
    await hass.async_block_till_done()
    await jobs.async_cancel(started[0], user=None)
    await hass.async_block_till_done()
    assert started[-1] == bobs


async def test_a_scheduled_export_lets_others_go_first(jobs, hass, started):
    running = [await create(jobs) for _ in range(3)]
    scheduled = await create(jobs, trigger="schedule")
    asked_for = await create(jobs)
    await hass.async_block_till_done()
    for export_id in running[:2]:
        await jobs.async_cancel(export_id, user=None)
    await hass.async_block_till_done()
    assert started[3:] == [asked_for, scheduled]


async def test_nobody_uses_up_the_places_of_another(jobs, hass, started):
    ann, bob = (add_user(hass, is_admin=True) for _ in range(2))
    for _ in range(23):
        await create(jobs, ann)
    with pytest.raises(TooManyExportsError):
        await create(jobs, ann)
    for other, trigger in ((bob, "http"), (None, "action"), (None, "schedule")):
        await create(jobs, other, trigger=trigger)


async def test_nobody_uses_up_the_disk_of_another(jobs, hass, monkeypatch):
    oven = add_plug(hass, "Oven", "192.168.1.101", "aabbccddee02")
    ann, bob = (add_user(hass, *oven.entities.values()) for _ in range(2))
    monkeypatch.setattr(kept_module, "_FILES_OF_A_USER", 1e-9)
    await jobs.async_wait(first := await create(jobs, ann))
    with pytest.raises(TooManyFilesError):
        await create(jobs, ann)
    for other in (bob, add_user(hass, is_admin=True), None):
        await create(jobs, other)
    await jobs.async_delete(first, user=ann)
    await create(jobs, ann)


async def test_the_limits_are_the_installations(jobs, hass, started, mosquitto):
    await limit(hass, mosquitto, max_concurrent_exports=1, max_waiting_exports=1)
    await create(jobs)
    await create(jobs)
    await hass.async_block_till_done()
    assert len(started) == 1
    with pytest.raises(TooManyExportsError):
        await create(jobs)


async def test_files_are_kept_as_long_as_the_installation_says(jobs, hass, mosquitto):
    await limit(hass, mosquitto, keep_files_days=2)
    record = await jobs.async_wait(await create(jobs))
    assert record.expires_at - record.completed_at == timedelta(days=2)


async def test_an_export_that_takes_too_long_fails_and_leaves_nothing(jobs, started):
    with patch.object(runner_module, "TIME_LIMIT", timedelta(seconds=0.05)):
        record = await jobs.async_wait(await create(jobs), 10)
    assert (record.status, record.error_code) == (ExportStatus.FAILED, "TIMED_OUT")
    assert record.path is None


@pytest.mark.parametrize(
    "asked",
    [{"export_type": "audit_logs", "date_range": "yesterday"}, {"export_type": "configuration"}],
    ids=lambda asked: asked["export_type"],
)
async def test_some_types_are_for_administrators(jobs, hass, asked):
    with pytest.raises(NotAllowedError) as error:
        await jobs.async_create(
            {**asked, "format": "csv"},
            user=add_user(hass),
            trigger="http",
        )
    assert error.value.field == "export_type"


async def test_the_audit_log_knows_who_made_fetched_and_removed_a_file(jobs, hass):
    user = add_user(hass, is_admin=True)
    export_id = await create(jobs, user)
    await jobs.async_wait(export_id)
    await jobs.async_count_download(export_id, user=user)
    await jobs.async_delete(export_id, user=user)
    await async_commit(hass)
    events, _ = await hass.data[DATA_AUDIT].async_list()
    assert [event.event_type for event in reversed(events)] == [
        EventType.EXPORT_CREATED,
        EventType.EXPORT_DOWNLOADED,
        EventType.EXPORT_DELETED,
    ]
    assert {(event.user_id, event.subject) for event in events} == {(user.id, export_id)}
