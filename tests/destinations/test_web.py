"""What is taken of a server's answer, however long it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from custom_components.med_exporter.destinations.web import read_text, request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MOST = 1000


@pytest.fixture
async def endless() -> AsyncIterator[str]:
    """The address of a server whose answer never ends."""

    async def answer(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(asked)
        while asked.transport is not None and not asked.transport.is_closing():
            await response.write(b"x" * 4096)
        return response

    app = web.Application()
    app.router.add_get("/", answer)
    server = TestServer(app)
    await server.start_server(access_log=None)
    yield str(server.make_url("/"))
    await server.close()


async def test_an_answer_without_end_is_cut(endless: str) -> None:
    async with ClientSession() as session, request(session, "GET", endless) as response:
        assert await read_text(response, MOST) == "x" * MOST


async def test_bytes_that_are_no_text_are_marked() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"refus\xe9e")

    app = web.Application()
    app.router.add_get("/", answer)
    server = TestServer(app)
    await server.start_server(access_log=None)
    url = str(server.make_url("/"))
    async with ClientSession() as session, request(session, "GET", url) as response:
        assert await read_text(response) == "refus\ufffde"
    await server.close()
