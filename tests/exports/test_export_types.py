"""Every export type in every format, from a request to the file, and who is shown what."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.costs import DATA_COSTS
from custom_components.med_exporter.database import queue_work
from custom_components.med_exporter.engine.export_types import EXPORT_TYPES
from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.engine.job import REPORT_SECTIONS
from custom_components.med_exporter.engine.tariff import parse_contracts
from custom_components.med_exporter.errors import NotAllowedError
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.ledger.tables import SCHEMA
from custom_components.med_exporter.schedules.scheduler import DATA_SCHEDULES
from tests.file_exports import KINDS, add_plug, add_user, path_of
from tests.ledger_rows import HalfHourRow, put_half_hours

MAC = "aabbccddee01"
SLUG = f"pdl_{MAC}"
TOKEN = "gAAAAAB-not-to-be-seen"
CONTRACTS = [
    {
        "valid_from": "2020-01-01",
        "kind": "time_of_use",
        "periods": [
            {"name": "night", "price": 0.1, "start": "22:00", "end": "06:00"},
            {"name": "day", "price": 0.3, "start": "06:00", "end": "22:00"},
        ],
        "standing_charge": 12,
    },
    {"valid_from": "2021-01-01", "kind": "flat", "price": 0.2},
]
BODIES = {
    "device_data": {"date_range": "today"},
    "cost_analysis": {"date_range": "last_7_days", "breakdown_by": ["device", "time_of_use"]},
    "contract_comparison": {
        "date_range": "last_7_days",
        "contracts": [{"kind": "base", "price": 0.2}],
    },
    "system_report": {"date_range": "last_7_days"},
    "audit_logs": {"date_range": "today"},
    "configuration": {},
}


@pytest.fixture
async def plug(jobs, hass):
    """A plug that has used 0.1 kWh in each half-hour of the last day, priced by the costs."""
    plug = add_plug(hass, "Fridge", "192.168.1.100", MAC)
    plug.reads(power_w=80, energy_total_kwh=1, is_on="on")
    (entry,) = [one for one in hass.config_entries.async_entries(DOMAIN) if one.title == "Fridge"]
    contracts = parse_contracts(CONTRACTS).to_dicts()
    hass.config_entries.async_update_entry(entry, options={"contracts": contracts})
    now = int(dt_util.utcnow().timestamp()) // 1800 * 1800
    rows = [
        HalfHourRow(MAC, now - 1800 * number, "consumption", SLUG, 0.1) for number in range(1, 49)
    ]

    await queue_work(hass, SCHEMA, lambda connection: put_half_hours(connection, rows))
    await hass.data[DATA_COSTS].async_update(since=0)
    await hass.async_block_till_done()
    return plug


@pytest.fixture
def destination(jobs, hass):
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Other house",
        data={
            "type": "home_assistant",
            "id": "7d0a4b0e-0000-4000-8000-000000000001",
            "url": "http://192.168.1.9:8123",
            "token": TOKEN,
            "verify_ssl": True,
            "interval": 60,
            "data": ["consumption_daily"],
        },
    )
    entry.add_to_hass(hass)
    return entry


async def made(jobs, export_type, file_format="json", user=None, **more):
    body = {
        "export_type": export_type,
        "format": file_format,
        **BODIES.get(export_type, {"date_range": "today"}),
        **more,
    }
    record = await jobs.async_create(body, user=user, trigger="action")
    record = await jobs.async_wait(record.id, 60)
    assert record.status is ExportStatus.COMPLETED, record.error_message
    return record


async def tables(hass, jobs, export_type, **more):
    record = await made(jobs, export_type, **more)
    path = path_of(record)
    return json.loads(await hass.async_add_executor_job(path.read_bytes))


@pytest.mark.parametrize("export_type", EXPORT_TYPES)
async def test_every_format(jobs, hass, plug, destination, export_type):
    for file_format in FORMATS:
        record = await made(jobs, export_type, file_format)
        content = await hass.async_add_executor_job(path_of(record).read_bytes)
        several = export_type in {"contract_comparison", "system_report", "configuration"}
        if file_format == "csv" and several:
            assert record.path.endswith(".zip")
            assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
        beginning = {"json": b"{", "pdf": b"%PDF", "excel": b"PK"}.get(file_format, b"")
        assert content.startswith(beginning)
        assert record.size == len(content)


async def test_costs_are_those_of_the_ledger(jobs, hass, plug):
    found = await tables(hass, jobs, "cost_analysis", date_range=_last_days(2))
    assert sum(row["energy_kwh"] or 0 for row in found["data"]) == pytest.approx(4.8)
    assert sum(row["energy_cost"] or 0 for row in found["data"]) == pytest.approx(0.96)
    assert {row["device"] for row in found["data"]} <= {"Fridge"}


async def test_a_report_tells_administrators_of_destinations(jobs, hass, plug, destination):
    found = await tables(hass, jobs, "system_report")
    assert tuple(found) == ("metadata", *REPORT_SECTIONS)
    kinds = {row["kind"]: row for row in found["system_health"]}
    assert kinds["destination"]["name"] == "Other house"
    assert kinds["database"]["size_mb"] > 0
    assert kinds["file"]["state"] in {"queued", "running"}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_report_for_a_user_is_about_readable_devices_alone(
    jobs, hass, plug, destination, kind
):
    other = KINDS[kind](hass, "Heater")
    other.reads(power_w=1)
    user = add_user(hass, *plug.entities.values())
    found = await tables(hass, jobs, "system_report", user=user)
    assert [row["device"] for row in found["device_summary"]] == ["Fridge"]
    assert [(row["kind"], row["name"]) for row in found["system_health"]] == [("plug", "Fridge")]
    codes = [one["code"] for one in found["metadata"]["warnings"]]
    assert "ADMINISTRATORS_ONLY" in codes


@pytest.mark.parametrize("export_type", ["audit_logs", "configuration"])
async def test_what_is_for_administrators_only(jobs, hass, plug, export_type):
    user = add_user(hass, *plug.entities.values())
    with pytest.raises(NotAllowedError):
        await made(jobs, export_type, user=user)


async def test_the_audit_log_knows_of_the_exports_before(jobs, hass, plug):
    user = add_user(hass, is_admin=True)
    first = await made(jobs, "configuration", user=user)
    await get_instance(hass).async_add_executor_job(get_instance(hass).block_till_done)
    found = await tables(hass, jobs, "audit_logs", event_types=["export_created"], users=[user.id])
    assert [(row["subject"], row["user"]) for row in found["data"]] == [(first.id, user.name)]


async def test_the_configuration_is_whole_and_has_no_secret(jobs, hass, plug, destination):
    owner = add_user(hass, is_admin=True)
    found = await tables(hass, jobs, "configuration")
    assert list(found) == [
        "metadata", "metering_points", "plugs", "destinations", "tariffs", "schedules", "limits",
        "users",
    ]  # fmt: skip
    assert found["metering_points"] == [
        {"name": "Fridge", "pdl": f"pdl-{MAC}", "plugs": 1, "enabled": True}
    ]
    (row,) = found["plugs"]
    assert (row["mac"], row["role"], row["address"]) == (MAC, "consumption", "192.168.1.100")
    (row,) = found["destinations"]
    assert (row["address"], row["secret"]) == ("http://192.168.1.9:8123", "********")
    assert TOKEN not in json.dumps(found)
    assert [(row["kind"], row["time_of_use"], row["price"]) for row in found["tariffs"]] == [
        ("time_of_use", "night", 0.1), ("time_of_use", "day", 0.3), ("flat", None, 0.2)
    ]  # fmt: skip
    limits = {row["name"]: row["value"] for row in found["limits"]}
    assert limits["max_date_range_days"] == 366
    assert {"name": owner.name, "id": owner.id, "role": "owner", "active": True} in found["users"]


async def test_schedules_are_part_of_the_configuration(jobs, hass, plug):
    schedule = await hass.data[DATA_SCHEDULES].async_create(
        {
            "name": "Monthly",
            "schedule": "0 9 1 * *",
            "export_config": {
                "export_type": "device_data", "format": "csv", "date_range": "last_month"
            },
        },
        user=None,
    )  # fmt: skip
    (row,) = (await tables(hass, jobs, "configuration"))["schedules"]
    assert (row["id"], row["name"], row["schedule"]) == (schedule.id, "Monthly", "0 9 1 * *")
    assert (row["export_type"], row["format"], row["delivery"]) == ("device_data", "csv", "none")
    assert json.loads(row["request"]) == {"date_range": "last_month"}
    assert row["next_run"] is not None


async def test_privacy_reaches_the_configuration(jobs, hass, plug, destination):
    add_user(hass, is_admin=True)
    options = (
        "anonymize_ip_addresses", "exclude_user_data", "hash_device_identifiers",
        "remove_location_data",
    )  # fmt: skip
    found = await tables(hass, jobs, "configuration", privacy_options=dict.fromkeys(options, True))
    text = json.dumps(found)
    for planted in ("Fridge", MAC, "192.168.1", plug.device_id):
        assert planted not in text
    assert {row["name"] for row in found["users"]} == {None}


def _last_days(days: int) -> dict[str, str]:
    now = dt_util.utcnow()
    return {
        "start": (now - timedelta(days=days)).isoformat(),
        "end": (now + timedelta(minutes=1)).isoformat(),
    }
