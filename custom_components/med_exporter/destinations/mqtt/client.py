"""One connection to an MQTT broker, with the broker's answer to every message."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

import aiomqtt
from paho.mqtt.client import WebsocketConnectionError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ..base import DestinationError
from ..web import is_loopback
from .broker import tls_context

if TYPE_CHECKING:
    from collections.abc import Callable

    import paho.mqtt.client as paho
    from paho.mqtt.reasoncodes import ReasonCode

    from .broker import Broker
    from .messages import Message

TIMEOUT: Final = 10.0
# Some brokers that do not know MQTT 5 stay silent instead of saying so.
_NEWER_PROTOCOL_TIMEOUT: Final = 3.0
# Also bounds the TLS handshake with a server that stays silent.
_KEEPALIVE: Final = 15
_MAX_IN_FLIGHT: Final = 20

_UNSUPPORTED_PROTOCOL: Final = 0x84
_BAD_CREDENTIALS: Final = frozenset({0x86, 0x87, 0x8C})
_NOT_AUTHORIZED: Final = 0x87

PROTOCOLS: Final = (aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311)


class _EarlyCloseError(aiomqtt.MqttError):
    """The server hung up, or spoke something else, before it answered as a broker."""


_CAUSES: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]] = (
    (ssl.SSLCertVerificationError, "tls_certificate"),
    (socket.gaierror, "name_not_resolved"),
    (ConnectionRefusedError, "refused"),
    (TimeoutError, "timed_out"),
    (
        (_EarlyCloseError, ssl.SSLError, ConnectionError, WebsocketConnectionError),
        "not_expected_server",
    ),
)


class _SocketWatch:
    """The event loop as aiomqtt uses it, watching the client's socket only while it is open.

    Connecting runs in a thread, which may have closed the socket again before the loop gets to it;
    its number may belong to another one by then.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, client: paho.Client) -> None:
        self._loop = loop
        self._client = client
        self.is_used = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._loop, name)

    def add_reader(self, number: int, callback: Callable[[], None]) -> None:
        self.is_used = True
        if self._is_open(number):
            self._loop.add_reader(number, callback)

    def add_writer(self, number: int, callback: Callable[[], None]) -> None:
        if self._is_open(number):
            self._loop.add_writer(number, callback)

    def _is_open(self, number: int) -> bool:
        sock = self._client.socket()
        return sock is not None and sock.fileno() == number >= 0


class MqttClient(aiomqtt.Client):
    """An aiomqtt client that keeps the reason codes which aiomqtt drops.

    A client serves one connection: open it once, close it, make a new one.
    """

    receive_maximum = _MAX_IN_FLIGHT
    maximum_qos = 2
    retain_available = True

    def __init__(
        self,
        broker: Broker,
        *,
        identifier: str,
        protocol: aiomqtt.ProtocolVersion,
        will: aiomqtt.Will | None,
        tls_context: ssl.SSLContext | None,
        timeout: float,
    ) -> None:
        super().__init__(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=identifier,
            protocol=protocol,
            will=will,
            transport=broker.transport,
            timeout=timeout,
            keepalive=_KEEPALIVE,
            tls_context=tls_context,
            websocket_path=broker.websocket_path,
            websocket_headers=dict(broker.websocket_headers or {}) or None,
        )
        self.protocol = protocol
        self._client.connect_timeout = TIMEOUT
        # What paho would log comes as an error too, and is reported once.
        self._client.disable_logger()
        self._loop = cast(asyncio.AbstractEventLoop, _SocketWatch(self._loop, self._client))
        for future in (self._connected, self._disconnected):
            # Whoever waits sees it; when nobody does any longer, it is no news.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._answers: dict[int, asyncio.Future[ReasonCode | int]] = {}
        self._take_reasons_of_pubrec()

    @property
    def is_reached(self) -> bool:
        """Return whether the server took the connection, whatever came then."""
        return cast(_SocketWatch, self._loop).is_used

    async def open(self) -> None:
        """Connect. Raises aiomqtt.MqttError and leaves no socket behind then."""
        opening = asyncio.ensure_future(self.__aenter__())
        try:
            await asyncio.wait([opening])
        except asyncio.CancelledError:
            opening.add_done_callback(self._drop)  # the thread that connects cannot be stopped
            raise
        try:
            opening.result()
        except aiomqtt.MqttError:
            self._drop(opening)
            raise

    async def close(self) -> None:
        """Say goodbye to the broker, which then does not publish the last will."""
        try:
            await self.__aexit__(None, None, None)
        except aiomqtt.MqttError:
            self._client.disconnect()

    async def lost(self) -> BaseException | None:
        """Wait until the connection is gone, and return why."""
        await asyncio.wait([self._disconnected])
        return self._disconnected.exception()

    def send(self, message: Message, *, qos: int) -> asyncio.Future[Any]:
        """Send a message now, and return a future for the broker's answer.

        With QoS 0 there is no answer: the future is done when the message is written. A message
        that has expired is not sent, and counts as written.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # Whoever gave up on it need not hear how it ended.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        properties = None
        if message.expires_at is not None:
            seconds = int((message.expires_at - datetime.now(UTC)).total_seconds())
            if seconds < 1:
                answer.set_result(0)
                return answer
            if self.protocol is aiomqtt.ProtocolVersion.V5:
                properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
                properties.MessageExpiryInterval = seconds
        info = self._client.publish(message.topic, message.payload, qos, message.retain, properties)
        if info.rc != 0:
            answer.set_exception(DestinationError("connection_lost", host=self._hostname))
        elif info.is_published():
            answer.set_result(0)
        else:
            self._answers[info.mid] = answer
        return answer

    async def settle(self, answer: asyncio.Future[Any], topic: str) -> None:
        """Wait for the broker's answer to a message. Raises DestinationError."""
        await asyncio.wait(
            [answer, self._disconnected], timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED
        )
        if not answer.done():
            if self._disconnected.done():
                raise self._lost_error(topic)
            raise DestinationError(
                "timed_out", variant="acknowledgement", host=self._hostname, seconds=int(TIMEOUT)
            )
        reason = reason_value(answer.result())
        if reason == _NOT_AUTHORIZED:
            raise DestinationError("publish_not_allowed", topic=topic)
        if reason >= 0x80:
            raise DestinationError("message_refused", topic=topic, reason=str(answer.result()))

    def _lost_error(self, topic: str) -> DestinationError:
        # Some brokers hang up on whoever publishes where they may not.
        error = None if self._disconnected.cancelled() else self._disconnected.exception()
        if isinstance(error, aiomqtt.MqttCodeError) and reason_value(error.rc) == _NOT_AUTHORIZED:
            return DestinationError("publish_not_allowed", topic=topic)
        return DestinationError("connection_lost", host=self._hostname)

    def _drop(self, opening: asyncio.Future[Any]) -> None:
        if not opening.cancelled():
            opening.exception()
        self._client.disconnect()

    def _take_reasons_of_pubrec(self) -> None:
        """With QoS 2 a refusal stands in PUBREC, which paho does not hand on."""
        handle = self._client._handle_pubrec  # noqa: SLF001

        def take_reason() -> Any:  # noqa: ANN401
            packet = self._client._in_packet["packet"]  # noqa: SLF001
            if self.protocol is aiomqtt.ProtocolVersion.V5 and len(packet) > 2 and packet[2] >= 128:
                # The exchange ends with it (MQTT 5, 4.3.3), as with a PUBACK of the same shape.
                # Paho would go on with a PUBREL, on which some brokers hang up.
                return self._client._handle_pubackcomp("PUBACK")  # noqa: SLF001
            return handle()

        self._client._handle_pubrec = take_reason  # type: ignore[method-assign]  # noqa: SLF001

    def _answer(self, mid: int, reason: ReasonCode | int) -> None:
        answer = self._answers.pop(mid, None)
        if answer is not None and not answer.done():
            answer.set_result(reason)

    def _on_connect(
        self,
        client: paho.Client,
        userdata: Any,  # noqa: ANN401
        flags: paho.ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        self.receive_maximum = min(
            _MAX_IN_FLIGHT, getattr(properties, "ReceiveMaximum", _MAX_IN_FLIGHT)
        )
        self.maximum_qos = getattr(properties, "MaximumQoS", 2)
        self.retain_available = bool(getattr(properties, "RetainAvailable", 1))
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_publish(
        self,
        client: paho.Client,
        userdata: Any,  # noqa: ANN401
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,
    ) -> None:
        super()._on_publish(client, userdata, mid, reason_code, properties)
        self._answer(mid, reason_code)

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: Any,  # noqa: ANN401
        flags: paho.DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        if not self._connected.done():
            # aiomqtt would go on waiting for an answer that cannot come any more.
            self._connected.set_exception(_EarlyCloseError(str(reason_code)))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)


