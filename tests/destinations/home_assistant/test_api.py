"""What is found out about another Home Assistant before anything is sent to it."""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer
from homeassistant.const import CONF_TYPE
from homeassistant.core import EventBus
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import CONF_PDL, DOMAIN, EntryType
from custom_components.med_exporter.destinations import web as destination_web
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.home_assistant import api as home_assistant_api
from custom_components.med_exporter.destinations.home_assistant.api import Remote, RemoteConnection
from custom_components.med_exporter.destinations.home_assistant.destination import (
    HomeAssistantDestination,
    async_test_home_assistant,
)
from custom_components.med_exporter.destinations.home_assistant.kind import HOME_ASSISTANT
from custom_components.med_exporter.destinations.web import normalised
from tests.mosquitto import Authority, free_port
from tests.plug_emulator import EmulatedPlug

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

    from tests.other_home import OtherHome
    from tests.real_home import HomeClient

PDL = "AB-1"


@pytest.fixture
def hass(hass: HomeAssistant, enable_custom_integrations: None) -> HomeAssistant:
    return hass


def remote(home: OtherHome, **changes: Any) -> Remote:
    return Remote(**{"url": home.url, "token": home.token, **changes})


async def mistake(hass: HomeAssistant, remote: Remote) -> DestinationError:
    """Test the connection, and check that its error keeps the token to itself."""
    with pytest.raises(DestinationError) as caught:
        await async_test_home_assistant(hass, remote)
    assert remote.token not in str(caught.value.translation_placeholders)
    assert remote.token not in repr(remote)
    return caught.value


@asynccontextmanager
async def proxy(
    home: OtherHome, prefix: str = "", refused: str = "", **options: Any
) -> AsyncIterator[str]:
    """Give the address of a reverse proxy that puts a path before the other Home Assistant.

    It lets nothing of a refused method through.
    """

    async def forward(request: web.Request) -> web.StreamResponse:
        if request.method == refused:
            return web.Response(status=405)
        target = home.url + request.path_qs.removeprefix(prefix)
        async with ClientSession() as session:
            if request.headers.get("Upgrade", "").lower() != "websocket":
                async with session.request(
                    request.method,
                    target,
                    headers={"Authorization": request.headers.get("Authorization", "")},
                    data=await request.read(),
                ) as answer:
                    return web.Response(status=answer.status, body=await answer.read())
            client = web.WebSocketResponse()
            await client.prepare(request)
            async with session.ws_connect(target) as server:

                async def pump(source, sink) -> None:
                    async for message in source:
                        if message.type is WSMsgType.TEXT:
                            await sink.send_str(message.data)
                    await sink.close()

                await asyncio.gather(pump(client, server), pump(server, client))
            return client

    app = web.Application()
    app.router.add_route("*", prefix + "/{path:.*}", forward)
    # In the loop of the other home, so that handshakes that fail there are not this test's errors.
    server = TestServer(app)
    await home.do(lambda _: server.start_server(**options))
    try:
        yield str(server.make_url(prefix + "/"))
    finally:
        await home.do(lambda _: server.close())


async def answering(handler: Any) -> TestServer:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    server = TestServer(app)
    await server.start_server()
    return server


async def user_token(client: HomeClient) -> str:
    """Make a user who is not an administrator, log in, and return a long-lived token."""
    user = (await client.command("config/auth/create", name="Guest", group_ids=["system-users"]))[
        "user"
    ]
    await client.command(
        "config/auth_provider/homeassistant/create",
        user_id=user["id"],
        username="guest",
        password="guest-password",
    )
    client_id = f"{client.url}/"
    flow = await client.post(
        "/auth/login_flow",
        {"client_id": client_id, "handler": ["homeassistant", None], "redirect_uri": client_id},
    )
    code = await client.post(
        f"/auth/login_flow/{flow['flow_id']}",
        {"client_id": client_id, "username": "guest", "password": "guest-password"},
    )
    login = await client.request(
        "POST",
        "/auth/token",
        data={
            "grant_type": "authorization_code",
            "code": code["result"],
            "client_id": client_id,
        },
    )
    token: str = login["access_token"]
    return token


async def test_an_administrators_token_opens_it(hass, other_home) -> None:
    await async_test_home_assistant(hass, remote(other_home))
    destination = HomeAssistantDestination(hass, remote(other_home, url=f"{other_home.url}/"))
    assert await destination.async_test() is None


async def test_the_test_writes_as_a_run_does_and_takes_it_away_again(
    hass, other_home, other_client
) -> None:
    asked: list[str] = []

    async def command(self: RemoteConnection, kind: str, **fields: Any) -> Any:
        asked.append(kind)
        return await original(self, kind, **fields)

    original = RemoteConnection.command
    before = await other_client.states()
    with patch.object(RemoteConnection, "command", command):
        await async_test_home_assistant(hass, remote(other_home))
    assert "recorder/import_statistics" in asked
    assert await other_client.states() == before
    listed = await other_client.command("recorder/list_statistic_ids")
    assert not [one for one in listed if "test" in one["statistic_id"]]


