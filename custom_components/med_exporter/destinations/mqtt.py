"""MQTT: one topic per value, below a prefix."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiomqtt

from ..const import DataType
from .base import DestinationError, Intake, Outcome
from .mqtt_client import PROTOCOLS, async_open, reason_value
from .mqtt_connection import MqttConnection

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable

    from .measurements import Measurement
    from .mqtt_client import Broker, MqttClient

TOPICS: Final = {
    DataType.CONSUMPTION_DAILY: "consumption/daily",
    DataType.CONSUMPTION_MONTHLY: "consumption/monthly",
    DataType.PRODUCTION_DAILY: "production/daily",
}
_STATUS: Final = "status"
_PROBE: Final = "test"
_PROBE_TIMEOUT: Final = 3.0
# Brokers of MQTT 3.1.1 need not take longer client ids.
_IDENTIFIER_LENGTH: Final = 23

REMARK_UNVERIFIED: Final = "destination_could_not_be_verified"


@dataclass(frozen=True, kw_only=True, slots=True)
class Publishing:
    """Where below, how surely and whether to stay: the user's choice for values."""

    topic_prefix: str
    qos: int
    retain: bool


def identifier(unique: str) -> str:
    """Return a client id that is the same after a restart.

    The broker then ends the session of an exporter that died when the new one comes, instead of
    announcing it as offline later.
    """
    return f"med{unique.replace('-', '')}"[:_IDENTIFIER_LENGTH]


def topic_of(prefix: str, measurement: Measurement) -> str:
    """Return the topic of a measurement."""
    return f"{prefix}/{measurement.point.pdl}/{TOPICS[measurement.data_type]}"


def payload_of(measurement: Measurement) -> str:
    """Return the JSON of a measurement: a number, its unit, and what it is about."""
    return json.dumps(
        {
            "value": measurement.kwh,
            "unit": "kWh",
            "date": measurement.date,
            "pdl": measurement.point.pdl,
            "closed": measurement.closed,
            "timestamp": measurement.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )


class MqttDestination:
    """A broker that takes measurements."""

    def __init__(self, broker: Broker, publishing: Publishing, *, unique: str) -> None:
        self._broker = broker
        self._publishing = publishing
        self._connection = MqttConnection(
            broker,
            identifier=identifier(unique),
            status_topic=f"{publishing.topic_prefix}/{_STATUS}",
        )

    @property
    def intake(self) -> Intake:
        """Return what goes to the broker."""
        return Intake(closed={}, current=frozenset(TOPICS))

    async def async_start(self) -> None:
        """Start to connect in the background."""
        self._connection.start()

    async def async_close(self) -> None:
        """Say `offline`, and hang up."""
        await self._connection.close()

    async def async_test(self) -> str | None:
        """Try a connection of its own, beside the lasting one."""
        return await async_test_broker(self._broker, self._publishing)

    async def async_push(
        self,
        measurements: AsyncIterable[Measurement],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        """Publish measurements in their order, as many at a time as the broker takes.

        Closed periods are never retained. A message counts as acknowledged when the broker
        answers, with QoS 0 when it is written. Raises DestinationError.
        """
        client = await self._connection.client()
        if self._connection.status_refused and not self._publishing.qos:
            # With QoS 0 the broker says nothing: what it said before has to do.
            raise DestinationError("publish_not_allowed", topic=self._publishing.topic_prefix)
        in_flight: deque[tuple[Measurement, str, asyncio.Future[Any]]] = deque()

        async def settle_oldest() -> None:
            measurement, topic, answer = in_flight.popleft()
            await client.settle(answer, topic)
            settle(measurement, Outcome.STORED)

        error: DestinationError | None = None
        try:
            async for measurement in measurements:
                if len(in_flight) >= client.receive_maximum:
                    await settle_oldest()
                in_flight.append(self._send(client, measurement))
        except DestinationError as err:
            error = err
        while in_flight:
            try:
                await settle_oldest()
            except DestinationError as err:
                error = error or err
        if error is not None:
            raise error

    def _send(
        self, client: MqttClient, measurement: Measurement
    ) -> tuple[Measurement, str, asyncio.Future[Any]]:
        topic = topic_of(self._publishing.topic_prefix, measurement)
        retain = self._publishing.retain and not measurement.closed
        answer = client.send(
            topic, payload_of(measurement), qos=self._publishing.qos, retain=retain
        )
        return measurement, topic, answer


async def async_test_broker(
    broker: Broker,
    publishing: Publishing,
    *,
    protocols: tuple[aiomqtt.ProtocolVersion, ...] = PROTOCOLS,
) -> str | None:
    """Connect, and publish a message that is not kept, on `{prefix}/test`.

    Returns None, or REMARK_UNVERIFIED where nobody can tell whether publishing is allowed: brokers
    of MQTT 3.1.1 acknowledge what they drop, and this one does not let us listen either. Raises
    DestinationError with the mistake.
    """
    client = await async_open(broker, identifier=identifier(uuid.uuid4().hex), protocols=protocols)
    try:
        if publishing.qos > client.maximum_qos:
            raise DestinationError("qos_not_supported", field="qos", qos=client.maximum_qos)
        if publishing.retain and not client.retain_available:
            raise DestinationError("retain_not_supported", field="retain")
        topic = f"{publishing.topic_prefix}/{_PROBE}"
        if client.protocol is aiomqtt.ProtocolVersion.V5:
            await _publish_probe(client, topic)
            return None
        return None if await _publish_and_hear(client, topic) else REMARK_UNVERIFIED
    finally:
        await client.close()


async def _publish_probe(client: MqttClient, topic: str, payload: str = "") -> None:
    try:
        await client.settle(client.send(topic, payload, qos=1, retain=False), topic)
    except DestinationError as err:
        raise err.at("topic_prefix") if err.code == "PUBLISH_NOT_ALLOWED" else err from err


async def _publish_and_hear(client: MqttClient, topic: str) -> bool:
    """Return whether a message comes back to one who listens to its topic."""
    try:
        granted = await client.subscribe(topic, qos=1)
    except aiomqtt.MqttError:
        return False
    token = uuid.uuid4().hex
    await _publish_probe(client, topic, token)
    if any(reason_value(code) >= 0x80 for code in granted):
        return False
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT):
            async for message in client.messages:
                if message.payload == token.encode():
                    return True
    except (TimeoutError, aiomqtt.MqttError):
        pass
    return False
