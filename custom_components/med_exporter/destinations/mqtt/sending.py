"""A message on its way to the broker, and whoever waits for the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers

if TYPE_CHECKING:
    import asyncio

    from ..base import DestinationError
    from .messages import Message


class Sending(NamedTuple):
    """A message with its QoS, what MQTT 5 says beside it, and the future of the answer."""

    message: Message
    qos: int
    properties: Properties | None
    answer: asyncio.Future[bool]

    @property
    def size(self) -> int:
        """Return how many bytes its packet of MQTT 5 has (section 3.3)."""
        properties = b"\x00" if self.properties is None else self.properties.pack()
        identifier = 2 if self.qos else 0
        body = 2 + len(self.message.topic.encode()) + identifier + len(properties)
        body += len(self.message.payload.encode())
        return 1 + len(VariableByteIntegers.encode(body)) + body


def lifetime(message: Message) -> int | None:
    """Return after how many seconds a message says nothing true any more, if ever."""
    if message.expires_at is None:
        return None
    return int((message.expires_at - datetime.now(UTC)).total_seconds())


def expiring(seconds: int) -> Properties:
    """Return what has a broker of MQTT 5 forget a message after so many seconds."""
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = seconds
    return properties


def settle(answer: asyncio.Future[bool], *, is_allowed: bool) -> None:
    """Tell whoever still waits what the broker said."""
    if not answer.done():
        answer.set_result(is_allowed)


def fail(answer: asyncio.Future[bool], error: DestinationError) -> None:
    """Tell whoever still waits that the broker did not take it."""
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # whoever gave up on it need not hear how it ended
