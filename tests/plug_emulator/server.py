"""The sockets of one plug: TCP with a length in front, UDP without, and what can go wrong."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Literal, cast

from .cipher import HEADER_BYTES, decode, encode, header

if TYPE_CHECKING:
    from collections.abc import Callable

Garble = Literal["noise", "truncated", "too_long", "too_short"]
Address = tuple[str, int]
Transport = Literal["tcp", "udp"]

_MAX_REQUEST_BYTES = 16 * 1024
_FREE_PORT_ATTEMPTS = 20


@dataclass
class Faults:
    """What is wrong with a plug's answers; the sockets look here before every answer."""

    delay: float = 0.0
    silent: bool = False
    garble: Garble | None = None
    noise: Random = field(default_factory=lambda: Random(171))

    def spoil(self, body: bytes) -> bytes:
        """Return the body as it goes out on UDP."""
        if self.garble == "noise":
            return self.noise.randbytes(len(body))
        return body if self.garble is None else body[: len(body) // 2]

    def spoil_framed(self, body: bytes) -> tuple[bytes, bool]:
        """Return what goes out on TCP, and whether the connection ends after it.

        noise: the right length, then random bytes. truncated: the right length, half of the
        body, and the end. too_long and too_short: the whole body under a wrong length.
        """
        match self.garble:
            case None:
                return header(len(body)) + body, False
            case "noise":
                return header(len(body)) + self.noise.randbytes(len(body)), False
            case "truncated":
                return header(len(body)) + body[: len(body) // 2], True
            case "too_long":
                return header(len(body) + 1000) + body, False
            case "too_short":
                return header(len(body) // 2) + body, False


class PlugServer:
    """Listens on one address for one plug and answers through `handle`.

    `handle` gets a decoded request and the transport it came by and returns the answer.
    """

    def __init__(
        self,
        handle: Callable[[dict[str, Any], Transport], dict[str, Any]],
        faults: Faults,
        host: str,
        port: int,
    ) -> None:
        self.faults = faults
        self.host = host
        self.port = port
        self._handle = handle
        self._listener: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._connections: set[asyncio.Transport] = set()
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._listener is not None

    async def open(self) -> None:
        """Listen on TCP and UDP; port 0 becomes one that is free on both.

        Raises OSError when the address cannot be used.
        """
        loop = asyncio.get_running_loop()
        tcp, udp = _bind_both(self.host, self.port)
        self.port = tcp.getsockname()[1]
        self._listener = await loop.create_server(lambda: _Connection(self), sock=tcp)
        self._datagrams, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)

    def close(self) -> None:
        """Stop listening and break every connection; the next attempt is refused."""
        if self._listener:
            self._listener.close()
            self._listener = None
        if self._datagrams:
            self._datagrams.abort()
            self._datagrams = None
        self.drop_connections()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def drop_connections(self) -> None:
        """Break every open connection; new ones are accepted."""
        for transport in list(self._connections):
            transport.abort()
        self._connections.clear()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after a while, unless the server is closed before."""

        def run() -> None:
            self._timers.discard(timer)
            action()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)

    def answer_stream(self, body: bytes, transport: asyncio.Transport) -> None:
        """Answer one request of a connection."""
        try:
            request = decode(body)
        except ValueError:
            transport.abort()  # not somebody who speaks the protocol
            return
        answer = encode(self._handle(request, "tcp"))
        self._send(lambda: self._write(answer, transport))

    def answer_datagram(self, body: bytes, sender: Address) -> None:
        """Answer a query from `sender`, sent to this plug or to everybody, by UDP."""
        if self._datagrams is None:
            return
        try:
            request = decode(body)
        except ValueError:
            return
        answer = encode(self._handle(request, "udp"))
        self._send(lambda: self._write_datagram(answer, sender))

    def add(self, transport: asyncio.Transport) -> None:
        """Remember a connection."""
        self._connections.add(transport)

    def discard(self, transport: asyncio.Transport) -> None:
        """Forget a connection that ended."""
        self._connections.discard(transport)

    def _send(self, send: Callable[[], None]) -> None:
        if self.faults.silent:
            return
        if self.faults.delay:
            self.later(self.faults.delay, send)
        else:
            send()

    def _write_datagram(self, answer: bytes, sender: Address) -> None:
        if self._datagrams:
            self._datagrams.sendto(self.faults.spoil(answer), sender)

    def _write(self, answer: bytes, transport: asyncio.Transport) -> None:
        if transport.is_closing():
            return
        framed, is_last = self.faults.spoil_framed(answer)
        transport.write(framed)
        if is_last:
            transport.close()


class _Connection(asyncio.Protocol):
    def __init__(self, server: PlugServer) -> None:
        self._server = server
        self._received = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= HEADER_BYTES:
            length = int.from_bytes(self._received[:HEADER_BYTES], "big")
            if length > _MAX_REQUEST_BYTES:
                self._transport.abort()
                return
            end = HEADER_BYTES + length
            if len(self._received) < end:
                return
            body = bytes(self._received[HEADER_BYTES:end])
            del self._received[:end]
            self._server.answer_stream(body, self._transport)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: PlugServer) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._server.answer_datagram(data, addr)


def _bind_both(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    for attempt in range(1, _FREE_PORT_ATTEMPTS + 1):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind((host, port))
            udp.bind((host, tcp.getsockname()[1]))
        except OSError:
            tcp.close()
            udp.close()
            if port or attempt == _FREE_PORT_ATTEMPTS:
                raise
        else:
            tcp.setblocking(False)
            udp.setblocking(False)
            return tcp, udp
    raise AssertionError("unreachable")
