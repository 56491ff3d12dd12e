"""No web client follows a redirect, whatever it speaks: a login stays where the user sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver, TooManyRedirects, web
from aiohttp.test_utils import TestServer

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.sources.kasa import kasa_session
from custom_components.med_exporter.sources.rte import RteClient, RteCredentials
from custom_components.med_exporter.sources.web import SourceError
from custom_components.med_exporter.web.client import web_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
from pathlib import Path

HOUSE = Path(__file__).parents[2] / "custom_components" / DOMAIN
LOGIN = {"Authorization": "Bearer secret"}


@pytest.fixture
async def heard() -> list[web.BaseRequest]:
    """What the server has heard that nobody was sent to by the user."""
    return []


@pytest.fixture
async def leads_away(heard) -> AsyncIterator[str]:
    """The address of a server that leads everybody elsewhere."""

    async def hear(request: web.BaseRequest) -> web.StreamResponse:
        heard.append(request)
        return web.json_response({"access_token": "x"})

    elsewhere = web.Application()
    elsewhere.router.add_route("*", "/{path:.*}", hear)
    async with TestServer(elsewhere) as other:

        async def lead(_: web.Request) -> web.StreamResponse:
            raise web.HTTPTemporaryRedirect(str(other.make_url("/")))

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", lead)
        async with TestServer(app) as server:
            yield str(server.make_url("/")).rstrip("/")


@pytest.mark.parametrize("session_of", [web_session, kasa_session])
async def test_neither_requests_nor_websockets_are_led_away(hass, leads_away, heard, session_of):
    session = session_of(hass)
    for ask in (
        session.get(leads_away, headers=LOGIN),
        session.post(leads_away, headers=LOGIN, data=b"secret"),
        session.ws_connect(leads_away, headers=LOGIN),
    ):
        with pytest.raises(TooManyRedirects):
            await ask
    assert heard == []


async def test_an_account_at_rte_is_not_led_away(hass, leads_away, heard):
    credentials = RteCredentials(client_id="id", client_secret="secret")
    client = RteClient(web_session(hass), credentials, leads_away)
    with pytest.raises(SourceError) as error:
        await client.token()
    assert error.value.code == "not_expected_server"
    assert heard == []


async def test_a_name_that_no_host_can_have_is_named_as_a_mistake():
    credentials = RteCredentials(client_id="id", client_secret="secret")
    # The test kit takes away Home Assistant's own resolver.
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as session:
        for name in ("http://xn--", f"http://{'a' * 5_000}", "http://127.0.0.1:99999"):
            with pytest.raises(SourceError):
                await RteClient(session, credentials, name).token()


def test_clients_are_made_in_one_place():
    makers = ("async_get_clientsession", "async_create_clientsession", "ClientSession(", "httpx")
    found = {
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        if any(maker in path.read_text(encoding="utf-8") for maker in makers)
    }
    assert found == {"web/client.py"}
