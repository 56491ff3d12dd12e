"""The line that a web server answers on: cut where an answer has no end.

aiohttp takes heads, trailers and provisional answers as they come, and no limit of its own ends
those of every version that Home Assistant brings. Nor does it end those of a websocket.
"""

from __future__ import annotations

import asyncio
import math
import re
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from aiohttp import (
    ClientPayloadError,
    ClientRequest,
    ClientWebSocketResponse,
    ServerDisconnectedError,
    WSMsgType,
)
from aiohttp.hdrs import CONNECTION

from .answers import StrangeAnswerError
from .frames import Frames

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection

MOST_OF_A_HEAD: Final = 32 * 1024
"""Bytes before an answer itself: servers send hundreds, and take no more than this themselves."""

# Chunks below 256 bytes: servers fill thousands. Older aiohttp needs the square of their number.
_SMALL_CHUNK: Final = re.compile(rb"\r\n[0-9a-fA-F]{1,2}\r\n")
_MOST_SMALL_CHUNKS: Final = 5_000
_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_PROVISIONAL: Final = re.compile(rb"HTTP/\d\.\d 1(?!01)")
_NUMBERS: Final = count()
_SWITCHED: Final = re.compile(rb"HTTP/\d\.\d 101")


def bounded_request(most: int) -> type[ClientRequest]:
    """Return the class of requests whose answers may be so many bytes, as they come."""

    class BoundedRequest(ClientRequest):
        @property
        def connection_key(self) -> ConnectionKey:
            key = super().connection_key
            if self.headers.get(CONNECTION, "").lower() != "close":
                return key
            # aiohttp takes a connection that has served before for whatever has the same key, also
            # for what asks for a connection of its own.
            return key._replace(proxy_headers_hash=self._own)

        async def send(self, conn: Connection) -> ClientResponse:
            if (transport := conn.transport) is None or conn.protocol is None:
                return await super().send(conn)
            if conn.protocol.should_close:
                # Something came while nobody had asked: whatever comes next would be taken for the
                # answer to another question, and so on for as long as the connection lasts.
                conn.close()
                raise ServerDisconnectedError
            line = _Line(transport, conn.protocol, most)
            transport.set_protocol(line)
            # The connection may serve others afterwards.
            conn.add_callback(line.leave)
            line.response = await super().send(conn)
            return line.response

        @cached_property
        def _own(self) -> int:
            return next(_NUMBERS)

    return BoundedRequest


class BoundedSocket(ClientWebSocketResponse):
    """A websocket on which we ask, and the server answers: no more than an answer can be."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 (aiohttp's own)
        super().__init__(*arguments, **options)
        # aiohttp gives the reader, the writer, the protocol, and the answer that switched.
        connection = arguments[3].connection
        line = connection.transport.get_protocol()
        assert isinstance(line, _Line)
        self._line = line

    async def send_str(self, data: str, compress: int | None = None) -> None:
        """Ask something. Raises ConnectionError where nobody is there any more."""
        self._line.ask()
        await super().send_str(data, compress)

    async def answer(self) -> str | bytes:
        """Return what is said next.

        Raises StrangeAnswerError where a server sends without end, or no frames at all, and
        ConnectionResetError where it hangs up.
        """
        message = await self.receive()
        if self._line.is_cut or message.type is WSMsgType.ERROR:
            raise StrangeAnswerError
        if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
            raise ConnectionResetError
        said: str | bytes = message.data
        return said


class _Line(asyncio.Protocol):
    """Hands on to aiohttp what comes, until it is too much."""

    response: ClientResponse | None = None
    is_cut = False

    def __init__(
        self, transport: asyncio.Transport, taker: asyncio.BaseProtocol, most: int
    ) -> None:
        self._transport = transport
        # What aiohttp has for it is one.
        assert isinstance(taker, asyncio.Protocol)
        self._taker = taker
        self._left: float = most
        self._most = most
        # Once another protocol is spoken.
        self._frames: Frames | None = None
        self._small_chunks = 0
        # What has come of heads, None once the last one is whole.
        self._head: bytearray | None = bytearray()

    def leave(self) -> None:
        """Let aiohttp have the line as it was."""
        self._left = math.inf
        if not self._transport.is_closing():
            self._transport.set_protocol(self._taker)

    def ask(self) -> None:
        """Let the other protocol's server answer once more."""
        if self._frames is not None:
            self._frames.ask()

    def data_received(self, data: bytes) -> None:
        if not self.is_cut and self._takes(data):
            self._taker.data_received(data)
        else:
            self._cut()

    def eof_received(self) -> bool | None:
        return self._taker.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._taker.connection_lost(exc)

    def pause_writing(self) -> None:
        self._taker.pause_writing()

    def resume_writing(self) -> None:
        self._taker.resume_writing()

    def _takes(self, data: bytes) -> bool:
        beyond = data if self._head is None else self._read_head(self._head, data)
        if self._frames is not None:
            return self._frames.take(beyond)
        self._left -= len(data)
        self._small_chunks += len(_SMALL_CHUNK.findall(data))
        return self._left >= 0 and self._small_chunks <= _MOST_SMALL_CHUNKS

    def _cut(self) -> None:
        self.is_cut = True
        if self.response is not None and self.response.content is not None:
            # Else a body without a length would be whole.
            self.response.content.set_exception(ClientPayloadError("an answer without end"))
        self._transport.abort()

    def _read_head(self, head: bytearray, data: bytes) -> bytes:
        """Return what is beyond the last head."""
        head += data
        start = 0
        while end := _END_OF_HEAD.search(head, start, MOST_OF_A_HEAD):
            start = end.end()
            if not _PROVISIONAL.match(head, end.pos):
                self._head = None
                if _SWITCHED.match(head, end.pos):
                    self._frames = Frames(self._most)
                return bytes(head[start:])
        if len(head) > MOST_OF_A_HEAD:
            self._left = -1
        return b""
