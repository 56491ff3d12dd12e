from __future__ import annotations

import re

import pytest


@pytest.mark.parametrize("subject", ["formats", "devices", "metrics"])
async def test_needs_a_login(anonymous, subject):
    assert (await anonymous.get(f"/api/exports/{subject}")).status == 401


async def test_formats_are_listed_as_documented(client):
    formats = (await (await client.get("/api/exports/formats")).json())["formats"]
    assert formats[0] == {
        "id": "csv",
        "name": "CSV",
        "description": "Comma-separated values",
        "mime_type": "text/csv",
        "extension": ".csv",
    }


async def test_metrics_are_listed_as_documented(client):
    metrics = (await (await client.get("/api/exports/metrics")).json())["metrics"]
    assert metrics[0] == {
        "field": "power_w",
        "name": "Power (Watts)",
        "description": "Instantaneous power consumption",
        "data_type": "float",
        "unit": "W",
    }


async def test_devices_are_listed_as_documented(client, fridge):
    (device,) = (await (await client.get("/api/exports/devices")).json())["devices"]
    assert device["device_id"] == fridge.device_id
    assert device["device_ip"] == "192.168.1.100"
    assert device["device_name"] == "Fridge"
    assert device["device_type"] == "plug"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", device["last_seen"])
    assert isinstance(device["data_points"], int)


async def test_a_user_sees_readable_devices_and_all_formats(log_in):
    user = await log_in()
    assert await (await user.get("/api/exports/devices")).json() == {"devices": []}
    for subject in ("formats", "metrics"):
        assert (await user.get(f"/api/exports/{subject}")).status == 200
