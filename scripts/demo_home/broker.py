"""An MQTT broker in this process, and somebody who listens to all it carries."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

import aiomqtt
from amqtt.broker import Broker

from tests.real_home import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

_LOOPBACK = "127.0.0.1"
_PLUGINS = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


class Message(NamedTuple):
    """What arrived."""

    topic: str
    payload: str
    retain: bool


class Listener:
    """Keeps every message, oldest first."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._arrived = asyncio.Condition()

    async def follow(self, client: aiomqtt.Client) -> None:
        """Take in what the broker sends, until cancelled."""
        async for message in client.messages:
            payload = message.payload
            text = payload.decode() if isinstance(payload, bytes) else str(payload)
            async with self._arrived:
                self.messages.append(Message(str(message.topic), text, bool(message.retain)))
                self._arrived.notify_all()

    def latest(self) -> dict[str, str]:
        """Return the payload of the last message of each topic."""
        return {message.topic: message.payload for message in self.messages}

    async def wait_for(self, topics: Iterable[str], seconds: float) -> set[str]:
        """Wait until each topic has had a message; return those that had none in time."""
        wanted = set(topics)

        def missing() -> set[str]:
            return wanted - {message.topic for message in self.messages}

        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._arrived:
                await self._arrived.wait_for(lambda: not missing())
        return missing()


@asynccontextmanager
async def open_broker() -> AsyncGenerator[int]:
    """Run a broker on a free port of loopback, for anybody; give the port."""
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    port = free_port()
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{_LOOPBACK}:{port}"}},
            "plugins": _PLUGINS,
        }
    )
    await broker.start()
    try:
        yield port
    finally:
        await broker.shutdown()


@asynccontextmanager
async def listen(port: int) -> AsyncGenerator[Listener]:
    """Subscribe to everything on a broker of loopback."""
    listener = Listener()
    async with aiomqtt.Client(_LOOPBACK, port) as client:
        await client.subscribe("#", qos=1)
        following = asyncio.create_task(listener.follow(client))
        try:
            yield listener
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await following
