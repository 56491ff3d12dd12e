"""One connection to an MQTT broker, with the broker's answer to every message."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ..base import DestinationError
from ..web import is_loopback
from .broker import tls_context
from .messages import OFFLINE
from .packets import (
    DISCONNECT,
    PINGREQ,
    Connack,
    Incoming,
    Kind,
    Packet,
    PacketReader,
    Property,
    Version,
    connect,
    puback,
    publish,
    pubrel,
    read_acknowledgement,
    read_connack,
    read_publish,
    read_reason,
    read_suback,
    reason_text,
    subscribe,
)
from .websocket import open_websocket

if TYPE_CHECKING:
    from .broker import Broker
    from .messages import Message, Publishing

TIMEOUT: Final = 10.0
# Some brokers that do not know MQTT 5 stay silent instead of saying so.
_NEWER_VERSION_TIMEOUT: Final = 3.0
_KEEP_ALIVE: Final = 15
_GOODBYE_TIMEOUT: Final = 2.0
_MAX_IN_FLIGHT: Final = 20
# Messages of the broker that nobody has looked at yet.
_MAX_UNREAD: Final = 1000

_REFUSED: Final = 0x80
_UNSUPPORTED_VERSION: Final = 0x84
_BAD_CREDENTIALS: Final = frozenset({0x86, 0x87, 0x8C})
_NOT_AUTHORIZED: Final = 0x87
_TAKEN_OVER: Final = 0x8E
_RETAIN_NOT_SUPPORTED: Final = 0x9A
_QOS_NOT_SUPPORTED: Final = 0x9B

VERSIONS: Final = (Version.V5, Version.V311)


class _EarlyCloseError(ConnectionError):
    """The server hung up, or spoke something else, before it answered as a broker."""


_CAUSES: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]] = (
    (ssl.SSLCertVerificationError, "tls_certificate"),
    (socket.gaierror, "name_not_resolved"),
    (ConnectionRefusedError, "refused"),
    (TimeoutError, "timed_out"),
    ((ssl.SSLError, ConnectionError), "not_expected_server"),
)


class _UnderWay(NamedTuple):
    """A message or a subscription that the broker has not answered yet."""

    answer: asyncio.Future[int]
    topic: str
    awaited: Kind


class MqttClient(asyncio.Protocol):
    """A connection: opened once, closed once.

    Attributes:
        version: of the protocol.
        answering_qos: the QoS of messages that the broker is to answer, as far as it can.
        receive_maximum: how many messages may be under way.
        maximum_qos: the highest QoS that the broker takes, where it says so.
        retain_available: whether the broker keeps messages, where it says so.

    """

    def __init__(self, broker: Broker, version: Version, *, qos: int) -> None:
        """Prepare a connection that sends values with a QoS."""
        self.version = version
        self.answering_qos = min(1, qos)
        self.receive_maximum = _MAX_IN_FLIGHT
        self.maximum_qos = 2
        self.retain_available = True
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._reader = PacketReader()
        self._transport: asyncio.WriteTransport | None = None
        self._connack: asyncio.Future[Connack] = self._loop.create_future()
        self._lost: asyncio.Future[DestinationError] = self._loop.create_future()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._keep_alive = float(_KEEP_ALIVE)
        self._pinging: asyncio.TimerHandle | None = None
        self._is_silent = False
        self._largest: int | None = None
        self._last_identifier = 0
        self._under_way: dict[int, _UnderWay] = {}
        self._queue: deque[bytes] = deque()
        self._unanswered = 0
        self._unread: asyncio.Queue[Incoming] = asyncio.Queue(_MAX_UNREAD)
        self._out: list[bytes] = []
        self._unwritten: list[asyncio.Future[int]] = []
        self._is_held_up = False

    @property
    def is_reached(self) -> bool:
        """Return whether the server took the connection, whatever came then."""
        return self._transport is not None

    @property
    def is_lost(self) -> bool:
        """Return whether the connection is gone."""
        return self._lost.done()

    async def open(
        self,
        identifier: str,
        *,
        tls: ssl.SSLContext | None,
        will: tuple[str, str, int, bool] | None,
        patience: float,
    ) -> int:
        """Connect, and return the broker's reason to refuse it, or 0.

        `patience` is how many seconds the broker has to answer. Raises OSError, and leaves no
        socket behind then.
        """
        broker = self._broker
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._reach(tls)
            self._write(
                connect(
                    self.version,
                    identifier,
                    keep_alive=_KEEP_ALIVE,
                    username=broker.username,
                    password=broker.password,
                    will=will,
                )
            )
            async with asyncio.timeout(patience):
                reason, properties = await self._connack
        except BaseException:
            self._abort()
            raise
        if reason:
            self._abort()
            return reason
        self._learn(properties)
        if not self._lost.done():
            self._pinging = self._loop.call_later(self._keep_alive, self._ping)
        return 0

    async def close(self) -> None:
        """Say goodbye to the broker, which then does not publish the last will.

        A connection that was lost is closed too: its line may still hold what nobody takes.
        """
        self._end(self._refusal(0, None))
        await asyncio.wait([self._gone], timeout=_GOODBYE_TIMEOUT)
        self._abort()

    async def lost(self) -> DestinationError:
        """Wait until the connection is gone, and return why."""
        await asyncio.wait([self._lost])
        return self._lost.result()

    def send(self, message: Message, *, qos: int) -> asyncio.Future[int]:
        """Send a message now, and return a future for the broker's answer; see `answered`.

        With QoS 0 there is no answer: the future is done when the message is written. A message
        that has expired is not sent, and counts as written.
        """
        answer: asyncio.Future[int] = self._loop.create_future()
        lifetime = None
        if message.expires_at is not None:
            lifetime = int((message.expires_at - datetime.now(UTC)).total_seconds())
        if lifetime is not None and lifetime < 1:
            answer.set_result(0)
        elif self._lost.done():
            _fail(answer, self._lost.result())
        else:
            identifier = self._next_identifier() if qos else None
            packet = publish(
                self.version,
                message.topic,
                message.payload.encode(),
                qos=qos,
                retain=message.retain,
                identifier=identifier,
                lifetime=lifetime,
            )
            if self._largest is not None and len(packet) > self._largest:
                _fail(answer, self._refusal(0x95, message.topic))
                return answer
            if identifier is None:
                self._unwritten.append(answer)
                self._write(packet)
            else:
                awaited = Kind.PUBACK if qos == 1 else Kind.PUBREC
                self._under_way[identifier] = _UnderWay(answer, message.topic, awaited)
                self._queue.append(packet)
                self._write_queued()
        return answer

    async def answered(self, answer: asyncio.Future[int]) -> int:
        """Wait for the broker's answer. Raises DestinationError where it refuses.

        A broker that leaves one message unanswered is done with: what it would answer later could
        not be told from what it forgot, so the connection ends, and the next one begins anew.
        """
        if not answer.done():
            await asyncio.wait([answer], timeout=TIMEOUT)
            if not answer.done():
                self._end(
                    DestinationError(
                        "timed_out",
                        variant="acknowledgement",
                        host=self._broker.address,
                        seconds=int(TIMEOUT),
                    )
                )
        return answer.result()

    async def deliver(self, *messages: Message, qos: int) -> None:
        """Send messages, and wait for all answers. Raises DestinationError for a refusal."""
        answers = [self.send(message, qos=qos) for message in messages]
        await asyncio.gather(*map(self.answered, answers), return_exceptions=True)
        for answer in answers:
            answer.result()

    async def subscribe(self, topic: str) -> bool:
        """Listen to a topic with QoS 1, and return whether the broker allows it.

        Raises DestinationError where the connection is lost.
        """
        answer: asyncio.Future[int] = self._loop.create_future()
        if self._lost.done():
            raise self._lost.result()
        identifier = self._next_identifier()
        self._under_way[identifier] = _UnderWay(answer, topic, Kind.SUBACK)
        self._write(subscribe(self.version, topic, qos=1, identifier=identifier))
        return await self.answered(answer) < _REFUSED

    async def next_message(self) -> Incoming:
        """Wait for a message on a topic that was subscribed to.

        Raises DestinationError where the connection is lost.
        """
        if not self._unread.empty():
            return self._unread.get_nowait()
        getting = asyncio.ensure_future(self._unread.get())
        try:
            waiting: list[asyncio.Future[Any]] = [getting, self._lost]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                raise self._lost.result()
            return getting.result()
        finally:
            getting.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the line."""
        self._transport = cast("asyncio.WriteTransport", transport)
        # Whatever the line does not take at once holds up what comes behind it.
        self._transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """Read what the broker says; whoever speaks something else is hung up on."""
        try:
            for packet in self._reader.feed(data):
                self._is_silent = False
                self._take(packet)
        except (ValueError, IndexError, struct.error) as err:
            self._hang_up(str(err))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everyone who waits that the line is gone."""
        if not self._gone.done():
            self._gone.set_result(None)
        self._hang_up(str(exc or "closed by the broker"), exc)

    def pause_writing(self) -> None:
        """Stop to count messages as written."""
        self._is_held_up = True

    def resume_writing(self) -> None:
        """Count what the line was given as written."""
        self._is_held_up = False
        self._count_written()

    async def _reach(self, tls: ssl.SSLContext | None) -> None:
        broker = self._broker
        if broker.transport == "websockets":
            await open_websocket(self, broker, tls)
            return
        try:
            await self._loop.create_connection(  # type: ignore[call-overload]
                lambda: self, broker.host, broker.port, ssl=tls, all_errors=True
            )
        except ExceptionGroup as group:
            # One for each address of a name.
            raise group.exceptions[0] from None

    def _learn(self, properties: dict[int, int]) -> None:
        """Keep to what the broker says of itself."""
        self.receive_maximum = min(
            _MAX_IN_FLIGHT, properties.get(Property.RECEIVE_MAXIMUM, _MAX_IN_FLIGHT)
        )
        self.maximum_qos = properties.get(Property.MAXIMUM_QOS, 2)
        self.retain_available = bool(properties.get(Property.RETAIN_AVAILABLE, 1))
        self._largest = properties.get(Property.MAXIMUM_PACKET_SIZE)
        if keep_alive := properties.get(Property.SERVER_KEEP_ALIVE):
            self._keep_alive = min(self._keep_alive, keep_alive)
        if self.version is Version.V5:
            # It says what it takes, and why it refuses something, even where values go unanswered.
            self.answering_qos = min(1, self.maximum_qos)

    def _take(self, packet: Packet) -> None:
        if not self._connack.done():
            if packet.kind is not Kind.CONNACK:
                raise ValueError(f"{packet.kind.name} before CONNACK")
            self._connack.set_result(read_connack(packet.body, self.version))
        elif packet.kind in {Kind.PUBACK, Kind.PUBREC, Kind.PUBCOMP}:
            self._acknowledged(packet.kind, *read_acknowledgement(packet.body))
        elif packet.kind is Kind.SUBACK:
            self._acknowledged(packet.kind, *read_suback(packet.body))
        elif packet.kind is Kind.PUBLISH:
            message = read_publish(packet, self.version)
            if self._unread.full():
                raise ValueError("more messages than anyone asked for")
            self._unread.put_nowait(message)
            if message.identifier is not None:
                self._write(puback(message.identifier))
        elif packet.kind is Kind.DISCONNECT:
            self._end(self._refusal(read_reason(packet.body), None))

    def _acknowledged(self, kind: Kind, identifier: int, reason: int) -> None:
        """Settle what was asked; an answer to something else, or of another kind, is none."""
        under_way = self._under_way.get(identifier)
        if under_way is None or under_way.awaited is not kind:
            return
        if kind is Kind.PUBREC and reason < _REFUSED:
            self._under_way[identifier] = under_way._replace(awaited=Kind.PUBCOMP)
            self._write(pubrel(identifier))
            return
        # With QoS 2 too the exchange ends with a refusal (MQTT 5, 4.3.3).
        del self._under_way[identifier]
        if kind is Kind.SUBACK:
            _settle(under_way.answer, reason)
            return
        if reason < _REFUSED:
            _settle(under_way.answer, reason)
        else:
            _fail(under_way.answer, self._refusal(reason, under_way.topic))
        self._unanswered -= 1
        self._write_queued()

    def _refusal(self, reason: int, topic: str | None) -> DestinationError:
        """Name why the broker refuses a message on a topic, or ends the connection."""
        host = self._broker.address
        if reason == _RETAIN_NOT_SUPPORTED:
            return DestinationError("retain_not_supported", field="retain")
        if reason == _QOS_NOT_SUPPORTED:
            return DestinationError("qos_not_supported", field="qos", qos=self.maximum_qos)
        if topic is None and reason == _NOT_AUTHORIZED and self._under_way:
            # Some brokers hang up on whoever publishes where they may not.
            topic = next(iter(self._under_way.values())).topic
        if topic is not None:
            if reason == _NOT_AUTHORIZED:
                return DestinationError("publish_not_allowed", topic=topic)
            return DestinationError("message_refused", topic=topic, reason=reason_text(reason))
        variant = "taken_over" if reason == _TAKEN_OVER else None
        return DestinationError("connection_lost", variant=variant, host=host)

    def _next_identifier(self) -> int:
        while True:
            self._last_identifier = self._last_identifier % 0xFFFF + 1
            if self._last_identifier not in self._under_way:
                return self._last_identifier

    def _write_queued(self) -> None:
        """Write what waits for an answer, as much at a time as the broker takes."""
        while self._queue and self._unanswered < self.receive_maximum:
            self._unanswered += 1
            self._write(self._queue.popleft())

    def _write(self, packet: bytes) -> None:
        """Write at the end of this turn of the loop, everything of one turn at once."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packet)

    def _flush(self) -> None:
        if self._out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()
        if not self._is_held_up:
            self._count_written()

    def _count_written(self) -> None:
        if self._lost.done():
            return
        for answer in self._unwritten:
            _settle(answer, 0)
        self._unwritten.clear()

    def _ping(self) -> None:
        if self._is_silent:
            self._hang_up("keep alive timeout")
            return
        self._is_silent = True
        self._write(PINGREQ)
        self._pinging = self._loop.call_later(self._keep_alive, self._ping)

    def _hang_up(self, why: str, cause: Exception | None = None) -> None:
        if not self._connack.done():
            early = cause if isinstance(cause, ssl.SSLError) else _EarlyCloseError(why)
            self._connack.set_exception(early)
            self._connack.exception()
        self._end(self._refusal(0, None))

    def _end(self, error: DestinationError) -> None:
        """Be done with the connection; everything under way ends with the same error."""
        if self._lost.done():
            return
        self._lost.set_result(error)
        if self._pinging is not None:
            self._pinging.cancel()
        for under_way in self._under_way.values():
            _fail(under_way.answer, error)
        for answer in self._unwritten:
            _fail(answer, error)
        self._under_way.clear()
        self._queue.clear()
        if self._transport is not None and not self._transport.is_closing():
            self._out.append(DISCONNECT)
            self._flush()
            self._transport.close()

    def _abort(self) -> None:
        self._end(self._refusal(0, None))
        if self._transport is not None:
            self._transport.abort()


