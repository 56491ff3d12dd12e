"""One connection to an MQTT broker through paho, with the broker's answer to every message.

Importing this module loads paho; `opening` does that outside the event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

from ..base import DestinationError
from .line import Line, paho_client
from .mistakes import PACKET_TOO_LARGE, connection_lost, message_refused
from .sending import Sending, expiring, fail, lifetime, settle

if TYPE_CHECKING:
    from paho.mqtt.client import DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from .broker import Broker
    from .messages import Message, Publishing

_ANSWER_TIMEOUT: Final = 10.0
_GOODBYE_TIMEOUT: Final = 2.0
# Messages under way, where the broker can say that it takes fewer, and where it cannot.
_MAX_IN_FLIGHT: Final = 200
_MAX_UNTOLD_IN_FLIGHT: Final = 20
# Messages of the broker that nobody has looked at yet.
_MAX_UNREAD: Final = 1000


class Incoming(NamedTuple):
    """A message from the broker."""

    topic: str
    payload: bytes


class MqttClient:
    """A connection: opened once, closed once.

    When a broker refuses a message of QoS 2, paho goes on as if it had been taken, and to one of
    QoS 0 a broker says nothing. With MQTT 5, messages on a topic therefore have QoS 1, whose
    refusal paho tells, until the broker has taken one there on this connection. What it refuses on
    that topic later goes unnoticed, unless it says so again in the end.

    Attributes:
        gives_reasons: whether the protocol's version lets the broker say why it refuses something.
        answering_qos: the QoS of messages that the broker is to answer, as far as it can.
        receive_maximum: how many messages may be under way.
        maximum_qos: the highest QoS that the broker takes, where it says so.
        retain_available: whether the broker keeps messages, where it says so.
        keep_alive: seconds within which the broker is to hear something, by its own choice.

    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        broker: Broker,
        publishing: Publishing,
        *,
        identifier: str,
        version: int,
    ) -> None:
        """Prepare a connection; reads certificates from disk, so never in the event loop."""
        self.gives_reasons = version == MQTTProtocolVersion.MQTTv5
        self.answering_qos = min(1, publishing.qos)
        self.receive_maximum = _MAX_IN_FLIGHT if self.gives_reasons else _MAX_UNTOLD_IN_FLIGHT
        self.maximum_qos = 2
        self.retain_available = True
        self.keep_alive: int | None = None
        self._broker = broker
        # Nobody subscribes to it.
        self._unheard = f"{publishing.status_topic}/none"
        self._loop = loop
        self._connack: asyncio.Future[ReasonCode] = loop.create_future()
        self._lost: asyncio.Future[DestinationError] = loop.create_future()
        self._largest: int | None = None
        self._queue: deque[Sending] = deque()
        self._under_way: dict[int, Sending] = {}
        self._subscribing: dict[int, asyncio.Future[bool]] = {}
        self._taken: set[str] = set()
        self._heard = 0
        self._unread: asyncio.Queue[Incoming] = asyncio.Queue(_MAX_UNREAD)
        self._paho = paho_client(broker, publishing, identifier=identifier, version=version)
        self._line = Line(loop, self._paho, self._hang_up)

    @property
    def is_reached(self) -> bool:
        """Return whether the server took the connection, whatever came then."""
        return self._line.is_reached

    @property
    def is_lost(self) -> bool:
        """Return whether the connection is gone."""
        return self._lost.done()

    async def open(
        self, *, keep_alive: int, reach_within: float, answer_within: float
    ) -> ReasonCode:
        """Connect, and return what the broker says to it.

        `reach_within` is how many seconds the server has to take the connection, `answer_within`
        those that the broker has to answer then, `keep_alive` those that the line may be silent.
        Raises OSError, and leaves no socket behind then.
        """
        paho = self._paho
        paho.connect_timeout = reach_within
        try:
            async with asyncio.timeout(reach_within):
                await self._line.reach(self._broker, keep_alive)
            paho.on_connect = lambda _, __, ___, reason, told: self._connected(reason, told)
            paho.on_disconnect = lambda _, __, flags, reason, ___: self._left(flags, reason)
            paho.answered = self._answered
            paho.on_publish = lambda _, __, number, reason, ___: self._answered(number, reason)
            paho.on_subscribe = lambda _, __, number, reasons, ___: self._allowed(number, reasons)
            paho.on_unsubscribe = lambda _, __, number, ___, ____: self._confirmed(number)
            paho.on_message = lambda _, __, message: self._received(message)
            async with asyncio.timeout(answer_within):
                return await self._connack
        except BaseException:
            self._end(connection_lost(self._broker))
            self._line.abort()
            raise

    async def close(self) -> None:
        """Say goodbye to the broker, which then does not publish the last will.

        A connection that was lost is closed too: its line may still hold what nobody takes.
        """
        self._end(connection_lost(self._broker))
        await self._line.close(_GOODBYE_TIMEOUT)

    async def lost(self) -> DestinationError:
        """Wait until the connection is gone, and return why."""
        await asyncio.wait([self._lost])
        return self._lost.result()

    def send(self, message: Message, *, qos: int) -> asyncio.Future[bool]:
        """Send a message, and return a future for the broker's answer; see `answered`.

        With QoS 0 there is no answer: the future is done when the message is written, and
        `confirm` tells whether it was read. A message that has expired is not sent, and counts as
        written.
        """
        answer: asyncio.Future[bool] = self._loop.create_future()
        seconds, properties = lifetime(message), None
        if seconds is not None and seconds < 1:
            answer.set_result(True)
            return answer
        if seconds is not None and self.gives_reasons:
            properties = expiring(seconds)
        sending = Sending(message, qos, properties, answer)
        if self._lost.done():
            fail(answer, self._lost.result())
        elif self._largest is not None and sending.size > self._largest:
            fail(answer, message_refused(message.topic, "Packet too large", PACKET_TOO_LARGE))
        else:
            self._queue.append(sending)
            self._publish_queued()
        return answer

    async def answered(self, answer: asyncio.Future[bool]) -> bool:
        """Wait for the broker's answer. Raises DestinationError where it refuses.

        A broker that leaves messages unanswered, and says nothing to any other meanwhile, is done
        with: what it would answer later could not be told from what it forgot, so the connection
        ends, and the next one begins anew. One that is only slow has its time for what waits.
        """
        while not answer.done():
            begun = self._heard
            await asyncio.wait([answer], timeout=_ANSWER_TIMEOUT)
            if not answer.done() and self._heard == begun:
                self._end(
                    DestinationError(
                        "timed_out",
                        variant="acknowledgement",
                        host=self._broker.address,
                        seconds=int(_ANSWER_TIMEOUT),
                    )
                )
        return answer.result()

    async def deliver(self, *messages: Message, qos: int) -> None:
        """Send messages, and wait for all answers. Raises DestinationError for a refusal."""
        answers = [self.send(message, qos=qos) for message in messages]
        await asyncio.gather(*map(self.answered, answers), return_exceptions=True)
        for answer in answers:
            answer.result()
        if answers and not qos:
            await self.confirm()

    async def confirm(self) -> None:
        """Wait until the broker has read all that was written. Raises DestinationError.

        It answers the end of a subscription, also of one that never began, when it has read what
        was written before.
        """
        answer: asyncio.Future[bool] = self._loop.create_future()
        if self._lost.done():
            raise self._lost.result()
        _, number = self._paho.unsubscribe(self._unheard)
        assert number is not None
        self._subscribing[number] = answer
        await self.answered(answer)

    async def subscribe(self, topic: str) -> bool:
        """Listen to a topic with QoS 1, and return whether the broker allows it.

        Raises DestinationError where the connection is lost.
        """
        answer: asyncio.Future[bool] = self._loop.create_future()
        if self._lost.done():
            raise self._lost.result()
        _, number = self._paho.subscribe(topic, qos=1)
        assert number is not None
        self._subscribing[number] = answer
        return await self.answered(answer)

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

    def _publish_queued(self) -> None:
        """Publish what waits for an answer, as much at a time as the broker takes."""
        while self._queue:
            if self._queue[0].answer.cancelled():
                self._queue.popleft()
                continue
            qos = self._qos_of(self._queue[0])
            if qos and len(self._under_way) >= self.receive_maximum:
                return
            self._publish(self._queue.popleft(), qos)

    def _qos_of(self, sending: Sending) -> int:
        is_checked = not self.gives_reasons or sending.message.topic in self._taken
        return sending.qos if is_checked else min(1, self.maximum_qos)

    def _publish(self, sending: Sending, qos: int) -> None:
        message = sending.message
        if qos == 1:
            number = self._paho.publish_once(
                message.topic.encode(),
                message.payload.encode(),
                retain=message.retain,
                properties=sending.properties,
            )
        else:
            info = self._paho.publish(
                message.topic, message.payload, qos, message.retain, sending.properties
            )
            number = info.mid if info.rc is MQTTErrorCode.MQTT_ERR_SUCCESS else None
        if number is None:
            fail(sending.answer, connection_lost(self._broker))
        else:
            self._under_way[number] = sending

    def _connected(self, reason: ReasonCode, told: Properties | None) -> None:
        """Keep to what the broker says of itself."""
        most = self.receive_maximum
        self.receive_maximum = min(most, getattr(told, "ReceiveMaximum", most))
        self.maximum_qos = getattr(told, "MaximumQoS", 2)
        self.retain_available = bool(getattr(told, "RetainAvailable", 1))
        self.keep_alive = getattr(told, "ServerKeepAlive", None)
        self._largest = getattr(told, "MaximumPacketSize", None)
        if self.gives_reasons:
            # It says what it takes, and why it refuses something, even where values go unanswered.
            self.answering_qos = min(1, self.maximum_qos)
        if not self._connack.done():
            self._connack.set_result(reason)

    def _answered(self, number: int, reason: ReasonCode) -> None:
        """Settle a message; an answer to something else is none."""
        if (sending := self._under_way.pop(number, None)) is None:
            return
        self._heard += 1
        topic = sending.message.topic
        if reason.is_failure:
            self._taken.discard(topic)
            fail(
                sending.answer,
                message_refused(topic, str(reason), reason.value, maximum_qos=self.maximum_qos),
            )
        else:
            self._taken.add(topic)
            settle(sending.answer, is_allowed=True)
        if self._queue:
            self._publish_queued()

    def _allowed(self, number: int, reasons: list[ReasonCode]) -> None:
        if (answer := self._subscribing.pop(number, None)) is not None:
            settle(answer, is_allowed=not any(reason.is_failure for reason in reasons))

    def _confirmed(self, number: int) -> None:
        if (answer := self._subscribing.pop(number, None)) is not None:
            settle(answer, is_allowed=True)

    def _received(self, message: MQTTMessage) -> None:
        # Whoever sends more than was asked for, or a topic that is no text, is hung up on.
        self._unread.put_nowait(Incoming(message.topic, message.payload))

    def _left(self, flags: DisconnectFlags, reason: ReasonCode) -> None:
        # Before 2.2 paho reads the broker's reason only where something follows it.
        said = reason.value if flags.is_disconnect_packet_from_server else 0
        # Some brokers hang up on whoever publishes where they may not.
        topic = next((each.message.topic for each in self._under_way.values()), None)
        self._end(connection_lost(self._broker, said, topic))
        self._hang_up(ConnectionError(str(reason)))

    def _hang_up(self, cause: Exception) -> None:
        if not self._connack.done():
            self._connack.set_exception(ConnectionError(str(cause)))
            self._connack.exception()
        self._end(connection_lost(self._broker))

    def _end(self, error: DestinationError) -> None:
        """Be done with the connection; everything under way ends with the same error."""
        if self._lost.done():
            return
        self._lost.set_result(error)
        for sending in (*self._under_way.values(), *self._queue):
            fail(sending.answer, error)
        for answer in self._subscribing.values():
            fail(answer, error)
        self._under_way.clear()
        self._queue.clear()
        self._subscribing.clear()
        self._line.hang_up()
