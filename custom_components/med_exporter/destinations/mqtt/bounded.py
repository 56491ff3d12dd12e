"""paho's client with bounds on what a stranger can have it do, and fewer calls of the system."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from .allowance import Allowance

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

LARGEST_INCOMING: Final = 32 * 1024
"""Bytes of the largest packet that is taken, as a broker of MQTT 5 is told.

Those subscribed to are our own, of some thousand. What is said of a message costs paho the square
of its length.
"""

# Bytes of the largest frame of a websocket, which may hold many packets: paho keeps all of it.
_LARGEST_FRAME: Final = 1024 * 1024
# The first bits of a message that is delivered once and only once; none is subscribed to so.
_EXACTLY_ONCE: Final = range(0x34, 0x38)
_GOODBYE: Final = 0xE0
# The first bits of packets that a broker answers: beginning, subscription, its end, and ping.
_ANSWERED: Final = frozenset({0x10, 0x82, 0xA2, 0xC0})
_PUBLISHING: Final = range(0x30, 0x40)
# Bytes that are read, and written, at a time.
_AT_ONCE: Final = 64 * 1024


class BoundedClient(Client):
    """paho's own, but whoever sends it what no broker has a reason to send is hung up on.

    It reads packets as long as they say to be and as many as there are, keeps what comes once and
    only once until then, keeps a websocket's frame until it ends, and waits for the end of a
    websocket's greeting.
    It also asks the system for each byte that it looks at, and for each packet that it writes:
    here it is given what has come, and what it writes in one go is written together.
    """

    _received = b""
    _line: socket.socket | None = None
    _is_broken_off = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (paho's own)
        super().__init__(*args, **kwargs)
        self._gathered = bytearray()
        self._allowance = Allowance()

    @property
    def has_unread(self) -> bool:
        """Return whether something has come that the socket no longer knows of."""
        pending = getattr(self._sock, "pending", int)
        return bool(self._received or pending())

    def want_write(self) -> bool:
        """Return whether something waits to be written."""
        return bool(self._gathered) or super().want_write()

    def loop_write(self) -> MQTTErrorCode:
        """Write what waits, as far as the line takes it."""
        result = super().loop_write()
        try:
            self._flush()
        except BlockingIOError:
            self._call_socket_register_write()
        except OSError:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        if not self.want_write():
            self._call_socket_unregister_write()
        return result

    def break_off(self) -> None:
        """Have a thread that still connects fail, whatever it is told meanwhile."""
        self._is_broken_off = True
        if (line := self._line) is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _create_socket(self) -> SocketLike:
        """Keep another handle of the line until it stands: TLS takes over what it is given."""
        try:
            return super()._create_socket()
        finally:
            if self._line is not None:
                self._line.close()

    def _create_socket_connection(self) -> socket.socket:
        line = super()._create_socket_connection()
        # What is small is not to wait until the broker's system has confirmed what went before.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line = line.dup()
        if self._is_broken_off:
            line.close()
        return line

    def _sock_recv(self, bufsize: int) -> bytes:
        if bufsize > LARGEST_INCOMING:
            raise ConnectionError("a packet too long")
        if not self._received:
            self._received = self._receive()
        data, self._received = self._received[:bufsize], self._received[bufsize:]
        if not self._in_packet["command"] and data:
            if data[0] in _EXACTLY_ONCE:
                raise ConnectionError("a message that nobody asked for so")
            self._allowance.came()
        return data

    def _receive(self) -> bytes:
        try:
            return bytes(super()._sock_recv(_AT_ONCE))
        except BlockingIOError:
            # A websocket's pings and empty frames come to nothing, and may have no end.
            self._allowance.came()
            raise
        finally:
            if _announced(getattr(self._sock, "_readbuffer", b"")) > _LARGEST_FRAME:
                raise ConnectionError("a frame too long")

    def _sock_send(self, buf: bytes) -> int:
        """Take a packet, to be written with others; a goodbye goes behind them, and by itself."""
        if buf[0] in _ANSWERED or buf[0] in _PUBLISHING:
            self._allowance.asked()
        is_goodbye = buf[0] == _GOODBYE
        if is_goodbye or len(self._gathered) >= _AT_ONCE:
            self._flush()
        if is_goodbye:
            return super()._sock_send(buf)
        self._gathered += buf
        return len(buf)

    def _flush(self) -> None:
        while self._gathered and self._sock is not None:
            sent = super()._sock_send(bytes(self._gathered))
            if not sent:
                # A websocket's frame is written in part.
                raise BlockingIOError
            del self._gathered[:sent]


def _announced(frame: bytes) -> int:
    """Return how many bytes a frame says to have, if it is not one of the shorter kinds."""
    return int.from_bytes(frame[2:10]) if len(frame) >= 10 and frame[1] & 0x7F == 0x7F else 0
