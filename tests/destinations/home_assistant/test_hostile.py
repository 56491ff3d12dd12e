"""Another Home Assistant that is none, and sends over its websocket what it likes, without end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import socket
import threading
import zlib
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.home_assistant.api import Remote, RemoteConnection
from tests.hostile_front import never_held
from tests.web.test_frames import LAST, PART, PING, TEXT, frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

MEBI = 1024 * 1024
BOMB = zlib.compress(bytes(7 * MEBI), 9)[2:-4]
FLOODS = {
    "pings": frame(PING, 0),
    "long pings": frame(PING, 125),
    "pongs": frame(0x8A, 1),
    "empty messages": frame(TEXT, 0),
    "empty bytes": frame(0x82, 0),
    "parts of nothing": frame(PART, 0),
    "parts of a byte": frame(PART, 1),
    "messages": frame(TEXT, 1_000),
    "answers to another question": bytes((TEXT, 10)) + b'{"id":900}',
    "frames of 64 KiB": frame(PART, 65_536),
    "frames of a gigabyte": bytes((TEXT, 127)) + (1 << 30).to_bytes(8, "big") + b" " * MEBI,
    "parts that are packed": bytes((TEXT | 0x40, 126)) + len(BOMB).to_bytes(2, "big") + BOMB,
    "last parts of nothing": frame(LAST, 0),
    "no frames": b"\xff" * 1_000,
}


@asynccontextmanager
async def hostile(flood: bytes, *, logs_in: bool) -> AsyncIterator[str]:
    """Give the address of a server that switches to websocket, and then floods for ever."""
    listening = socket.create_server(("127.0.0.1", 0))
    again = flood * max(1, 2 * MEBI // len(flood))

    def say(line: socket.socket, **words: object) -> None:
        text = json.dumps(words).encode()
        line.sendall(bytes((TEXT, len(text))) + text)

    def serve(line: socket.socket) -> None:
        with suppress(OSError), line:
            key = re.search(rb"(?i)sec-websocket-key: *(\S+)", line.recv(65_536))
            assert key is not None
            magic = key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accepted = base64.b64encode(hashlib.sha1(magic).digest())
            line.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accepted + b"\r\n\r\n"
            )
            if logs_in:
                say(line, type="auth_required")
                line.recv(65_536)
                say(line, type="auth_ok")
                line.recv(65_536)
            while True:
                line.sendall(again)

    def accept() -> None:
        with suppress(OSError):
            # aiohttp tries once more where a server hangs up before it has answered.
            while True:
                serve(listening.accept()[0])

    serving = threading.Thread(target=accept, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        # What we hung up on may still be on its way.
        await asyncio.to_thread(serving.join, 5)
    assert not serving.is_alive()


def most_memory() -> int:
    """Return the most bytes that this process has had since `forget_memory`."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def forget_memory() -> None:
    """Begin to watch memory anew."""
    Path("/proc/self/clear_refs").write_text("5")


@pytest.mark.parametrize("logs_in", [False, True], ids=["at first", "logged in"])
@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_is_hung_up_on(hass: HomeAssistant, kind: str, *, logs_in: bool) -> None:
    async with hostile(FLOODS[kind], logs_in=logs_in) as url:
        forget_memory()
        before = most_memory()
        async with never_held(), asyncio.timeout(10):
            with pytest.raises(DestinationError) as caught:
                await RemoteConnection.open(hass, Remote(url=url, token="T"))
        assert (caught.value.key, caught.value.field) == (
            "destination_not_expected_server_home_assistant",
            "url",
        )
        assert most_memory() - before < 128 * MEBI
