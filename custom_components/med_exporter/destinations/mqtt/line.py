"""A paho client, made for a broker and kept in asyncio's event loop by its socket's callbacks."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .bounded import LARGEST_INCOMING
from .broker import tls_context
from .inside import is_known
from .messages import OFFLINE
from .plain import PlainClient
from .quick import QuickClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from .broker import Broker
    from .messages import Publishing

# How often paho looks whether the broker is still there.
_TICK: Final = 1.0


def paho_client(
    broker: Broker, publishing: Publishing, *, identifier: str, version: int
) -> QuickClient | PlainClient:
    """Return a client that is not connected yet; reads certificates from disk."""
    client = (QuickClient if is_known() else PlainClient)(
        CallbackAPIVersion.VERSION2,
        identifier,
        protocol=MQTTProtocolVersion(version),
        transport=broker.transport,
        reconnect_on_failure=False,
    )
    # The broker tells how many it takes when it is too late to tell paho.
    client.max_inflight_messages_set(0)
    client.username_pw_set(broker.username, broker.password)
    qos = min(1, publishing.qos)
    client.will_set(publishing.status_topic, OFFLINE, qos, publishing.keeps_status)
    if broker.tls:
        client.tls_set_context(tls_context(broker))
    if broker.transport == "websockets":
        path = f"/{(broker.websocket_path or '').removeprefix('/')}"
        client.ws_set_options(path, dict(broker.websocket_headers or {}))
    return client


class Line:
    """Reads, writes and ticks for a paho client in the event loop; connects in a thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        paho: QuickClient | PlainClient,
        stumbled: Callable[[Exception], None],
    ) -> None:
        """Prepare; `stumbled` is called with what paho raises over bytes that are no MQTT."""
        self._loop = loop
        self._paho = paho
        self._stumbled = stumbled
        self._gone: asyncio.Future[None] = loop.create_future()
        self._descriptor: int | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._is_reading = False

    @property
    def is_reached(self) -> bool:
        """Return whether the server took the connection, whatever came then."""
        return self._descriptor is not None or self._gone.done()

    async def reach(self, broker: Broker, keep_alive: int) -> None:
        """Have paho connect, as long as that takes, and look after its socket. Raises OSError.

        Where nobody waits for it any more, what is opened later is closed. `keep_alive` is in
        seconds.
        """
        properties = None
        if self._paho.protocol is MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)
            properties.MaximumPacketSize = LARGEST_INCOMING
        connecting = self._loop.run_in_executor(
            None,
            partial(
                self._paho.connect, broker.host, broker.port, keep_alive, properties=properties
            ),
        )
        try:
            await asyncio.wait([connecting])
        except asyncio.CancelledError:
            connecting.add_done_callback(self._close_late)
            self._paho.break_off()
            raise
        try:
            result = connecting.result()
        except OSError:
            raise
        except (ValueError, LookupError) as err:
            # What paho says to a websocket's answer that is none.
            raise ConnectionError(str(err)) from err
        socket = self._paho.socket()
        if result is not MQTTErrorCode.MQTT_ERR_SUCCESS or socket is None:
            raise ConnectionError(str(result))
        self._descriptor = socket.fileno()
        self._loop.add_reader(self._descriptor, self._read)
        self._loop.call_soon(self._write)
        self._paho.on_socket_register_write = self._asked_to_write
        self._paho.on_socket_close = self._unwatch
        self._ticking = self._loop.call_later(_TICK, self._tick)

    def hang_up(self) -> None:
        """Say goodbye behind what is written already, and close the socket then."""
        if self._descriptor is not None:
            self._paho.disconnect()

    async def close(self, patience: float) -> None:
        """Wait until paho has hung up, but not longer than some seconds; then hang up."""
        if self._descriptor is not None:
            await asyncio.wait([self._gone], timeout=patience)
        self.abort()

    def abort(self) -> None:
        """Hang up at once, whatever is still to be written."""
        if self._descriptor is not None and (socket := self._paho.socket()) is not None:
            self._unwatch()
            socket.close()

    def _close_late(self, connecting: asyncio.Future[MQTTErrorCode]) -> None:
        if not connecting.cancelled():
            connecting.exception()
        if (socket := self._paho.socket()) is not None:
            socket.close()

    def _read(self) -> None:
        if self._descriptor is None:
            return
        self._is_reading = True
        try:
            self._paho.loop_read()
        except Exception as err:  # noqa: BLE001  # paho raises anything over what is no MQTT
            if self._descriptor is not None:
                self._loop.remove_reader(self._descriptor)
            self._stumbled(err)
            return
        finally:
            self._is_reading = False
        # What answers have made room for: the broker is not to wait for another turn of the loop.
        self._write()
        if self._descriptor is not None and self._paho.has_unread:
            self._loop.call_soon(self._read)

    def _asked_to_write(self, *_: object) -> None:
        if not self._is_reading:
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        """Write what waits, and look when there is room for more where that is too much."""
        if self._paho.want_write():
            self._paho.loop_write()
        if self._descriptor is None:
            return
        if self._paho.want_write():
            self._loop.add_writer(self._descriptor, self._write)
        else:
            self._loop.remove_writer(self._descriptor)

    def _tick(self) -> None:
        self._ticking = self._loop.call_later(_TICK, self._tick)
        self._paho.loop_misc()

    def _unwatch(self, *_: object) -> None:
        """Let go of the socket, which is about to be closed; once, as its number is used again."""
        if self._descriptor is None:
            return
        self._loop.remove_reader(self._descriptor)
        self._loop.remove_writer(self._descriptor)
        self._descriptor = None
        if self._ticking is not None:
            self._ticking.cancel()
        self._gone.set_result(None)
