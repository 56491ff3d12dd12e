"""Connections to a broker, opened with what it is able to take; loads paho when it is needed."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from .mistakes import UNSUPPORTED_VERSION, connection_error, unsuitable, web_server
from .stranger import async_is_web

if TYPE_CHECKING:
    from .broker import Broker
    from .client import MqttClient
    from .messages import Publishing

TIMEOUT: Final = 10.0
"""Seconds that a broker has to take a connection, and to answer then."""

VERSIONS: Final = (5, 4)
"""MQTT 5 and 3.1.1, by their numbers in the protocol."""

# Some brokers that do not know MQTT 5 stay silent instead of saying so.
_NEWER_VERSION_TIMEOUT: Final = 3.0
# Brokers of MQTT 3.1.1 need not take longer client ids.
_IDENTIFIER_LENGTH: Final = 23


def identifier(unique: str) -> str:
    """Return a client id that is the same after a restart.

    The broker then ends the session of an exporter that died when the new one comes, instead of
    announcing it as offline later.
    """
    return f"med{unique.replace('-', '')}"[:_IDENTIFIER_LENGTH]


async def async_open(
    broker: Broker,
    publishing: Publishing,
    *,
    identifier: str,
    versions: tuple[int, ...] = VERSIONS,
    keep_alive: int = 10,
) -> MqttClient:
    """Connect as a run does, with its last will; runs and connection tests both come through here.

    MQTT 5 is tried first, and 3.1.1 where the broker does not know it. `keep_alive` is how many
    seconds the line may be silent, unless the broker wants less. Raises DestinationError with the
    mistake, among them a QoS and retained messages that the broker says it does not take.
    """
    loop = asyncio.get_running_loop()
    for version in versions:
        is_last = version == versions[-1]
        client = await loop.run_in_executor(
            None, partial(_make, loop, broker, publishing, identifier, version)
        )
        try:
            reason = await client.open(
                keep_alive=keep_alive,
                reach_within=TIMEOUT,
                answer_within=TIMEOUT if is_last else _NEWER_VERSION_TIMEOUT,
            )
        except OSError as err:
            if not is_last and client.is_reached:
                continue
            if isinstance(err, TimeoutError) and client.is_reached and await async_is_web(broker):
                raise web_server(broker) from err
            raise connection_error(err, broker, TIMEOUT) from err
        if reason.value == UNSUPPORTED_VERSION and not is_last:
            continue
        error = unsuitable(
            reason,
            publishing,
            broker,
            maximum_qos=client.maximum_qos,
            retain_available=client.retain_available,
        )
        if error is not None:
            await client.close()
            raise error
        if client.keep_alive is None or client.keep_alive >= keep_alive:
            return client
        # paho keeps to what it was told before it connected.
        await client.close()
        return await async_open(
            broker,
            publishing,
            identifier=identifier,
            versions=(version,),
            keep_alive=client.keep_alive,
        )
    raise AssertionError


def _make(
    loop: asyncio.AbstractEventLoop,
    broker: Broker,
    publishing: Publishing,
    identifier: str,
    version: int,
) -> MqttClient:
    from .client import MqttClient  # noqa: PLC0415  # loads paho

    return MqttClient(loop, broker, publishing, identifier=identifier, version=version)
