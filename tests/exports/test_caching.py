"""The same request on a range that is over gives the same file, for those who ask for that."""

from __future__ import annotations

import json
from datetime import timedelta
from unittest.mock import patch

import pytest
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.audit import DATA_AUDIT
from custom_components.med_exporter.errors import InvalidRequest
from custom_components.med_exporter.exports.jobs import JobManager
from custom_components.med_exporter.history.history import DATA_HISTORY
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.inventory import async_given_tables
from tests.file_exports import add_plug, add_user, path_of, request

pytestmark = pytest.mark.engine_in_thread

CACHED = {"cache_results": True}


@pytest.fixture
def of(jobs, fridge):
    """Return a function that asks for an export and waits for it."""

    async def of(user=None, using=jobs, **changes):
        asked = request(**{"date_range": "yesterday", "performance_options": CACHED, **changes})
        record = await using.async_create(asked, user=user, trigger="http")
        ended = await using.async_wait(record.id, 30)
        assert ended.status is ExportStatus.COMPLETED
        return ended

    return of


async def test_the_second_time_the_file_is_there(of, jobs):
    first = await of()
    record = await jobs.async_create(
        request(date_range="yesterday", performance_options=CACHED), user=None, trigger="http"
    )
    assert (record.id, record.status) == (first.id, ExportStatus.COMPLETED)
    assert await jobs.async_list(user=None, limit=9, offset=0) == ([first], 1)


async def test_nobody_gets_it_unasked(of):
    first = await of()
    assert (await of(performance_options=None)).id != first.id
    assert (await of(performance_options={"cache_results": False})).id != first.id


async def test_a_file_that_nobody_wanted_kept_serves_nobody(of):
    first = await of(performance_options=None)
    assert (await of()).id != first.id


async def test_other_words_for_the_same_are_the_same(of, fridge):
    first = await of(devices=["Fridge"])
    day = (dt_util.now() - timedelta(days=1)).date().isoformat()
    same = {
        "date_range": {"start": day, "end": day},
        "devices": [fridge.device_id],
        "aggregation": "raw",
        "options": {"include_headers": True},
        "performance_options": {**CACHED, "chunk_size": 7, "background_processing": False},
    }
    assert (await of(**same)).id == first.id


async def test_any_other_request_is_another_file(of):
    others = (
        {"format": "json"},
        {"aggregation": "hourly"},
        {"fields": ["power_w"]},
        {"filters": {"min_power": 1}},
        {"options": {"locale": "fr"}},
        {"privacy_options": {"hash_device_identifiers": True}},
        {"performance_options": {**CACHED, "compression": True}},
        {"date_range": "last_week"},
    )
    ids = [(await of(**changes)).id for changes in ({}, *others)]
    assert len({*ids}) == len(ids)


async def test_a_range_that_goes_on_is_made_anew(of):
    first = await of(date_range="today")
    assert (await of(date_range="today")).id != first.id


async def test_a_renamed_device_is_in_another_file(of, hass, fridge):
    first = await of()
    dr.async_get(hass).async_update_device(fridge.device_id, name_by_user="Freezer")
    again = await of()
    assert again.id != first.id


async def test_a_device_more_is_another_file(of, hass):
    first = await of()
    add_plug(hass, "Oven", "192.168.1.101", "aabbccddee02").reads(power_w=2000)
    assert (await of()).id != first.id


async def test_files_of_others_stay_theirs(of, hass, fridge):
    ann, bob = (add_user(hass, *fridge.entities.values()) for _ in range(2))
    anns = await of(ann)
    assert (await of(bob)).id != anns.id
    assert (await of(ann)).id == anns.id


async def test_administrators_and_automations_share_theirs(of, hass):
    first = await of()
    assert (await of(add_user(hass, is_admin=True))).id == first.id


async def test_a_deleted_or_lost_or_old_file_is_made_anew(of, jobs):
    first = await of()
    await jobs.async_delete(first.id, user=None)
    second = await of()
    assert second.id != first.id
    path_of(second).unlink()
    third = await of()
    assert third.id != second.id
    with patch.object(dt_util, "utcnow", return_value=third.expires_at):
        record = await jobs.async_create(
            request(
                date_range={"start": "2026-01-01", "end": "2026-01-02"},
                performance_options=CACHED,
            ),
            user=None,
            trigger="http",
        )
        assert record.id != third.id


async def test_it_outlives_a_restart_with_its_figures(of, jobs, hass):
    first = await of()
    again = JobManager(hass, hass.data[DATA_HISTORY], hass.data[DATA_AUDIT], async_given_tables)
    await again.async_setup()
    assert (await of(using=again)).id == first.id
    assert await again.async_outcome(first.id) == await jobs.async_outcome(first.id)


async def test_an_export_of_the_present_cannot_be_kept(jobs):
    with pytest.raises(InvalidRequest) as error:
        await jobs.async_create(
            {"export_type": "configuration", "format": "json", "performance_options": CACHED},
            user=None,
            trigger="http",
        )
    assert (error.value.code, error.value.field) == (
        "NOT_APPLICABLE", "performance_options.cache_results",
    )  # fmt: skip


async def test_the_description_tells_no_request_by_its_key(of, tmp_path):
    record = await of()
    about = json.loads(path_of(record).with_name(f"{path_of(record).name}.about.json").read_text())
    assert len(about["cache_key"]) == 64
