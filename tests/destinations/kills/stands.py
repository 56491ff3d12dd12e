"""Servers that are killed, a kind of destination each, and how one looks at what they hold."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections import defaultdict
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, TCPConnector, ThreadedResolver

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.home_assistant.api import Remote
from custom_components.med_exporter.destinations.home_assistant.destination import (
    HomeAssistantDestination,
)
from custom_components.med_exporter.destinations.influxdb.destination import InfluxDestination
from custom_components.med_exporter.destinations.influxdb.server import InfluxDb
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.measurements import Grain
from custom_components.med_exporter.destinations.mqtt.broker import Broker
from custom_components.med_exporter.destinations.mqtt.destination import MqttDestination
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from custom_components.med_exporter.sources.tempo_calendar import PARIS
from tests.influxdb import Influxd
from tests.jeedom_server import CORE_KEY, Jeedom, running_jeedom
from tests.mosquitto import Mosquitto
from tests.mqtt_destinations import PUBLISHING, UNIQUE
from tests.mqtt_line import bad_line
from tests.other_home import other_home_in
from tests.real_home import HomeClient
from tests.victoriametrics import VictoriaMetricsServer

if TYPE_CHECKING:
    from pathlib import Path

    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.destinations.base import Destination

    type Place = tuple[str, int]

POINTS = ("house", "barn")


@dataclass
class Stand(ABC):
    """A server that is killed, what of the year it is given, and how it is looked at."""

    hass: HomeAssistant
    stack: AsyncExitStack
    folder: Path
    longest: float = 1.0
    data: DataType = DataType.CONSUMPTION_DETAILED
    grain: Grain = Grain.HALF_HOURLY

    async def set_up(self) -> None:
        """Start the server."""
        await self.start()

    async def session(self) -> ClientSession:
        """Return a session of its own."""
        connector = TCPConnector(resolver=ThreadedResolver())
        return await self.stack.enter_async_context(ClientSession(connector=connector))

    @abstractmethod
    async def start(self) -> None:
        """Start the server."""

    @abstractmethod
    async def kill(self) -> None:
        """Kill it."""

    @abstractmethod
    async def destination(self) -> Destination:
        """Return a destination that knows nothing of the lives before it."""

    @abstractmethod
    async def there(self) -> dict[Place, list[float]]:
        """Return what stands there in kWh, by metering point and second."""


class VictoriaMetricsStand(Stand):
    """A real one."""

    async def set_up(self) -> None:
        # What is settled was on the way for 15 seconds.
        self.longest = 20.0
        self.server = VictoriaMetricsServer(self.folder)
        self.stack.callback(self.server.kill)
        await super().set_up()

    async def start(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def kill(self) -> None:
        await asyncio.to_thread(self.server.kill)

    async def destination(self) -> Destination:
        return VictoriaMetricsDestination(
            VictoriaMetrics(await self.session(), self.server.url), {}
        )

    async def there(self) -> dict[Place, list[float]]:
        found: dict[Place, list[float]] = {}
        for pdl in POINTS:
            series = f'myelectricaldata_consumption_wh{{pdl="{pdl}",type="detailed"}}'
            samples = await asyncio.to_thread(self.server.samples, series)
            for stamp, values in samples.items():
                found[pdl, stamp // 1000] = [value / 1000 for value in values]
        return found


class InfluxDbStand(Stand):
    """A real one of version 1."""

    async def set_up(self) -> None:
        self.server = Influxd(self.folder)
        self.stack.callback(self.server.kill)
        await super().set_up()
        await asyncio.to_thread(self.server.set_up)

    async def start(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def kill(self) -> None:
        await asyncio.to_thread(self.server.kill)

    async def destination(self) -> Destination:
        server = InfluxDb(
            session=await self.session(), url=self.server.url, version=1, database="med"
        )
        return InfluxDestination(server, {})

    async def there(self) -> dict[Place, list[float]]:
        found: dict[Place, list[float]] = {}
        for pdl in POINTS:
            points = await asyncio.to_thread(
                self.server.points, "myelectricaldata_consumption", "wh", pdl=pdl, type="detailed"
            )
            found |= {(pdl, stamp): [value / 1000] for stamp, value in points.items()}
        return found


class JeedomStand(Stand):
    """The one of the tests, which behaves as a real one was seen to; days, as it is slow."""

    async def set_up(self) -> None:
        self.data, self.grain = DataType.CONSUMPTION_DAILY, Grain.DAILY
        self.jeedom = Jeedom()
        self.running = AsyncExitStack()
        self.stack.push_async_callback(self.kill)
        await super().set_up()

    async def start(self) -> None:
        await self.running.enter_async_context(running_jeedom(self.jeedom))

    async def kill(self) -> None:
        await self.running.aclose()

    async def destination(self) -> Destination:
        rpc = JeedomRpc(await self.session(), self.jeedom.url, CORE_KEY, "virtual")
        names = {data_type: data_type.value for data_type in DataType}
        return JeedomDestination(rpc, "virtual", names, home="home")

    async def there(self) -> dict[Place, list[float]]:
        found: dict[Place, list[float]] = {}
        for pdl in POINTS:
            with suppress(ValueError):  # not made yet
                for stamp, value in self.jeedom.values(pdl, "consumption_daily").items():
                    at = datetime.fromisoformat(stamp).replace(tzinfo=PARIS)
                    found[pdl, round(at.timestamp())] = [value]
        return found


class MqttStand(Stand):
    """A real mosquitto, whose line is cut, and one who listens to it without one.

    What a broker itself had taken and not handed on is gone when it is killed, whoever sent it.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.heard: dict[Place, list[float]] = defaultdict(list)

    async def set_up(self) -> None:
        broker = Mosquitto(self.folder)
        self.stack.callback(broker.kill)
        await asyncio.to_thread(broker.start)
        self.line = await self.stack.enter_async_context(bad_line(broker.port))
        self.queue = await self.stack.enter_async_context(
            broker.listening("home/energy/+/consumption/detailed")
        )
        await super().set_up()

    async def start(self) -> None:
        """Leave it alone: the next one to come is let through."""

    async def kill(self) -> None:
        self.line.cut()

    def _take(self) -> None:
        while not self.queue.empty():
            told = json.loads(self.queue.get_nowait().payload)
            start = datetime.fromisoformat(told["date"])
            self.heard[told["pdl"], round(start.timestamp())].append(told["value"])

    async def destination(self) -> Destination:
        broker = Broker(host="127.0.0.1", port=self.line.port)
        return MqttDestination(broker, PUBLISHING, unique=UNIQUE)

    async def there(self) -> dict[Place, list[float]]:
        # Its last messages are on their way.
        heard = -1
        while heard != (heard := sum(map(len, self.heard.values()))):
            await asyncio.sleep(2)
            self._take()
        # A repeat says the same.
        return {place: sorted(set(values)) for place, values in self.heard.items()}


