"""MQTT: one topic per value, below a prefix."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from ...const import LOGGER, DataType
from ..base import RUNNING, Corrections, DestinationError, Intake, Outcome
from ..measurements import Grain
from .connection import MqttConnection
from .messages import Message, Publishing, message_of, nothing, unknown_tomorrow
from .mistakes import HANGS_UP_ON
from .opening import TIMEOUT, identifier
from .probe import async_test_broker

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Collection, Sequence

    from ..measurements import Measurement, PointName
    from .broker import Broker
    from .client import MqttClient
    from .discovery import MqttDiscovery
    from .trial import Trial

INTAKE: Final = Intake(
    closed={
        DataType.CONSUMPTION_DAILY: Grain.DAILY,
        DataType.CONSUMPTION_MONTHLY: Grain.MONTHLY,
        DataType.CONSUMPTION_DETAILED: Grain.HALF_HOURLY,
        DataType.PRODUCTION_DAILY: Grain.DAILY,
    },
    current=RUNNING,
    corrections=Corrections.AGAIN,
    grid_per_point=False,
    at_once=8,
)
"""A broker hands everything on, and a later value of a period replaces the earlier one.

All series go over one connection; most of what each takes is waiting for its last answers.
"""


# Messages that are ready to leave, and for how many seconds answers are gathered, to settle them
# together.
_READY: Final = 200
_SETTLED_WITHIN: Final = 0.2
# Messages of QoS 0 after which the broker is asked whether it still reads.
_CONFIRMED_AT_ONCE: Final = 500


class MqttDestination:
    """A broker that takes measurements.

    `discovery` announces the sensors, where the user wants that; `pdls` tells the ids of all
    metering points; `successor` tells, when the destination is closed, how the same broker is
    published to from now on, None where it is not; `trial` what a connection test publishes.
    """

    def __init__(
        self,
        broker: Broker,
        publishing: Publishing,
        *,
        unique: str,
        discovery: MqttDiscovery | None = None,
        pdls: Callable[[], Collection[str]] = frozenset,
        successor: Callable[[], Publishing | None] | None = None,
        trial: Callable[[], Awaitable[Trial]] | None = None,
    ) -> None:
        self._broker = broker
        self._publishing = publishing
        self._discovery = discovery
        self._pdls = pdls
        self._known = set(pdls())
        self._successor = successor or (lambda: publishing)
        self._trial = trial
        self._finding = asyncio.Lock()
        self._lost: MqttClient | None = None
        self._reason: DestinationError | None = None
        self._connection = MqttConnection(
            broker, publishing, identifier=identifier(unique), attend=self._attend
        )

    @property
    def intake(self) -> Intake:
        """Return what goes to the broker."""
        return INTAKE

    async def async_start(self) -> None:
        """Start to connect in the background."""
        self._connection.start()

    async def async_close(self) -> None:
        """Say `offline`, take away what nobody will renew any more, and hang up."""
        successor = self._successor()
        stale = self._publishing.retained_topics(self._known)
        if successor is not None:
            stale -= successor.retained_topics(self._known)
        is_announced = self._discovery is not None and (
            successor is None or not successor.discovery
        )
        if stale or is_announced:
            try:
                async with asyncio.timeout(TIMEOUT):
                    client = await self._connection.client()
                    if self._discovery is not None and is_announced:
                        await self._discovery.withdraw(client)
            except (DestinationError, TimeoutError):
                LOGGER.warning(
                    "MQTT broker %s is away and keeps what was published below %s",
                    self._broker.address,
                    self._publishing.topic_prefix,
                )
        await self._connection.close(stale)

    async def async_test(self) -> str | None:
        """Try a connection of its own, beside the lasting one."""
        trial = None if self._trial is None else await self._trial()
        return await async_test_broker(self._broker, self._publishing, trial)

    async def async_forget_removed(self) -> None:
        """Take away what the broker keeps of metering points that are gone.

        Where no connection stands that is done when one does.
        """
        if (client := self._connection.open_client) is not None:
            await self._tidy(client)

    async def async_reach(self) -> None:
        """Connect, or have the broker acknowledge that one is online. Raises DestinationError."""
        await self._connection.reach()

    async def async_missing(self, witnesses: Sequence[Measurement]) -> Collection[Measurement]:
        """Return nothing: a broker cannot be asked what it has handed on."""
        return ()

    async def async_rename(self, before: PointName, now: PointName) -> bool:
        """Do nothing: what the broker keeps under the other id goes as that of all that is gone."""
        return True

    async def async_push(
        self,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        """Publish measurements in their order, as many at a time as the broker takes.

        Closed periods are never retained. A message counts as stored when the broker answers, with
        QoS 0 when it has read what came behind. Days of the grid that no topic is about are not
        sent; while tomorrow's colour is not known, its topic says so. Raises DestinationError.
        """
        client = await self._connection.client()
        try:
            await self._push(client, pages, settle)
        except DestinationError as err:
            if err.code == "CONNECTION_LOST" and self._trial is not None:
                await self._find_reason(client)
            raise

    async def _find_reason(self, client: MqttClient) -> None:
        """Raise what the broker has hung up for, where that is something in what it is given.

        A broker of MQTT 3.1.1 says nothing when it does, and one of MQTT 5 need not. It is found
        once for a connection, which all series have lost together.
        """
        async with self._finding:
            if self._lost is not client:
                self._lost, self._reason = client, None
                try:
                    await self.async_test()
                except DestinationError as err:
                    self._reason = err if err.code in HANGS_UP_ON else None
            if self._reason is not None:
                raise self._reason

    async def _push(
        self,
        client: MqttClient,
        pages: AsyncIterable[Sequence[Measurement]],
        settle: Callable[[Measurement, Outcome], None],
    ) -> None:
        flight = _Flight(client, self._publishing.qos, settle)
        topics: set[str] = set()
        try:
            async for page in pages:
                for measurement in page:
                    message = message_of(measurement, self._publishing, dt_util.utcnow())
                    if message is not None:
                        topics.add(message.topic)
                        if self._discovery is not None:
                            await self._discovery.announce(client, measurement, message)
                    await flight.send(measurement, message)
            tomorrow = unknown_tomorrow(topics, self._publishing, dt_util.utcnow())
            if tomorrow is not None:
                await flight.send(None, tomorrow)
        except Exception:
            # What was sent before may have arrived.
            await flight.land()
            raise
        else:
            await flight.land()
        finally:
            flight.abandon()

    async def _attend(self, client: MqttClient) -> None:
        """Look after what the broker keeps, as long as a connection stands."""
        await self._tidy(client)
        if self._discovery is not None:
            await self._discovery.attend(client)

    async def _tidy(self, client: MqttClient) -> None:
        if self._discovery is not None:
            await self._discovery.tidy(client)
        now = set(self._pdls())
        gone, self._known = self._known - now, self._known | now
        kept = self._publishing.retained_topics
        try:
            stale = map(nothing, kept(gone) - kept(now))
            await client.deliver(*stale, qos=client.answering_qos)
        except DestinationError as err:
            LOGGER.warning("MQTT broker %s: %s", self._broker.address, err)
        else:
            self._known = now


class _Flight:
    """Messages under way, settled in the order in which they were sent.

    Some are ready before the broker takes them, so that each of its answers makes the next one
    leave at once. After the first that was not taken nothing is sent or settled any more: whatever
    came behind it is sent again. With QoS 0 the broker is asked now and then whether it still
    reads.
    """

    def __init__(
        self, client: MqttClient, qos: int, settle: Callable[[Measurement, Outcome], None]
    ) -> None:
        self._client = client
        self._qos = qos
        self._settle = settle
        self._under_way: deque[tuple[Measurement | None, asyncio.Future[bool] | None]] = deque()
        self._written: list[tuple[Measurement, Outcome]] = []

    async def send(self, measurement: Measurement | None, message: Message | None) -> None:
        """Send a message, when there is room for it. Raises what an earlier one met."""
        if len(self._under_way) >= self._client.receive_maximum + _READY:
            await self._make_room()
        answer = None if message is None else self._client.send(message, qos=self._qos)
        self._under_way.append((measurement, answer))

    async def land(self) -> None:
        """Settle what is under way. Raises DestinationError for the first that was not taken."""
        while self._under_way:
            await self._settle_oldest()
        await self._confirm()

    def abandon(self) -> None:
        """Send nothing of what has not left yet."""
        while self._under_way:
            _, answer = self._under_way.popleft()
            if answer is not None:
                answer.cancel()

    async def _make_room(self) -> None:
        """Settle what is answered, at least the oldest: mostly some at a time."""
        _, one = self._under_way[_READY // 2]
        if one is not None:
            await asyncio.wait([one], timeout=_SETTLED_WITHIN)
        await self._settle_oldest()
        while self._under_way and ((answer := self._under_way[0][1]) is None or answer.done()):
            await self._settle_oldest()

    async def _settle_oldest(self) -> None:
        measurement, answer = self._under_way.popleft()
        if answer is not None:
            try:
                await self._client.answered(answer)
            except BaseException:
                self.abandon()
                await self._confirm()
                raise
        if measurement is not None:
            outcome = Outcome.ALREADY_THERE if answer is None else Outcome.STORED
            self._written.append((measurement, outcome))
            if self._qos or len(self._written) == _CONFIRMED_AT_ONCE:
                await self._confirm()

    async def _confirm(self) -> None:
        written, self._written = self._written, []
        if written and not self._qos:
            await self._client.confirm()
        for measurement, outcome in written:
            self._settle(measurement, outcome)
