"""The audit log keeps what it is told, in the recorder's database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.audit import AuditLog, EventType, Severity, acting
from custom_components.med_exporter.const import EntryType
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.entries.finding import entries_of_type
from tests.file_exports import add_user
from tests.mqtt_destinations import add_mqtt

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def test_an_event_is_found_again_with_everything_that_was_known(log, hass, recorded):
    user = add_user(hass)
    log.record(
        EventType.EXPORT_CREATED,
        user=user,
        subject="export 1",
        details={"format": "csv", "name": "Réfrigérateur ❄"},
        address="192.168.1.9",
        time=NOON,
    )
    (event,) = await recorded()
    assert (event.time, event.event_type, event.severity) == (
        NOON,
        EventType.EXPORT_CREATED,
        Severity.INFO,
    )
    assert (event.user_id, event.user_name) == (user.id, user.name)
    assert (event.address, event.subject) == ("192.168.1.9", "export 1")
    assert event.details == {"format": "csv", "name": "Réfrigérateur ❄"}


async def test_a_failed_login_is_a_warning(log, recorded):
    log.record(EventType.LOGIN_FAILURE)
    (event,) = await recorded()
    assert event.severity is Severity.WARNING


async def test_who_acts_in_a_context_is_who_did_it(log, hass, recorded):
    user = add_user(hass)
    with acting(user):
        log.record(EventType.SCHEDULE_CHANGED)
    log.record(EventType.SCHEDULE_CHANGED)
    assert [event.user_id for event in await recorded()] == [user.id, None]


async def test_texts_are_cut_to_what_the_columns_hold(log, recorded):
    log.record(EventType.EXPORT_CREATED, subject="x" * 1000, address="y" * 1000)
    (event,) = await recorded()
    assert (event.subject, event.address) == ("x" * 254 + "…", "y" * 63 + "…")


async def test_a_name_that_no_database_takes_ends_nothing(log, recorded):
    log.record(EventType.LOGIN_SUCCESS, subject="my\x00token", details={"type": "refus\udce9e"})
    log.record(EventType.LOGIN_SUCCESS, subject="the next")
    assert [event.subject for event in await recorded()] == ["my token", "the next"]


async def test_events_are_listed_by_time_kind_and_page(log, recorded):
    for hour in range(5):
        log.record(EventType.EXPORT_CREATED, subject=str(hour), time=NOON + timedelta(hours=hour))
    log.record(EventType.EXPORT_DELETED, time=NOON + timedelta(hours=9))
    await recorded()
    within = {"start": NOON + timedelta(hours=1), "end": NOON + timedelta(hours=4)}
    events, total = await log.async_list(**within, limit=2)
    assert ([event.subject for event in events], total) == (["3", "2"], 3)
    events, total = await log.async_list(event_types=[EventType.EXPORT_DELETED])
    assert ([event.event_type for event in events], total) == ([EventType.EXPORT_DELETED], 1)


async def test_before_the_first_event_there_is_nothing(hass):
    assert await AuditLog(hass).async_list() == ([], 0)


@pytest.mark.parametrize(("days", "left"), [(400, 2), (10, 1)])
async def test_events_are_deleted_after_the_retention(log, hass, recorded, mosquitto, days, left):
    await add_mqtt(hass, mosquitto().port)
    (installation,) = entries_of_type(hass, EntryType.INSTALLATION)
    hass.config_entries.async_update_entry(installation, options={"keep_audit_days": days})
    now = dt_util.utcnow()
    log.record(EventType.EXPORT_CREATED, time=now - timedelta(days=401))
    log.record(EventType.EXPORT_CREATED, time=now - timedelta(days=20))
    log.record(EventType.EXPORT_CREATED, time=now - timedelta(days=5))
    await recorded()
    await log.async_purge()
    assert len(await recorded(event_types=[EventType.EXPORT_CREATED])) == left


async def test_events_survive_a_purge_and_a_repack(log, hass, recorded):
    log.record(EventType.EXPORT_CREATED)
    await recorded()
    await hass.services.async_call(
        "recorder", "purge", {"keep_days": 0, "repack": True}, blocking=True
    )
    await async_commit(hass)
    assert len(await recorded()) == 1
