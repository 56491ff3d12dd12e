"""MQTT through a websocket, for a broker that Home Assistant itself reaches so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    import ssl

    from .broker import Broker

_CLOSE_TIMEOUT: Final = 1.0


async def open_websocket(
    protocol: asyncio.Protocol, broker: Broker, tls: ssl.SSLContext | None
) -> None:
    """Connect a protocol to a broker through a websocket. Raises OSError."""
    session = aiohttp.ClientSession()
    url = URL.build(
        scheme="wss" if broker.tls else "ws",
        host=broker.host,
        port=broker.port,
        path=f"/{(broker.websocket_path or '').removeprefix('/')}",
    )
    try:
        socket = await session.ws_connect(
            url,
            protocols=("mqtt",),
            headers=broker.websocket_headers,
            ssl=tls or True,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_TIMEOUT),
        )
    except BaseException as err:
        await session.close()
        if isinstance(err, aiohttp.ClientConnectorCertificateError):
            raise err.certificate_error from err
        if isinstance(err, aiohttp.ClientConnectorError):
            raise err.os_error from err
        if isinstance(err, aiohttp.ClientError):
            raise ConnectionError(str(err)) from err
        raise
    protocol.connection_made(_WebSocketTransport(protocol, session, socket))


class _WebSocketTransport(asyncio.WriteTransport):
    """A websocket as a line of bytes."""

    def __init__(
        self,
        protocol: asyncio.Protocol,
        session: aiohttp.ClientSession,
        socket: aiohttp.ClientWebSocketResponse,
    ) -> None:
        super().__init__()
        self._protocol = protocol
        self._session = session
        self._socket = socket
        self._is_closing = False
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._life = asyncio.create_task(self._live(), name="med_exporter mqtt websocket")

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Leave the limits as they are: everything waits until it is sent."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send later, in order."""
        self._protocol.pause_writing()
        self._out.put_nowait(bytes(data))

    def is_closing(self) -> bool:
        """Return whether nothing can be written any more."""
        return self._is_closing

    def close(self) -> None:
        """Hang up when everything is sent."""
        self._is_closing = True
        self._out.put_nowait(None)

    def abort(self) -> None:
        """Hang up now."""
        self._is_closing = True
        self._life.cancel()

    async def _live(self) -> None:
        sending = asyncio.create_task(self._send())
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    self._protocol.data_received(message.data)
        finally:
            self._is_closing = True
            sending.cancel()
            await self._socket.close()
            await self._session.close()
            self._protocol.connection_lost(None)

    async def _send(self) -> None:
        while (data := await self._out.get()) is not None:
            await self._socket.send_bytes(data)
            if self._out.empty():
                self._protocol.resume_writing()
        await self._socket.close()
