"""The connection test of a broker: it publishes as a run does, and takes that away again."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..base import DestinationError
from .messages import Message, nothing
from .mistakes import PACKET_TOO_LARGE, message_refused, qos_not_supported, retain_not_supported
from .opening import VERSIONS, async_open, identifier
from .trial import Trial

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from .broker import Broker
    from .client import MqttClient
    from .messages import Publishing

REMARK_UNVERIFIED: Final = "destination_could_not_be_verified"
REMARK_NO_DISCOVERY: Final = "destination_discovery_not_allowed"

_PROBE: Final = "test"
_PROBE_TIMEOUT: Final = 3.0
# Bits that tell a message from others, as blanks behind its JSON.
_MARK: Final = 32
_BLANKS: Final = str.maketrans("01", " \t")


async def async_test_broker(
    broker: Broker,
    publishing: Publishing,
    trial: Trial | None = None,
    *,
    versions: tuple[int, ...] = VERSIONS,
) -> str | None:
    """Connect as a run does, and publish what it would publish where it would.

    Access lists may allow some topics only. One of the values has as many bytes as the longest
    message of a run: blanks behind JSON say nothing.

    Returns None, REMARK_NO_DISCOVERY where only values are allowed, or REMARK_UNVERIFIED where
    nobody can tell whether publishing is allowed: brokers of MQTT 3.1.1 acknowledge what they drop,
    and this one does not let us listen either. Raises DestinationError with the mistake.
    """
    trial = trial or Trial()
    # The last will stays off the topic that says whether the exporter lives.
    publishing = replace(publishing, status=_PROBE)
    try:
        return await _probe_anew(broker, publishing, versions, trial)
    except DestinationError as err:
        if err.code == "PUBLISH_NOT_ALLOWED":
            raise err.at("topic_prefix") from err
        if err.code not in {"CONNECTION_LOST", "NOT_EXPECTED_SERVER"}:
            raise
        # It may have had nothing to do with what was asked: brokers restart, or take the one
        # connection that they allow a user for that of the runs.
        with suppress(DestinationError):
            return await _probe_anew(broker, publishing, versions, trial)
        reason = await _reason(broker, publishing, versions, trial)
        if reason is None:
            raise
        raise reason from err


async def _probe_anew(
    broker: Broker, publishing: Publishing, versions: tuple[int, ...], trial: Trial
) -> str | None:
    client = await async_open(
        broker, publishing, identifier=identifier(uuid.uuid4().hex), versions=versions
    )
    try:
        try:
            return await _probe(client, publishing, trial)
        except DestinationError:
            if not trial.stays:
                await _take_away(client, {each.topic for each in trial.samples if each.retain})
            raise
        finally:
            if publishing.keeps_status:
                await _take_away(client, {publishing.status_topic})
    finally:
        await client.close()


async def _take_away(client: MqttClient, topics: Collection[str]) -> None:
    with suppress(DestinationError):
        await client.deliver(*map(nothing, topics), qos=client.answering_qos)


async def _reason(
    broker: Broker, publishing: Publishing, versions: tuple[int, ...], trial: Trial
) -> DestinationError | None:
    """Return why a broker hangs up, where it keeps to one who asks for less.

    Some brokers hang up on what they do not take, and do not say so.
    """
    for reason, less, smaller in _asking_less(publishing, trial):
        with suppress(DestinationError):
            await _probe_anew(broker, less, versions, smaller)
            return reason
    return None


def _asking_less(
    publishing: Publishing, trial: Trial
) -> Iterator[tuple[DestinationError, Publishing, Trial]]:
    """Yield what may be too much for a broker, and how to publish without it."""
    least = replace(trial, longest=0, samples=(), announcements=())
    if trial.longest:
        topic = trial.samples[0].topic if trial.samples else publishing.status_topic
        yield _too_large(topic), publishing, replace(trial, longest=0)
    for qos in range(publishing.qos - 1, -1, -1):
        yield qos_not_supported(qos), replace(publishing, qos=qos), least
    if publishing.keeps_status:
        unkept = replace(publishing, retain=False, discovery=False)
        yield retain_not_supported(publishing), unkept, least


def _too_large(topic: str) -> DestinationError:
    return message_refused(topic, "Packet too large", PACKET_TOO_LARGE)


async def _probe(client: MqttClient, publishing: Publishing, trial: Trial) -> str | None:
    stand_in = Message(topic=publishing.status_topic, payload="", retain=publishing.retain)
    values = trial.samples or (stand_in,)
    first = _marked(values[0], trial.longest)
    if client.gives_reasons and client.answering_qos > 0:
        await client.deliver(first, *trial.samples, qos=publishing.qos)
        return await _announce(client, trial)
    # Without an answer to the message itself, one hears whether it went through.
    is_heard = await _come_back(client, publishing, [first, *map(_marked, values[1:])])
    is_too_long = (
        not is_heard
        and trial.longest
        and await _come_back(client, publishing, [*map(_marked, values)])
    )
    await client.deliver(*trial.samples, qos=publishing.qos)
    if is_too_long:
        raise _too_large(first.topic)
    return None if is_heard else REMARK_UNVERIFIED


def _marked(message: Message, longest: int = 0) -> Message:
    """Return a message that is told from all others, and says the same to whoever reads JSON."""
    mark = f"{secrets.randbits(_MARK):0{_MARK}b}".translate(_BLANKS)
    payload = f"{message.payload}{mark}"
    missing = longest - len(message.topic.encode()) - len(payload.encode())
    return replace(message, payload=f"{payload}{' ' * missing}")


async def _announce(client: MqttClient, trial: Trial) -> str | None:
    try:
        await client.deliver(*trial.announcements, qos=client.answering_qos)
    except DestinationError as err:
        if err.is_unusable:
            raise
        return REMARK_NO_DISCOVERY
    return None


async def _come_back(
    client: MqttClient, publishing: Publishing, messages: Sequence[Message]
) -> bool:
    """Publish messages, and return whether one who listens hears them all."""
    allowed = [await client.subscribe(message.topic) for message in messages]
    await client.deliver(*messages, qos=publishing.qos)
    if not all(allowed):
        return False
    missing = {(message.topic, message.payload.encode()) for message in messages}
    with suppress(TimeoutError):
        async with asyncio.timeout(_PROBE_TIMEOUT):
            while missing:
                missing.discard(await client.next_message())
    return not missing
