"""The installation's entry makes itself, tells of every export, and goes with the last entry."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DOMAIN, EntryType
from custom_components.med_exporter.entries.finding import entries_of_type
from custom_components.med_exporter.history.history import DATA_HISTORY
from custom_components.med_exporter.history.records import ExportKind, ExportRecord, ExportStatus
from custom_components.med_exporter.logbook import async_describe_events
from tests.metering_points import start_reconfigure
from tests.mqtt_destinations import add_mqtt

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.core import Event, HomeAssistant, State


@pytest.fixture
async def hass(hass_with_recorder: HomeAssistant) -> HomeAssistant:
    return hass_with_recorder


def export_event(hass: HomeAssistant) -> State:
    (entry,) = entries_of_type(hass, EntryType.INSTALLATION)
    entity_id = er.async_get(hass).async_get_entity_id("event", DOMAIN, f"{entry.entry_id}_export")
    assert entity_id is not None
    return hass.states.get(entity_id)


async def test_it_comes_with_the_first_entry_and_goes_with_the_last(
    hass: HomeAssistant, mosquitto
) -> None:
    broker = mosquitto()
    first = await add_mqtt(hass, broker.port)
    (installation,) = entries_of_type(hass, EntryType.INSTALLATION)
    assert installation.state is ConfigEntryState.LOADED
    second = await add_mqtt(hass, broker.port, topic_prefix="other")
    assert entries_of_type(hass, EntryType.INSTALLATION) == [installation]
    await hass.config_entries.async_remove(first.entry_id)
    await hass.async_block_till_done()
    assert entries_of_type(hass, EntryType.INSTALLATION) == [installation]
    await hass.config_entries.async_remove(second.entry_id)
    await hass.async_block_till_done()
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_what_it_has_to_change_are_options(hass: HomeAssistant, mosquitto) -> None:
    await add_mqtt(hass, mosquitto().port)
    (installation,) = entries_of_type(hass, EntryType.INSTALLATION)
    asked = await start_reconfigure(hass, installation)
    assert (asked["type"], asked["reason"]) == (FlowResultType.ABORT, "only_options")
    options = await hass.config_entries.options.async_init(installation.entry_id)
    assert options["type"] is FlowResultType.FORM


DISK_FULL = (
    "The disk of Home Assistant is full (No space left.). Make room, for instance by deleting "
    "files or backups that nobody needs, and make the file again."
)


async def finish(hass: HomeAssistant, status: ExportStatus) -> ExportRecord:
    now = dt_util.utcnow()
    record = ExportRecord(
        id=f"export-{status}",
        kind=ExportKind.FILE,
        status=ExportStatus.RUNNING,
        trigger="http",
        created_at=now,
        started_at=now,
        export_type="device_data",
        format="csv",
        path="/somewhere/secret.csv",
    )
    history = hass.data[DATA_HISTORY]
    history.save(record)
    record.status = status
    record.completed_at = now + timedelta(seconds=1.5)
    record.records = 42
    if status is ExportStatus.FAILED:
        record.error_code, record.error_message = "DISK_FULL", "No space left."
    history.save(record)
    await hass.async_block_till_done()
    return record


@pytest.mark.parametrize(
    ("status", "event_type"),
    [
        (ExportStatus.COMPLETED, "success"),
        (ExportStatus.FAILED, "error"),
        (ExportStatus.INTERRUPTED, "interrupted"),
    ],
)
async def test_the_event_entity_fires_for_every_export(
    hass: HomeAssistant, mosquitto, status: ExportStatus, event_type: str
) -> None:
    await add_mqtt(hass, mosquitto().port)
    assert export_event(hass).state == "unknown"
    record = await finish(hass, status)
    attributes = export_event(hass).attributes
    assert attributes["event_type"] == event_type
    assert attributes["export_id"] == record.id
    assert attributes["duration"] == 1.5
    assert attributes["records"] == 42
    assert attributes.get("error_code") == record.error_code
    assert not {"export_type", "format", "error_message", "reason"} & set(attributes)
    assert "secret" not in str(attributes)


async def test_a_cancelled_export_is_no_event(hass: HomeAssistant, mosquitto) -> None:
    await add_mqtt(hass, mosquitto().port)
    await finish(hass, ExportStatus.CANCELLED)
    assert export_event(hass).state == "unknown"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (ExportStatus.COMPLETED, "finished with 42 rows"),
        (ExportStatus.FAILED, "failed"),
        (ExportStatus.CANCELLED, "was cancelled"),
    ],
)
async def test_exports_stand_in_the_logbook(
    hass: HomeAssistant, mosquitto, status: ExportStatus, message: str
) -> None:
    await add_mqtt(hass, mosquitto().port)
    described: dict[str, Callable[[Event], dict[str, str]]] = {}
    async_describe_events(hass, lambda domain, event, describe: described.update({event: describe}))
    events: list[Event] = []
    hass.bus.async_listen("med_exporter_export", events.append)
    await finish(hass, status)
    assert described["med_exporter_export"](events[0]) == {
        "name": "Export",
        "message": message,
    }