async def async_open(
    broker: Broker,
    *,
    identifier: str,
    will: aiomqtt.Will | None = None,
    protocols: tuple[aiomqtt.ProtocolVersion, ...] = PROTOCOLS,
) -> MqttClient:
    """Connect with MQTT 5, or with 3.1.1 where the broker does not know MQTT 5.

    Raises DestinationError with the mistake.
    """
    context = None
    if broker.tls:
        loop = asyncio.get_running_loop()
        context = await loop.run_in_executor(None, tls_context, broker)
    for protocol in protocols:
        is_last = protocol is protocols[-1]
        client = MqttClient(
            broker,
            identifier=identifier,
            protocol=protocol,
            will=will,
            tls_context=context,
            timeout=TIMEOUT if is_last else _NEWER_PROTOCOL_TIMEOUT,
        )
        try:
            await client.open()
        except aiomqtt.MqttError as err:
            if is_last or not _asks_for_older_protocol(client, err):
                raise _connection_error(err, broker) from err
        else:
            return client
    raise AssertionError


def _asks_for_older_protocol(client: MqttClient, err: aiomqtt.MqttError) -> bool:
    if isinstance(err, aiomqtt.MqttCodeError):
        return reason_value(err.rc) == _UNSUPPORTED_PROTOCOL
    return client.is_reached


def _connection_error(err: aiomqtt.MqttError, broker: Broker) -> DestinationError:
    """Name the mistake behind a connection that did not come about."""
    host = broker.address
    if isinstance(err, aiomqtt.MqttCodeError):
        if reason_value(err.rc) in _BAD_CREDENTIALS:
            return DestinationError("wrong_credentials", field="password", host=host)
        return DestinationError("server_refused", field="broker", host=host, reason=str(err.rc))
    # aiomqtt hides what went wrong, but Python keeps it.
    cause = err if isinstance(err, _EarlyCloseError) else err.__context__
    code = next((code for kinds, code in _CAUSES if isinstance(cause, kinds)), "unreachable")
    return DestinationError(
        code,
        variant=_variant(code, broker),
        field="ca_certificate" if code == "tls_certificate" else "broker",
        host=host,
        seconds=int(TIMEOUT),
        reason=getattr(cause, "verify_message", None) or str(cause),
    )


def _variant(code: str, broker: Broker) -> str | None:
    if code == "refused" and is_loopback(broker.host):
        return "loopback"
    return "mqtt" if code in {"not_expected_server", "tls_certificate"} else None


def reason_value(reason: ReasonCode | int | None) -> int:
    """Return the number of a reason code; 128 and above are failures."""
    if reason is None:
        return 0
    return reason if isinstance(reason, int) else reason.value