def _settle(answer: asyncio.Future[int], reason: int) -> None:
    if not answer.done():
        answer.set_result(reason)


def _fail(answer: asyncio.Future[int], error: DestinationError) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # whoever gave up on it need not hear how it ended


async def async_open(
    broker: Broker,
    publishing: Publishing,
    *,
    identifier: str,
    versions: tuple[Version, ...] = VERSIONS,
) -> MqttClient:
    """Connect as a run does, with its last will; runs and connection tests both come through here.

    MQTT 5 is tried first, and 3.1.1 where the broker does not know it. Raises DestinationError
    with the mistake, among them a QoS and retained messages that the broker says it does not take.
    """
    context = None
    if broker.tls:
        loop = asyncio.get_running_loop()
        context = await loop.run_in_executor(None, tls_context, broker)
    will = (publishing.status_topic, OFFLINE, min(1, publishing.qos), publishing.keeps_status)
    for version in versions:
        is_last = version is versions[-1]
        client = MqttClient(broker, version, qos=publishing.qos)
        try:
            reason = await client.open(
                identifier,
                tls=context,
                will=will,
                patience=TIMEOUT if is_last else _NEWER_VERSION_TIMEOUT,
            )
        except OSError as err:
            if is_last or not client.is_reached:
                raise _connection_error(err, broker) from err
            continue
        if reason == _UNSUPPORTED_VERSION and not is_last:
            continue
        if (error := _unsuitable(client, reason, publishing, broker)) is not None:
            await client.close()
            raise error
        return client
    raise AssertionError


