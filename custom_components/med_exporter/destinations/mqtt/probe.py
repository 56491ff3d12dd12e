"""The connection test of a broker: it publishes as a run does, and takes that away again."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..base import DestinationError
from .messages import Message, nothing
from .mistakes import (
    PACKET_TOO_LARGE,
    message_refused,
    qos_not_supported,
    retain_not_supported,
)
from .opening import VERSIONS, async_open, identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .broker import Broker
    from .client import MqttClient
    from .messages import Publishing

REMARK_UNVERIFIED: Final = "destination_could_not_be_verified"

_PROBE: Final = "test"
_PROBE_TIMEOUT: Final = 3.0


async def async_test_broker(
    broker: Broker,
    publishing: Publishing,
    *,
    versions: tuple[int, ...] = VERSIONS,
    longest: int = 0,
) -> str | None:
    """Connect as a run does, and publish on `{prefix}/test` as it publishes current values.

    What is published has as many bytes as the `longest` message of a run.

    What the broker keeps of it is taken away again. Returns None, or REMARK_UNVERIFIED where nobody
    can tell whether publishing is allowed: brokers of MQTT 3.1.1 acknowledge what they drop, and
    this one does not let us listen either. Raises DestinationError with the mistake.
    """
    # The last will too stays off the topic that says whether the exporter lives.
    publishing = replace(publishing, status=_PROBE)
    try:
        return await _probe_anew(broker, publishing, versions, longest)
    except DestinationError as err:
        if err.code == "PUBLISH_NOT_ALLOWED":
            raise err.at("topic_prefix") from err
        if err.code not in {"CONNECTION_LOST", "NOT_EXPECTED_SERVER"}:
            raise
        reason = await _reason(broker, publishing, versions, longest)
        if reason is None:
            raise
        raise reason from err


async def _probe_anew(
    broker: Broker, publishing: Publishing, versions: tuple[int, ...], longest: int
) -> str | None:
    client = await async_open(
        broker, publishing, identifier=identifier(uuid.uuid4().hex), versions=versions
    )
    try:
        return await _probe(client, publishing, longest)
    finally:
        await client.close()


async def _reason(
    broker: Broker, publishing: Publishing, versions: tuple[int, ...], longest: int
) -> DestinationError | None:
    """Return why a broker hangs up, where it keeps to one who asks for less.

    Some brokers hang up on what they do not take, and do not say so.
    """
    for reason, less, shorter in _asking_less(publishing, longest):
        with suppress(DestinationError):
            await _probe_anew(broker, less, versions, shorter)
            return reason
    return None


def _asking_less(
    publishing: Publishing, longest: int
) -> Iterator[tuple[DestinationError, Publishing, int]]:
    """Yield what may be too much for a broker, and how to publish without it."""
    if longest:
        yield _too_large(publishing), publishing, 0
    for qos in range(publishing.qos - 1, -1, -1):
        yield qos_not_supported(qos), replace(publishing, qos=qos), 0
    if publishing.keeps_status:
        unkept = replace(publishing, retain=False, discovery=False)
        yield retain_not_supported(publishing), unkept, 0


def _too_large(publishing: Publishing) -> DestinationError:
    return message_refused(publishing.status_topic, "Packet too large", PACKET_TOO_LARGE)


async def _probe(client: MqttClient, publishing: Publishing, longest: int) -> str | None:
    topic = publishing.status_topic
    nothing_more = nothing(topic, retain=publishing.keeps_status)
    is_answered = client.gives_reasons and client.answering_qos > 0
    if is_answered and not publishing.qos:
        # It says nothing to a value itself, but whether one may publish there.
        await client.deliver(nothing_more, qos=client.answering_qos)
    is_too_long = False
    # Without an answer to the message itself, one hears whether it went through.
    is_heard = not (is_answered and publishing.qos) and await client.subscribe(topic)
    if is_heard:
        is_heard = await _comes_back(client, publishing, longest)
        is_too_long = not is_heard and longest > 0 and await _comes_back(client, publishing, 0)
    else:
        await client.deliver(_message(publishing, longest), qos=publishing.qos)
    if publishing.keeps_status:
        await client.deliver(nothing_more, qos=client.answering_qos)
    if is_too_long:
        raise _too_large(publishing)
    return None if is_answered or is_heard else REMARK_UNVERIFIED


def _message(publishing: Publishing, longest: int) -> Message:
    topic = publishing.status_topic
    payload = uuid.uuid4().hex.ljust(longest - len(topic.encode()), ".")
    return Message(topic=topic, payload=payload, retain=publishing.retain)


async def _comes_back(client: MqttClient, publishing: Publishing, longest: int) -> bool:
    """Publish a message of some bytes, and return whether one who listens hears it."""
    message = _message(publishing, longest)
    await client.deliver(message, qos=publishing.qos)
    return await _hears(client, message.payload)


async def _hears(client: MqttClient, payload: str) -> bool:
    """Return whether a message comes back to one who listens to its topic."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PROBE_TIMEOUT):
            while (await client.next_message()).payload != payload.encode():
                pass
            return True
    return False
