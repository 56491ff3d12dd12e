"""The document's monthly schedule, from its creation to the mail in the reader's hands."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from io import BytesIO

import openpyxl
import pytest
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.med_exporter.const import DOMAIN, EntryType
from custom_components.med_exporter.entries.finding import entries_of_type
from custom_components.med_exporter.exports.jobs import DATA_JOBS
from custom_components.med_exporter.history.records import EVENT_EXPORT
from custom_components.med_exporter.schedules.scheduler import DATA_SCHEDULES
from tests.mail_server import add_account, mail_server
from tests.metering_points import settle
from tests.scheduling import MONTHLY, PARIS


@pytest.fixture
def server():
    with mail_server() as server:
        yield server


@pytest.fixture
def scheduler(hass, scheduled_fridge):
    return hass.data[DATA_SCHEDULES]


async def wait_for_mail(hass, server, count=1):
    async with asyncio.timeout(60):
        while len(server.inbox) < count:
            await settle(hass)
            await asyncio.sleep(0.05)


async def test_arrives_on_the_first_with_its_workbook(hass, scheduler, january, server):
    await add_account(hass, server)
    schedule = await scheduler.async_create(MONTHLY, user=None)
    first = datetime(2026, 2, 1, 9, tzinfo=PARIS)
    assert scheduler.next_run(schedule) == first
    january.move_to(first)
    await wait_for_mail(hass, server)
    (mail,) = server.inbox
    assert server.recipients == [["admin@example.com"]]
    assert mail["Subject"] == "Monthly Energy Report - 2026-02-01"
    assert "Energy: 2.500\xa0kWh" in mail.get_body().get_content()
    (attached,) = mail.iter_attachments()
    assert attached.get_content_type() == (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    assert attached.get_filename().startswith("device_data_2026-01-01_2026-01-31_")
    book = openpyxl.load_workbook(BytesIO(attached.get_content()))
    cells = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
    assert sum(row.count("Fridge") for row in cells) >= 3
    assert any({2.5, 1.5} & set(row) for row in cells)
    january.tick(3600)
    await settle(hass)
    assert len(server.inbox) == 1
    assert scheduler.get(schedule.id).last_run_at == first


async def test_tells_of_devices_that_are_gone(hass, scheduler, january, server):
    # With its last entry the integration would take its schedules along.
    await add_account(hass, server)
    events = async_capture_events(hass, EVENT_EXPORT)
    schedule = await scheduler.async_create({**MONTHLY, "delivery": None}, user=None)
    (point,) = entries_of_type(hass, EntryType.KASA)
    await hass.config_entries.async_remove(point.entry_id)
    january.move_to(datetime(2026, 2, 1, 9, tzinfo=PARIS))
    await settle(hass)
    jobs = hass.data[DATA_JOBS]
    (record,), _ = await jobs.async_list(user=None, limit=10, offset=0)
    assert (record.status, record.error_code, record.trigger) == (
        "failed",
        "UNKNOWN_DEVICE",
        "schedule",
    )
    assert [event.data["error_code"] for event in events] == ["UNKNOWN_DEVICE"]
    assert (DOMAIN, f"schedule_failed_{schedule.id}") in ir.async_get(hass).issues


async def test_stands_in_the_calendar_by_its_name_only(hass, scheduler, january, server):
    await add_account(hass, server)
    await hass.async_block_till_done()
    await scheduler.async_create(MONTHLY, user=None)
    await scheduler.async_create({**MONTHLY, "name": "Off", "enabled": False}, user=None)
    (entry,) = entries_of_type(hass, EntryType.INSTALLATION)
    calendar = er.async_get(hass).async_get_entity_id(
        "calendar", DOMAIN, f"{entry.entry_id}_schedules"
    )
    state = hass.states.get(calendar)
    assert state.attributes["message"] == "Monthly Device Report"
    assert state.attributes["start_time"] == "2026-02-01 09:00:00"
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {"start_date_time": "2026-01-01 00:00:00", "end_date_time": "2026-04-01 00:00:00"},
        target={"entity_id": calendar},
        blocking=True,
        return_response=True,
    )
    events = answer[calendar]["events"]
    assert [(event["summary"], event["start"][:10]) for event in events] == [
        ("Monthly Device Report", "2026-02-01"),
        ("Monthly Device Report", "2026-03-01"),
    ]
    assert "example.com" not in json.dumps([events, dict(state.attributes)])
    january.move_to(datetime(2026, 2, 1, 9, 1, tzinfo=PARIS))
    await wait_for_mail(hass, server)
    assert hass.states.get(calendar).state == "on"
    january.tick(600)
    await settle(hass)
    state = hass.states.get(calendar)
    assert (state.state, state.attributes["start_time"]) == ("off", "2026-03-01 09:00:00")
