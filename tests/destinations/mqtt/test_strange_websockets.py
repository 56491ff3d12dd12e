"""Servers that take a websocket and then say what no broker has a reason to say over it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.mqtt import opening
from custom_components.med_exporter.destinations.mqtt.broker import Broker
from custom_components.med_exporter.destinations.mqtt.opening import async_open
from tests.hostile_front import never_held
from tests.mqtt_destinations import PUBLISHING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MEBI = 1024 * 1024
# What the systems on both sides may hold, beside what is taken.
IN_BETWEEN = 16 * MEBI
BINARY, PING = b"\x82", b"\x89"


class Stranger:
    """Takes a connection, says something, and goes on for as long as somebody listens."""

    def __init__(self, said: bytes, more: bytes, *, greets: bool = True) -> None:
        self.said, self.more, self.greets = said, more, greets
        self.port = 0
        self.sent = 0
        self.hung_up_on = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.greets:
                asked = (await reader.readuntil(b"\r\n\r\n")).decode()
                key = asked.split("Sec-WebSocket-Key: ")[1].split("\r\n")[0]
                magic = f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
                accept = base64.b64encode(hashlib.sha1(magic).digest()).decode()
                writer.write(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    b"Connection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n"
                    + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
                )
            writer.write(self.said)
            while True:
                writer.write(self.more)
                self.sent += len(self.more)
                await writer.drain()
                await asyncio.sleep(0)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up_on.set()
        finally:
            writer.transport.abort()


@asynccontextmanager
async def running(stranger: Stranger) -> AsyncIterator[Stranger]:
    server = await asyncio.start_server(stranger.serve, "127.0.0.1", 0)
    stranger.port = server.sockets[0].getsockname()[1]
    try:
        yield stranger
    finally:
        server.close()


async def refused(port: int, transport: str) -> str:
    broker = Broker(host="127.0.0.1", port=port, transport=transport)
    with pytest.raises(DestinationError) as raised:
        await async_open(broker, PUBLISHING, identifier="med", versions=(5,))
    return raised.value.code


@pytest.mark.parametrize(
    ("transport", "said"),
    [
        ("websockets", BINARY + b"\x7f" + (1 << 32).to_bytes(8)),
        ("websockets", BINARY + b"\x7f" + (1 << 63).to_bytes(8)),
        ("websockets", PING + b"\x7f" + (1 << 32).to_bytes(8)),
        ("websockets", BINARY + b"\x7f" + (1 << 32).to_bytes(8) + b"\x30\xff\xff\xff\x7f"),
        ("tcp", b"\x30\xff\xff\xff\x7f"),
        ("tcp", b"\x20\xff\xff\xff\x7f"),
    ],
    ids=["frame", "longest frame", "ping", "packet in a frame", "packet", "first answer"],
)
async def test_what_is_announced_to_be_gigabytes_is_not_gathered(transport: str, said: bytes):
    # Pings to a client are answers that it has not asked for, and hold nothing.
    async with running(Stranger(said, b"\xd0\x00" * 32768, greets=transport != "tcp")) as stranger:
        async with never_held():
            assert await refused(stranger.port, transport) == "NOT_EXPECTED_SERVER"
            await asyncio.wait_for(stranger.hung_up_on.wait(), 10)
        assert stranger.sent < IN_BETWEEN


@pytest.mark.parametrize("more", [b"x" * 100, b"X-More: 1\r\n"], ids=["a line", "lines"])
async def test_a_greeting_that_never_ends_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, more: bytes
) -> None:
    monkeypatch.setattr(opening, "TIMEOUT", 0.5)
    stranger = Stranger(b"HTTP/1.1 101 Switching Protocols\r\n", more, greets=False)
    async with running(stranger):
        assert await refused(stranger.port, "websockets") == "TIMED_OUT"
        await asyncio.wait_for(stranger.hung_up_on.wait(), 10)


@pytest.mark.parametrize("frame", [PING, BINARY], ids=["pings", "empty frames"])
async def test_frames_that_hold_nothing_and_never_end_are_hung_up_on(frame: bytes) -> None:
    stranger = Stranger(b"", (frame + b"\x00") * 1000)
    async with running(stranger), never_held():
        assert await refused(stranger.port, "websockets") == "NOT_EXPECTED_SERVER"
        await asyncio.wait_for(stranger.hung_up_on.wait(), 10)