def _unsuitable(
    client: MqttClient, reason: int, publishing: Publishing, broker: Broker
) -> DestinationError | None:
    """Name what keeps a broker that has answered from taking what is published."""
    if reason in _BAD_CREDENTIALS:
        return DestinationError("wrong_credentials", field="password", host=broker.address)
    if reason == _RETAIN_NOT_SUPPORTED or (publishing.keeps_status and not client.retain_available):
        if publishing.retain:
            return DestinationError("retain_not_supported", field="retain")
        return DestinationError("retain_not_supported", variant="discovery", field="discovery")
    # The last will has QoS 1 at most: a broker that refuses it for that takes QoS 0 only.
    maximum_qos = 0 if reason == _QOS_NOT_SUPPORTED else client.maximum_qos
    if publishing.qos > maximum_qos:
        return DestinationError("qos_not_supported", field="qos", qos=maximum_qos)
    if reason:
        return DestinationError(
            "server_refused", field="broker", host=broker.address, reason=reason_text(reason)
        )
    return None


def _connection_error(err: OSError, broker: Broker) -> DestinationError:
    """Name the mistake behind a connection that did not come about."""
    code = next((code for kinds, code in _CAUSES if isinstance(err, kinds)), "unreachable")
    return DestinationError(
        code,
        variant=_variant(code, broker),
        field="ca_certificate" if code == "tls_certificate" else "broker",
        host=broker.address,
        seconds=int(TIMEOUT),
        reason=getattr(err, "verify_message", None) or str(err),
    )


def _variant(code: str, broker: Broker) -> str | None:
    if code == "refused" and is_loopback(broker.host):
        return "loopback"
    return "mqtt" if code in {"not_expected_server", "tls_certificate"} else None
