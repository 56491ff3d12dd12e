"""The lasting connection of an MQTT destination."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ...const import LOGGER
from ..base import DestinationError
from .messages import OFFLINE, ONLINE, Message, nothing
from .opening import async_open

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine

    from .broker import Broker
    from .client import MqttClient
    from .messages import Publishing

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 300.0
# A connection that lasted this long was a good one: the pauses start from the shortest again.
_STEADY: Final = 60.0
_GOODBYE_TIMEOUT: Final = 2.0


class MqttConnection:
    """Keeps one connection open, and comes back with growing pauses.

    While it stands, `{prefix}/status` says `online`; the broker says `offline` when it breaks.
    """

    def __init__(
        self,
        broker: Broker,
        publishing: Publishing,
        *,
        identifier: str,
        attend: Callable[[MqttClient], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """Prepare a connection; `attend` runs beside it each time it stands, and ends with it."""
        self._broker = broker
        self._publishing = publishing
        self._attend = attend
        self._identifier = identifier
        self._client: MqttClient | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._attempt: asyncio.Future[MqttClient] | None = None
        self._is_status_refused = False

    @property
    def open_client(self) -> MqttClient | None:
        """Return the client, if the connection stands just now."""
        return None if self._client is None or self._client.is_lost else self._client

    def start(self) -> None:
        """Start to connect in the background."""
        if self._keeper is None:
            self._keeper = asyncio.get_running_loop().create_task(
                self._keep(), name=f"med_exporter mqtt {self._broker.address}"
            )

    async def client(self) -> MqttClient:
        """Return the open client, trying at once where there is none. Raises DestinationError."""
        if (client := self.open_client) is not None:
            return client
        self.start()
        assert self._keeper is not None
        if self._attempt is None:
            self._attempt = asyncio.get_running_loop().create_future()
        attempt = self._attempt
        self._wanted.set()
        waiting: list[asyncio.Future[Any]] = [attempt, self._keeper]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not attempt.done():
            raise DestinationError("connection_lost", host=self._broker.address)
        return attempt.result()

    async def reach(self) -> None:
        """Say `online` anew over the open connection, or open one. Raises DestinationError.

        A connection that the broker has left without a word looks open until something is said.
        """
        if (client := self.open_client) is None:
            await self.client()
        else:
            await self._say_online(client)

    async def close(self, stale: Collection[str] = ()) -> None:
        """Say `offline`, have the broker forget what it keeps on stale topics, and hang up."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
            self._keeper = None
        if (client := self._client) is not None:
            self._client = None
            await self._leave(client, stale)

    async def _keep(self) -> None:
        pause, is_reported = _FIRST_PAUSE, False
        loop = asyncio.get_running_loop()
        while True:
            try:
                client = await self._open()
            except DestinationError as err:
                if not is_reported:
                    LOGGER.warning("MQTT broker %s: %s", self._broker.address, err)
                    is_reported = True
                self._finish_attempt(err)
            else:
                if is_reported:
                    LOGGER.info("MQTT broker %s is back", self._broker.address)
                    is_reported = False
                opened_at = loop.time()
                self._client = client
                self._finish_attempt(client)
                reason = await self._stand(client)
                await client.close()
                self._client = None
                LOGGER.warning("MQTT broker %s: %s", self._broker.address, reason)
                is_reported = True
                if loop.time() - opened_at > _STEADY:
                    pause = _FIRST_PAUSE
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wanted.wait()
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _stand(self, client: MqttClient) -> DestinationError:
        """Wait until the connection is gone, and return why."""
        attending = None
        if self._attend is not None:
            attending = asyncio.get_running_loop().create_task(
                self._attend(client), name=f"med_exporter mqtt discovery {self._broker.address}"
            )
        try:
            return await client.lost()
        finally:
            if attending is not None:
                attending.cancel()
                await asyncio.wait([attending])

    async def _open(self) -> MqttClient:
        self._wanted.clear()
        client = await async_open(self._broker, self._publishing, identifier=self._identifier)
        self._wanted.clear()
        try:
            await self._say_online(client)
        except DestinationError:
            await client.close()
            raise
        except asyncio.CancelledError:
            # The broker may have heard it, and nobody has heard the broker yet.
            await self._leave(client)
            raise
        return client

    async def _say_online(self, client: MqttClient) -> None:
        """Say `online`; raise DestinationError where the connection is of no use."""
        was_refused, self._is_status_refused = self._is_status_refused, False
        try:
            await self._say(client, ONLINE)
        except DestinationError as err:
            if err.is_unusable:
                raise
            # Not being allowed to say so is no reason not to try the measurements.
            self._is_status_refused = True
            if not was_refused:
                LOGGER.warning("MQTT broker %s: %s", self._broker.address, err)

    async def _leave(self, client: MqttClient, stale: Collection[str] = ()) -> None:
        with suppress(DestinationError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_TIMEOUT):
                await self._say(client, OFFLINE)
                await client.deliver(*map(nothing, stale), qos=client.answering_qos)
        await client.close()

    async def _say(self, client: MqttClient, status: str) -> None:
        topic, retain = self._publishing.status_topic, self._publishing.keeps_status
        message = Message(topic=topic, payload=status, retain=retain)
        await client.deliver(message, qos=client.answering_qos)

    def _finish_attempt(self, outcome: MqttClient | DestinationError) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is None or attempt.done():
            return
        if isinstance(outcome, DestinationError):
            attempt.set_exception(outcome)
        else:
            attempt.set_result(outcome)
