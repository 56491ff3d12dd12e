"""What people call things, in whatever way they do: one clean line wherever it is shown."""

from __future__ import annotations

import pytest
from homeassistant.helpers import device_registry as dr

from custom_components.med_exporter.engine.outside import LONGEST_NAME
from tests.file_exports import request
from tests.metering_points import add_metering_point
from tests.plug_emulator import EmulatedPlug

ODD = "\u202eMy\x00 \x1b[31mhome\r\n\u2066"
CLEAN = "My [31mhome"
WAIT = {"background_processing": False}


@pytest.fixture
def schedule(client):
    async def schedule(name):
        body = {"name": name, "schedule": "0 7 * * *", "export_config": request()}
        response = await client.post("/api/exports/schedule", json=body)
        return response.status, await response.json()

    return schedule


async def test_a_schedule(schedule):
    assert (await schedule(ODD))[1]["name"] == CLEAN
    family = "Famille\u00a0: \U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert (await schedule(family))[1]["name"] == family
    for name in ("\x00\u202e", "", "x" * 201, "x" * 1_000_000):
        status, told = await schedule(name)
        assert (status, told["field"]) == (400, "name")


async def test_a_device_that_home_assistants_user_has_renamed(client, fridge, hass):
    devices = dr.async_get(hass)
    for name, shown in ((ODD, CLEAN), ("x" * 50_000, "x" * (LONGEST_NAME - 1) + "…")):
        devices.async_update_device(fridge.device_id, name_by_user=name)
        told = await (await client.get("/api/exports/devices")).json()
        assert [one["device_name"] for one in told["devices"]] == [shown]


async def test_a_column_of_ones_own(client):
    field = {"name": ODD, "formula": "power_w", "unit": "\x00W"}
    body = request(format="json", custom_fields=[field], performance_options=WAIT)
    made = await (await client.post("/api/exports/create", json=body)).json()
    file = await (await client.get(f"/api/exports/download/{made['export_id']}")).json()
    assert CLEAN in file["data"][0]


@pytest.mark.usefixtures("brief_waits", "hass_with_recorder")
async def test_a_metering_point(hass, plug_network):
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias=ODD)
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address, name=ODD)
    assert entry.title == CLEAN
    assert [one["name"] for one in entry.data["plugs"].values()] == [CLEAN]
