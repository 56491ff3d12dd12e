"""What is taken of a server's answer, however long it is."""

from __future__ import annotations

import gzip
import random
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.abc import AbstractResolver
from aiohttp.test_utils import TestServer
from yarl import URL

from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.web import host_of, request
from custom_components.med_exporter.web import answers as module
from custom_components.med_exporter.web.answers import beginning_of, lines_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

MOST = 1000


class Here(AbstractResolver):
    """Whatever a host is called, it is this machine."""

    async def resolve(self, host, port=0, family=socket.AF_INET):
        found = {"hostname": host, "host": "127.0.0.1", "port": port}
        return [{**found, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        """Close nothing."""


@asynccontextmanager
async def answering(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Run a server, and give its address."""
    app = web.Application()
    app.router.add_get("/", answer)
    server = TestServer(app)
    await server.start_server(access_log=None)
    yield str(server.make_url("/"))
    await server.close()


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


async def test_an_answer_without_end_is_that_of_another_server(
    endless: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_OF_AN_ANSWER", MOST)
    async with ClientSession() as session:
        with pytest.raises(DestinationError) as caught:
            async with request(session, "GET", endless) as response:
                await text_of(response)
    assert caught.value.code == "NOT_EXPECTED_SERVER"


async def test_a_refusal_without_end_is_cut(endless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_OF_A_REFUSAL", MOST)
    async with ClientSession() as session, request(session, "GET", endless) as response:
        assert await beginning_of(response) == "x" * MOST


@pytest.mark.parametrize(("host", "encoding"), [("127.0.0.1", "identity"), ("nas.lan", "gzip")])
async def test_within_one_machine_nothing_is_packed(host: str, encoding: str) -> None:
    async def answer(asked: web.Request) -> web.Response:
        return web.Response(text=asked.headers["Accept-Encoding"])

    async with (
        answering(answer) as url,
        ClientSession(connector=TCPConnector(resolver=Here())) as session,
        request(session, "GET", str(URL(url).with_host(host))) as response,
    ):
        assert await text_of(response) == encoding


@pytest.mark.parametrize("size", [0, 5, 70_000, 300_000])
async def test_packed_answers_come_back_whole(size: int) -> None:
    words = random.Random(1).choices("ab\n\u00e9", k=size)

    async def answer(asked: web.Request) -> web.Response:
        body = gzip.compress("".join(words).encode())
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    async with answering(answer) as url, ClientSession() as session:
        async with request(session, "GET", url) as response:
            assert await text_of(response) == "".join(words)
        async with request(session, "GET", url) as response:
            lines = [line.decode() async for line in lines_of(response)]
        assert lines == [line for line in "".join(words).split("\n") if line]


async def test_bytes_that_are_no_text_are_marked() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"refus\xe9e")

    async with (
        answering(answer) as url,
        ClientSession() as session,
        request(session, "GET", url) as response,
    ):
        assert await text_of(response) == "refus\ufffde"


@pytest.mark.parametrize(
    ("url", "host"),
    [("http://[::1]:8428/a", "[::1]:8428"), ("https://[2001:db8::1]", "[2001:db8::1]:443")],
)
def test_an_ipv6_address_is_told_from_its_port(url: str, host: str) -> None:
    assert host_of(url) == host
