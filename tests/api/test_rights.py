"""Who may do what with file exports, over HTTP."""

from __future__ import annotations

import csv
import io

import pytest

from custom_components.med_exporter.database.commit import async_commit
from tests.file_exports import request

from .test_exports import CREATE, complete, refused

pytestmark = pytest.mark.engine_in_thread

ABOUT_DEVICES = ("device_data", "cost_analysis", "system_report")
OF_TYPE = {
    "device_data": {},
    "cost_analysis": {"fields": None},
    "system_report": {"fields": None, "report_sections": ["device_summary"]},
}


@pytest.mark.parametrize(
    "path", ["formats", "metrics", "devices", "preview", "history", "stats", "create"]
)
async def test_nobody_without_a_login_gets_anything(anonymous, path):
    ask = anonymous.post if path == "create" else anonymous.get
    assert (await ask(f"/api/exports/{path}")).status == 401


@pytest.mark.parametrize("path", ["formats", "metrics", "stats", "history"])
async def test_a_user_without_any_device_may_look_around(log_in, path):
    assert (await (await log_in()).get(f"/api/exports/{path}")).status == 200


async def test_devices_and_preview_are_of_readable_devices(log_in, fridge, oven, hass):
    user = await log_in(*fridge.entities.values())
    devices = (await (await user.get("/api/exports/devices")).json())["devices"]
    assert [one["device_name"] for one in devices] == ["Fridge"]
    await async_commit(hass)
    preview = await (await user.get("/api/exports/preview?preset=today")).json()
    assert {row["device_name"] for row in preview["preview"]} == {"Fridge"}
    answer = await user.get("/api/exports/preview?preset=today&devices=Oven")
    await refused(answer, 400, "UNKNOWN_DEVICE", "devices")


@pytest.mark.parametrize("export_type", ABOUT_DEVICES)
async def test_files_are_of_readable_devices(log_in, client, fridge, oven, export_type):
    user = await log_in(*fridge.entities.values())
    asked = {"export_type": export_type, **OF_TYPE[export_type]}
    texts = []
    for who in (user, client):
        export_id = await complete(who, **asked)
        texts.append(await (await who.get(f"/api/exports/download/{export_id}")).text())
    assert "Oven" not in texts[0]
    if export_type != "cost_analysis":
        assert "Oven" in texts[1]
        assert any("Fridge" in row for row in csv.reader(io.StringIO(texts[0])))
    answer = await user.post(CREATE, json=request(**asked, devices=["Oven"]))
    await refused(answer, 400, "UNKNOWN_DEVICE", "devices")


@pytest.mark.parametrize("export_type", ["audit_logs", "configuration"])
async def test_some_types_are_for_administrators(log_in, client, fridge, export_type):
    asked = {"export_type": export_type, "format": "json"}
    if export_type == "audit_logs":
        asked["date_range"] = "today"
    user = await log_in(*fridge.entities.values())
    await refused(await user.post(CREATE, json=asked), 403, "NOT_ALLOWED", "export_type")
    for wrong in ({"users": ["a name to be tried"]}, {"format": "xml"}, {"colour": "red"}):
        answer = await user.post(CREATE, json={**asked, **wrong})
        await refused(answer, 403, "NOT_ALLOWED", "export_type")
    answer = await user.get(f"/api/exports/preview?export_type={export_type}&colour=red")
    await refused(answer, 403, "NOT_ALLOWED", "export_type")
    assert (await client.post(CREATE, json=asked)).status == 202
