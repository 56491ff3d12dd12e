"""Export files in the media browser, over the websocket as the frontend asks for them."""

from __future__ import annotations

import pytest
from homeassistant.setup import async_setup_component

from tests.file_exports import add_plug, add_user, request, set_up

SOURCE = "media-source://med_exporter"


@pytest.fixture
async def hass(hass_with_recorder):
    return hass_with_recorder


@pytest.fixture
async def jobs(hass, tmp_path):
    assert await async_setup_component(hass, "media_source", {})
    jobs = await set_up(hass, tmp_path)
    plug = add_plug(hass, "Fridge", "192.168.1.100")
    plug.reads(power_w=80, energy_total_kwh=1, is_on="on")
    yield jobs
    await jobs.async_close()


@pytest.fixture
async def export(jobs):
    record = await jobs.async_create(request(), user=None, trigger="action")
    return await jobs.async_wait(record.id, 60)


async def ask(client, command, content_id):
    await client.send_json_auto_id(
        {"type": f"media_source/{command}", "media_content_id": content_id}
    )
    return await client.receive_json()


async def test_lists_the_files_that_exist(jobs, export, hass_ws_client):
    client = await hass_ws_client()
    answer = await ask(client, "browse_media", SOURCE)
    (child,) = answer["result"]["children"]
    assert child["title"] == export.path.rpartition("/")[2]
    assert child["media_content_id"] == f"{SOURCE}/{export.id}"
    await jobs.async_delete(export.id, user=None)
    answer = await ask(client, "browse_media", SOURCE)
    assert answer["result"]["children"] == []


async def test_a_file_is_opened_by_a_link_that_works(jobs, export, hass_ws_client, hass_client):
    answer = await ask(await hass_ws_client(), "resolve_media", f"{SOURCE}/{export.id}")
    assert answer["result"]["mime_type"] == "text/csv"
    response = await (await hass_client()).get(answer["result"]["url"])
    assert response.status == 200
    assert len(await response.read()) == export.size


async def test_a_file_that_is_gone_is_told(jobs, export, hass_ws_client):
    await jobs.async_delete(export.id, user=None)
    answer = await ask(await hass_ws_client(), "resolve_media", f"{SOURCE}/{export.id}")
    assert answer["success"] is False
    assert export.id in answer["error"]["message"]


@pytest.mark.parametrize("command", ["browse_media", "resolve_media"])
async def test_it_is_for_administrators(jobs, export, hass, hass_ws_client, command):
    user = add_user(hass)
    token = await hass.auth.async_create_refresh_token(user, "https://example.org/app")
    client = await hass_ws_client(hass, hass.auth.async_create_access_token(token))
    path = SOURCE if command == "browse_media" else f"{SOURCE}/{export.id}"
    answer = await ask(client, command, path)
    assert answer["success"] is False
    assert export.id not in str(answer)
