"""GET /api/exports/preview."""

from __future__ import annotations

import pytest
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.engine.exports.device_data import (
    allowance,
    first_rows,
    source,
)
from tests.file_exports import add_plug

URL = "/api/exports/preview"


@pytest.fixture(autouse=True)
async def stored(fridge, hass):
    """Wait until the recorder has the states."""
    await hass.async_block_till_done()
    await async_commit(hass)


async def preview(client, query=""):
    answer = await client.get(f"{URL}?{query}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_needs_a_login(anonymous):
    assert (await anonymous.get(URL)).status == 401


async def test_the_documents_example(client, fridge, hass):
    got = await preview(client, "export_type=device_data&devices=192.168.1.100&limit=5")
    assert set(got) == {
        "preview", "total_records", "total_records_estimated", "estimated_file_size",
        "preview_note", "warnings",
    }  # fmt: skip
    (row,) = got["preview"]
    assert (row["device_ip"], row["device_name"], row["power_w"]) == ("192.168.1.100", "Fridge", 80)
    assert (got["total_records"], got["total_records_estimated"]) == (1, False)
    assert got["estimated_file_size"].endswith(" B")
    assert got["preview_note"] == "Showing first 1 records"
    assert {one["code"] for one in got["warnings"]} == {"BEFORE_HISTORY"}


@pytest.mark.parametrize("query", ["fields=timestamp,power_w", "fields=timestamp&fields=power_w"])
async def test_lists_are_given_by_comma_or_again_and_again(client, query):
    (row,) = (await preview(client, query))["preview"]
    assert list(row) == ["timestamp", "power_w"]


async def test_a_range_and_an_aggregation(client, fridge):
    today = dt_util.now().date().isoformat()
    got = await preview(client, f"start={today}&end={today}&aggregation=daily&fields=power_w")
    assert got["preview"] == [{"power_w": 80}]
    assert (await preview(client, "start=2001-01-01&end=2001-01-31"))["preview"] == []


async def test_more_rows_than_shown_are_estimated(client, fridge, hass):
    now = dt_util.utcnow().timestamp()
    for power in range(5):
        moment = now + 60 * (power - 5)
        hass.states.async_set(fridge.entities["power_w"], str(power), timestamp=moment)
    await hass.async_block_till_done()
    await async_commit(hass)
    got = await preview(client, "limit=1&preset=last_7_days")
    assert len(got["preview"]) == 1
    assert got["total_records"] >= 1
    assert got["total_records_estimated"]
    assert "estimate" in got["preview_note"]


@pytest.mark.engine_in_thread
async def test_rows_of_too_many_readings_are_provisional(client, fridge, hass, monkeypatch):
    for module in (allowance, first_rows, source):
        monkeypatch.setattr(module, "MOST_READINGS", 3)
    now = dt_util.utcnow().timestamp()
    for power in range(20):
        moment = now + 60 * (power - 30)
        hass.states.async_set(fridge.entities["power_w"], str(power), timestamp=moment)
    await hass.async_block_till_done()
    await async_commit(hass)
    got = await preview(client, "aggregation=monthly&preset=last_7_days")
    (told,) = (one for one in got["warnings"] if one["code"] == "PREVIEW_SHORTENED")
    assert dt_util.parse_datetime(told["end"]).timestamp() < now
    assert "provisional" in got["preview_note"]
    assert got["preview"]


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "INVALID_VALUE"),
        ("limit=101", "limit", "INVALID_VALUE"),
        ("limit=x", "limit", "INVALID_REQUEST"),
        ("colour=red", "colour", "INVALID_REQUEST"),
        ("aggregation=yearly", "aggregation", "INVALID_VALUE"),
        ("fields=colour", "fields", "UNKNOWN_FIELD"),
        ("devices=toaster", "devices", "UNKNOWN_DEVICE"),
        ("export_type=weather", "export_type", "NOT_SUPPORTED"),
        ("export_type=cost_analysis", "export_type", "NOT_SUPPORTED"),
        ("start=2026-01-01", "end", "INVALID_DATE_RANGE"),
        ("start=2026-01-02&end=2026-01-01", "start", "INVALID_DATE_RANGE"),
        ("preset=today&start=2026-01-01", "preset", "INVALID_DATE_RANGE"),
        ("preset=today&preset=yesterday", "preset", "INVALID_REQUEST"),
    ],
)
async def test_a_mistake_is_named_at_its_field(client, query, field, code):
    answer = await client.get(f"{URL}?{query}")
    assert answer.status == 400
    got = await answer.json()
    assert (got["field"], got["error_code"]) == (field, code)


async def test_a_type_without_a_preview_is_told_with_what_to_do_instead(client):
    answer = await (await client.get(f"{URL}?export_type=cost_analysis")).json()
    assert "a preview of device_data only" in answer["message"]
    assert "Make the file" in answer["message"]


async def test_a_user_sees_only_devices_that_may_be_read(hass, fridge, log_in):
    add_plug(hass, "Lamp", "192.168.1.101", "aabbccddee02")
    client = await log_in(*fridge.entities.values())
    rows = (await preview(client))["preview"]
    assert {row["device_name"] for row in rows} == {"Fridge"}
    assert (await client.get(f"{URL}?devices=Lamp")).status == 400