class HomeAssistantStand(Stand):
    """A second Home Assistant in a process of its own; hours, as its statistics have."""

    async def set_up(self) -> None:
        self.longest = 3.0
        self.data, self.grain = DataType.CONSUMPTION_DAILY, Grain.HOURLY
        starting = asyncio.to_thread(self.stack.enter_context, other_home_in(self.folder))
        self.home = await starting

    async def start(self) -> None:
        await self.home.start()

    async def kill(self) -> None:
        await self.home.kill()

    async def destination(self) -> Destination:
        return HomeAssistantDestination(self.hass, Remote(url=self.home.url, token=self.home.token))

    async def there(self) -> dict[Place, list[float]]:
        found: dict[Place, list[float]] = {}
        async with HomeClient(self.home.url, self.home.token) as client:
            for pdl in POINTS:
                statistic = f"med_exporter:consumption_{pdl}"
                told = await client.command(
                    "recorder/statistics_during_period",
                    start_time="2020-01-01T00:00:00+00:00",
                    statistic_ids=[statistic],
                    period="hour",
                    types=["change"],
                )
                for row in told.get(statistic, ()):
                    found[pdl, row["start"] // 1000] = [row["change"]]
        return found


STANDS: dict[str, type[Stand]] = {
    "home_assistant": HomeAssistantStand,
    "mqtt": MqttStand,
    "victoriametrics": VictoriaMetricsStand,
    "jeedom": JeedomStand,
    "influxdb": InfluxDbStand,
}
