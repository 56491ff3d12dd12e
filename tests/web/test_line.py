"""A web server that never comes to its answer, or to its end, is hung up on, however it speaks."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientError, ClientSession, TCPConnector, ThreadedResolver, web

from custom_components.med_exporter.web.answers import StrangeAnswerError
from custom_components.med_exporter.web.client import new_web_session
from custom_components.med_exporter.web.line import MOST_OF_A_HEAD, BoundedSocket, bounded_request
from tests.hostile_front import front_of, never_held, whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from homeassistant.core import HomeAssistant

    from tests.mosquitto import Authority

MEBI = 1024 * 1024
START = b"HTTP/1.1 200 OK\r\n"
CHUNKED = START + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = b"A: " + b"x" * 3_000 + b"\r\n"
# What comes first, and what comes again and again.
FLOODS = {
    "a head of one line": (START + b"A: ", b"x" * 65_536),
    "a head of long lines": (START, LONG * 20),
    "a head of short lines": (START, b"A: x\r\n" * 5_000),
    "a status": (b"HTTP/1.1 200 ", b"O" * 65_536),
    "go on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
    "hints": (b"", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 1_000),
    "what is said of a chunk": (CHUNKED + b"1;", b"x" * 65_536),
    "trailers": (CHUNKED + b"0\r\n", LONG * 20),
    "chunks of a byte": (CHUNKED, b"1\r\nx\r\n" * 5_000),
    "bytes": (START + b"\r\n", b"x" * 65_536),
}


@asynccontextmanager
async def flood(first: bytes, again: bytes) -> AsyncIterator[tuple[str, Callable[[], int]]]:
    """Listen where a request is answered so for ever; tell how much has been said."""
    sent = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.read(1)
        writer.write(first)
        try:
            while sent < 400 * MEBI:
                writer.write(again)
                await writer.drain()
                sent += len(again)
        except ConnectionError:
            return
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", lambda: sent


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood(hass: HomeAssistant, kind: str) -> None:
    session = new_web_session(hass, most=4 * MEBI)
    async with flood(*FLOODS[kind]) as (url, sent):
        async with never_held():
            with pytest.raises(ClientError):
                async with session.get(url) as response:
                    await response.read()
        # Buffers of the system among it.
        assert sent() < 40 * MEBI


async def test_what_is_long_but_not_too_long_is_taken_and_the_line_is_kept() -> None:
    async with front_of("") as front, _session(2 * MEBI) as session:
        connector = session.connector
        assert connector is not None
        for size in (MEBI, 2 * MEBI - 1_000, 0, 1):
            front.says = whole(b"x" * size)
            async with session.get(front.url) as response:
                assert len(await response.read()) == size
        front.says = whole(b"x" * 3 * MEBI)
        with pytest.raises(ClientError):
            async with session.get(front.url) as response:
                await response.read()


async def test_another_user_of_the_same_line_is_not_counted() -> None:
    async with front_of("") as front, _session(10_000) as bounded:
        front.says = whole(b"x" * 1_000)
        async with bounded.get(front.url) as response:
            await response.read()
        async with ClientSession(connector=bounded.connector, connector_owner=False) as other:
            front.says = whole(b"x" * MEBI)
            async with other.get(front.url) as response:
                assert len(await response.read()) == MEBI


async def test_provisional_answers_are_answers() -> None:
    said = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for place in range(len(said)):
            writer.write(said[place : place + 1])
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server, _session(500) as session:
        port = server.sockets[0].getsockname()[1]
        async with session.get(f"http://127.0.0.1:{port}/") as response:
            assert await response.text() == "ok"


async def test_a_websocket_goes_on_as_long_as_it_is_asked() -> None:
    async def talk(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            for _ in range(int(message.data)):
                await socket.send_str("x" * (MOST_OF_A_HEAD // 2))
        return socket

    app = web.Application()
    app.router.add_get("/", talk)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with _session(MOST_OF_A_HEAD) as session, session.ws_connect(url) as socket:
            assert isinstance(socket, BoundedSocket)
            for _ in range(20):
                await socket.send_str("1")
                assert len(await socket.answer()) == MOST_OF_A_HEAD // 2
            await socket.send_str("3")
            with pytest.raises(StrangeAnswerError):
                await _all_of(socket)
    finally:
        await runner.cleanup()


async def _all_of(socket: BoundedSocket) -> None:
    while True:
        await socket.answer()


def _session(most: int) -> ClientSession:
    connector = TCPConnector(resolver=ThreadedResolver(), limit=1)
    return ClientSession(
        connector=connector, request_class=bounded_request(most), ws_response_class=BoundedSocket
    )


async def test_an_encrypted_line_is_cut_too(authority: Authority) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue())

    async def talk(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * int(request.query["size"]))

    app = web.Application()
    app.router.add_get("/", talk)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}/?size="
    try:
        async with _session(MEBI) as session:
            for _ in range(2):
                async with session.get(f"{url}{MEBI // 2}", ssl=False) as response:
                    assert len(await response.read()) == MEBI // 2
            with pytest.raises(ClientError):
                async with session.get(f"{url}{2 * MEBI}", ssl=False) as response:
                    await response.read()
    finally:
        await runner.cleanup()