async def test_a_state_that_is_refused_is_told_by_the_test(hass, other_home) -> None:
    async with proxy(other_home, refused="POST") as url:
        error = await mistake(hass, remote(other_home, url=url))
    assert error.code == "STATE_REFUSED"


async def test_statistics_that_are_refused_are_told_by_the_test(hass, other_home) -> None:
    original = RemoteConnection.command

    async def command(self: RemoteConnection, kind: str, **fields: Any) -> Any:
        # An import without an id is refused by the other one itself.
        if kind == "recorder/import_statistics":
            fields["metadata"] = {**fields["metadata"], "statistic_id": "nothing"}
        return await original(self, kind, **fields)

    with patch.object(RemoteConnection, "command", command):
        error = await mistake(hass, remote(other_home))
    assert error.code == "COMMAND_REFUSED"


ADMINISTRATOR = {"id": "u", "is_admin": True}
CONFIG = {"version": "2025.4.0", "components": ["recorder"]}


@pytest.mark.parametrize(
    "answers",
    [
        {"auth/current_user": '{"success": true}'},
        {"auth/current_user": '{"success": true, "result": null}'},
        {"auth/current_user": '{"success": true, "result": [1]}'},
        {"auth/current_user": '{"success": true, "result": 7}'},
        {"auth/current_user": '{"success": "no"}'},
        {"auth/current_user": '{"success": false, "error": 3}'},
        {"auth/current_user": "[" * 100_000},
        {"auth/current_user": '{"success": true, "result": NaN}'},
        {"get_config": '{"success": true, "result": {"version": 3, "components": []}}'},
        {"get_config": '{"success": true, "result": {"version": "x", "components": []}}'},
        {"get_config": '{"success": true, "result": {"version": "2026.1", "components": 1}}'},
        {"config/entity_registry/get_entries": '{"success": true, "result": 1}'},
        {"config/entity_registry/get_entries": '{"success": true, "result": [[]]}'},
        {"config/device_registry/list": '{"success": true, "result": [{"identifiers": 1}]}'},
    ],
)
async def test_answers_to_another_question_are_those_of_another_server(
    hass, answers: dict[str, str]
) -> None:
    good = {
        "auth/current_user": {"success": True, "result": ADMINISTRATOR},
        "get_config": {"success": True, "result": CONFIG},
        "config/entity_registry/get_entries": {"success": True, "result": {}},
    }

    async def talk(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        if not socket.can_prepare(request):
            return web.Response(status=400)
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required"})
        await socket.receive()
        await socket.send_json({"type": "auth_ok"})
        async for message in socket:
            asked = message.json()
            text = answers.get(asked["type"]) or json.dumps(good[asked["type"]])
            head = f'{{"id": {asked["id"]}, "type": "result", '
            await socket.send_str(text.replace("{", head, 1) if text[0] == "{" else text)
        return socket

    server = await answering(talk)
    error = await mistake(hass, Remote(url=str(server.make_url("/")), token="secret"))
    assert error.key == "destination_not_expected_server_home_assistant"
    await server.close()


async def test_a_wrong_token(hass, other_home) -> None:
    error = await mistake(hass, remote(other_home, token="not-a-token"))
    assert (error.code, error.field) == ("UNAUTHORIZED", "token")
    assert HOME_ASSISTANT.is_refused_secret(error.code)


async def test_a_user_who_is_no_administrator(hass, other_home, other_client) -> None:
    error = await mistake(hass, remote(other_home, token=await user_token(other_client)))
    assert (error.code, error.field) == ("NOT_ADMINISTRATOR", "token")


@pytest.mark.parametrize("prefix", ["", "/home/assistant"])
async def test_behind_a_proxy_with_a_path(hass, other_home, other_client, prefix: str) -> None:
    async with proxy(other_home, prefix) as url:
        await async_test_home_assistant(hass, remote(other_home, url=url))
        connection = await RemoteConnection.open(hass, remote(other_home, url=url))
        await connection.set_state("sensor.behind_a_proxy", "1", {})
        await connection.close()
    assert "sensor.behind_a_proxy" in await other_client.states()


async def test_a_page_of_it_is_not_its_address(hass, other_home) -> None:
    error = await mistake(hass, remote(other_home, url=f"{other_home.url}/lovelace/0"))
    assert error.key == "destination_not_expected_server_home_assistant"
    assert error.field == "url"


async def test_other_servers(hass) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>")

    async def talk(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        if not socket.can_prepare(request):
            return web.Response(status=400)
        await socket.prepare(request)
        await socket.send_str('["something", "else"]')
        return socket

    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently("http://elsewhere.invalid/")

    for handler in (page, talk, redirect):
        server = await answering(handler)
        error = await mistake(hass, Remote(url=str(server.make_url("/")), token="secret"))
        assert error.code == "NOT_EXPECTED_SERVER"
        await server.close()


@pytest.mark.parametrize("is_for_all", [True, False])
async def test_a_token_does_not_follow_a_redirect(hass, is_for_all: bool) -> None:
    heard = []

    async def listen(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required"})
        heard.extend([message.data async for message in socket])
        return socket

    elsewhere = await answering(listen)

    async def redirect(request: web.Request) -> web.Response:
        if not (is_for_all or "Upgrade" in request.headers):
            return web.Response(status=400)
        raise web.HTTPTemporaryRedirect(str(elsewhere.make_url("/api/websocket")))

    server = await answering(redirect)
    error = await mistake(hass, Remote(url=str(server.make_url("/")), token="secret"))
    assert error.key == "destination_not_expected_server_home_assistant"
    assert not heard
    await server.close()
    await elsewhere.close()


async def test_a_banned_address(hass) -> None:
    async def forbid(_: web.Request) -> web.Response:
        return web.Response(status=403)

    server = await answering(forbid)
    error = await mistake(hass, Remote(url=str(server.make_url("/")), token="secret"))
    assert error.key == "destination_server_refused_banned"
    await server.close()


async def test_nobody_there(hass, silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    error = await mistake(hass, Remote(url=f"http://127.0.0.1:{free_port()}", token="secret"))
    assert error.key == "destination_refused_loopback"
    monkeypatch.setattr(destination_web, "TIMEOUT", 0.3)
    monkeypatch.setattr(home_assistant_api, "TIMEOUT", 0.3)
    error = await mistake(hass, Remote(url=f"http://127.0.0.1:{silent_port}", token="secret"))
    assert error.code == "TIMED_OUT"


async def test_a_certificate_of_ones_own(hass, other_home, tmp_path) -> None:
    certificate, key = Authority(tmp_path).issue()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with proxy(other_home, ssl=context) as address:
        url = address.replace("http://", "https://")
        error = await mistake(hass, remote(other_home, url=url))
        assert (error.code, error.field) == ("TLS_CERTIFICATE", "url")
        await async_test_home_assistant(hass, remote(other_home, url=url, verify_ssl=False))
    error = await mistake(
        hass, remote(other_home, url=other_home.url.replace("http://", "https://"))
    )
    assert error.key == "destination_not_expected_server_tls"


@pytest.fixture
async def own(hass, hass_client, hass_admin_user, hass_access_token: str) -> Remote:
    """This very instance, as its own address leads to it."""
    for component in ("auth", "config", "websocket_api"):
        assert await async_setup_component(hass, component, {})
    client = await hass_client()
    return Remote(url=str(client.server.make_url("")), token=hass_access_token)


async def test_this_very_instance(hass, own: Remote) -> None:
    error = await mistake(hass, own)
    assert error.key == "destination_own_instance"
    assert error.field == "url"


async def test_a_copy_of_this_instance_is_another_one_with_a_recorder_missing(
    hass, own: Remote
) -> None:
    # A copy has the same users, but does not hear what happens here.
    with patch.object(EventBus, "async_listen", return_value=lambda: None):
        error = await mistake(hass, own)
    assert (error.code, error.field) == ("NO_RECORDER", "url")


@pytest.fixture
async def its_metering_point(other_home: OtherHome, plug_network) -> AsyncIterator[None]:
    """Give the other Home Assistant a metering point of the same id by its own integration."""
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="Fridge", load=100.0)
    await plug_network.start(plug)
    entry = await other_home.do(
        lambda home: home.flow(
            DOMAIN,
            {"next_step_id": "kasa"},
            {"name": "House", "pdl": PDL, "hosts": [plug.address]},
            {"Fridge": "consumption"},
        )
    )
    yield
    await other_home.do(
        lambda home: home.delete(f"/api/config/config_entries/entry/{entry['entry_id']}")
    )


@pytest.mark.parametrize("renamed", [False, True])
async def test_one_that_has_the_same_metering_point(
    hass, other_home, other_client, its_metering_point, renamed: bool
) -> None:
    await async_test_home_assistant(hass, remote(other_home))
    MockConfigEntry(
        domain=DOMAIN, data={CONF_TYPE: EntryType.KASA.value, CONF_PDL: PDL}
    ).add_to_hass(hass)
    if renamed:
        for entity_id in (await other_client.entity_ids()).values():
            await other_client.command(
                "config/entity_registry/update",
                entity_id=entity_id,
                new_entity_id=entity_id.replace("med_ab_1", "another_name"),
            )
    error = await mistake(hass, remote(other_home))
    assert error.key == "destination_own_instance_entities"
    assert error.field == "url"
    placeholders = error.translation_placeholders
    assert placeholders["entity"].startswith(PDL if renamed else "sensor.med_ab_1_")
    assert placeholders["platform"] == DOMAIN

    async def nothing() -> AsyncIterator[Any]:
        raise AssertionError
        yield

    destination = HomeAssistantDestination(hass, remote(other_home))
    with pytest.raises(DestinationError) as caught:
        await destination.async_push(nothing(), lambda *_: None)
    assert caught.value.code == "OWN_INSTANCE"


def test_an_address_has_one_spelling() -> None:
    assert normalised("http://Home.Local") == "http://home.local:80"
    assert normalised("https://home.local:8123/Path/") == "https://home.local:8123/Path"
