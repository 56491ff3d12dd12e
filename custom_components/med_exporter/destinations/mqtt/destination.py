"""MQTT: one topic per value, below a prefix."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import aiomqtt
from homeassistant.util import dt as dt_util

from ...const import (
    LOGGER,
    DataType,
)
from ..base import (
    Corrections,
    DestinationError,
    Intake,
    Outcome,
)
from ..measurements import Grain
from .client import (
    PROTOCOLS,
    TIMEOUT,
    async_open,
    reason_value,
)
from .connection import MqttConnection
from .messages import (
    STATUS,
    TEMPO_TODAY,
    Message,
    Publishing,
    message_of,
    unknown_tomorrow,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Collection, Sequence

    from ..measurements import Measurement
    from .broker import Broker
    from .client import MqttClient
    from .discovery import MqttDiscovery

_PROBE: Final = "test"
_PROBE_TIMEOUT: Final = 3.0
# Brokers of MQTT 3.1.1 need not take longer client ids.
_IDENTIFIER_LENGTH: Final = 23

REMARK_UNVERIFIED: Final = "destination_could_not_be_verified"


INTAKE: Final = Intake(
    closed={
        DataType.CONSUMPTION_DAILY: Grain.DAILY,
        DataType.CONSUMPTION_MONTHLY: Grain.MONTHLY,
        DataType.CONSUMPTION_DETAILED: Grain.HALF_HOURLY,
        DataType.PRODUCTION_DAILY: Grain.DAILY,
    },
    current=frozenset(DataType) - {DataType.CONSUMPTION_DETAILED},
    corrections=Corrections.AGAIN,
    grid_per_point=False,
)
"""A broker hands everything on, and a later value of a period replaces the earlier one."""


def identifier(unique: str) -> str:
    """Return a client id that is the same after a restart.

    The broker then ends the session of an exporter that died when the new one comes, instead of
    announcing it as offline later.
    """
    return f"med{unique.replace('-', '')}"[:_IDENTIFIER_LENGTH]


class MqttDestination:
    """A broker that takes measurements.

    `discovery` announces the sensors, where the user wants that; `is_leaving` tells when the
    destination is closed whether its sensors are to go with it.
    """

    def __init__(
        self,
        broker: Broker,
        publishing: Publishing,
        *,
        unique: str,
        discovery: MqttDiscovery | None = None,
        is_leaving: Callable[[], bool] = lambda: False,
    ) -> None:
        self._broker = broker
        self._publishing = publishing
        self._discovery = discovery
        self._is_leaving = is_leaving
        self._connection = MqttConnection(
            broker,
            identifier=identifier(unique),
            status_topic=f"{publishing.topic_prefix}/{STATUS}",
            attend=None if discovery is None else discovery.attend,
        )

    @property
    def intake(self) -> Intake:
        """Return what goes to the broker."""
        return INTAKE

    async def async_start(self) -> None:
        """Start to connect in the background."""
        self._connection.start()

    async def async_close(self) -> None:
        """Say `offline`, and hang up."""
        if self._discovery is not None and self._is_leaving():
            try:
                async with asyncio.timeout(TIMEOUT):
                    await self._discovery.withdraw(await self._connection.client())
            except (DestinationError, TimeoutError):
                LOGGER.warning("MQTT broker %s keeps its sensors", self._broker.address)
        await self._connection.close()

    async def async_test(self) -> str | None:
        """Try a connection of its own, beside the lasting one."""
        return await async_test_broker(self._broker, self._publishing)

    async def async_forget_removed(self) -> None:
        """Take away the sensors of metering points that are gone, if a connection stands."""
        if self._discovery is not None and (client := self._connection.open_client) is not None:
            await self._discovery.tidy(client)

    async def async_begin(self, witnesses: Sequence[Measurement]) -> Collection[Measurement]:
        """Connect; a broker cannot be asked what it has handed on. Raises DestinationError."""
        await self._connection.client()
        return ()

    async def async_push(
        self,
        measurements: AsyncIterable[Measurement],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        """Publish measurements in their order, as many at a time as the broker takes.

        Closed periods are never retained. A message counts as stored when the broker answers,
        with QoS 0 when it is written. Days of the grid that no topic is about are not sent; while
        tomorrow's colour is not known, its topic says so. Raises DestinationError.
        """
        client = await self._connection.client()
        if self._connection.status_refused and not self._publishing.qos:
            # With QoS 0 the broker says nothing: what it said before has to do.
            raise DestinationError("publish_not_allowed", topic=self._publishing.topic_prefix)
        flight = _Flight(client, self._publishing.qos, settle)
        topics: set[str] = set()
        try:
            async for measurement in measurements:
                message = message_of(measurement, self._publishing, dt_util.utcnow())
                if message is not None:
                    topics.add(message.topic)
                    if self._discovery is not None:
                        await self._discovery.announce(client, measurement, message)
                await flight.send(measurement, message)
            if f"{self._publishing.topic_prefix}/{TEMPO_TODAY}" in topics:
                tomorrow = unknown_tomorrow(self._publishing, dt_util.utcnow())
                if tomorrow.topic not in topics:
                    await flight.send(None, tomorrow)
        except Exception:
            # What was sent before may have arrived.
            await flight.land()
            raise
        await flight.land()


class _Flight:
    """Messages under way, settled in the order in which they were sent.

    After the first that was not taken nothing is sent or settled any more: whatever came behind
    it is sent again.
    """

    def __init__(
        self, client: MqttClient, qos: int, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        self._client = client
        self._qos = qos
        self._settle = settle
        self._under_way: deque[tuple[Measurement | None, str, asyncio.Future[Any] | None]] = deque()

    async def send(self, measurement: Measurement | None, message: Message | None) -> None:
        """Send a message, when there is room for it. Raises what an earlier one met."""
        while len(self._under_way) >= self._client.receive_maximum:
            await self._settle_oldest()
        if message is None:
            self._under_way.append((measurement, "", None))
        else:
            answer = self._client.send(message, qos=self._qos)
            self._under_way.append((measurement, message.topic, answer))

    async def land(self) -> None:
        """Settle what is under way. Raises DestinationError for the first that was not taken."""
        while self._under_way:
            await self._settle_oldest()

    async def _settle_oldest(self) -> None:
        measurement, topic, answer = self._under_way.popleft()
        if answer is not None:
            try:
                await self._client.settle(answer, topic)
            except BaseException:
                self._under_way.clear()
                raise
        if measurement is not None:
            outcome = Outcome.ALREADY_THERE if answer is None else Outcome.STORED
            self._settle(measurement, outcome)


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
        message = Message(topic=topic, payload=payload, retain=False)
        await client.settle(client.send(message, qos=1), topic)
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
