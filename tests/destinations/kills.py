"""Kill servers while a year goes to them: `python -m tests.destinations.kills [--kills 20] [kind]`.

Two metering points have a year of values; the server of each kind is killed at moments by chance
(for MQTT, the line to it is cut), and in half of the cases the push is ended with it. What was
settled is not given again. Prints for each kind how many values were lost, wrong or stored twice
in the end, and how many were settled and not there after a kill.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import tempfile
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

# As Home Assistant does; the oldest one cannot import its parts in any order.
import homeassistant.components.http  # noqa: F401
from aiohttp import ClientSession, TCPConnector, ThreadedResolver
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError
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
from tests.measurements import POINT, days, half_hours, push
from tests.mosquitto import Mosquitto
from tests.mqtt_destinations import PUBLISHING, UNIQUE
from tests.mqtt_line import bad_line
from tests.other_home import other_home_in
from tests.real_home import HomeClient
from tests.victoriametrics import VictoriaMetricsServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from custom_components.med_exporter.destinations.base import Destination, Outcome
    from custom_components.med_exporter.destinations.measurements import Energy, Measurement

    type Place = tuple[str, int]

POINTS = (POINT, replace(POINT, pdl="barn", slug="barn", name="Barn"))
HALF_HOURS = 17_520


@dataclass
class Stand(ABC):
    """A server that is killed, the year that it is given, and how it is looked at."""

    stack: AsyncExitStack
    folder: Path
    longest: float = 1.0
    values: dict[str, list[Energy]] = field(default_factory=dict)

    async def set_up(self) -> None:
        """Start the server, and make the year."""
        self.values = {
            point.pdl: [replace(one, point=point) for one in self.year()] for point in POINTS
        }
        await self.start()

    def year(self) -> list[Energy]:
        """Return a year of one metering point."""
        return half_hours(HALF_HOURS)

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
        for pdl in self.values:
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
        for pdl in self.values:
            points = await asyncio.to_thread(
                self.server.points, "myelectricaldata_consumption", "wh", pdl=pdl, type="detailed"
            )
            found |= {(pdl, stamp): [value / 1000] for stamp, value in points.items()}
        return found


class JeedomStand(Stand):
    """The one of the tests, which behaves as a real one was seen to; days, as it is slow."""

    async def set_up(self) -> None:
        self.jeedom = Jeedom()
        self.running = AsyncExitStack()
        self.stack.push_async_callback(self.kill)
        await super().set_up()

    def year(self) -> list[Energy]:
        return days(365)

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
        for pdl in self.values:
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
        made = MqttDestination(
            Broker(host="127.0.0.1", port=self.line.port), PUBLISHING, unique=UNIQUE
        )
        await made.async_start()
        return made

    async def there(self) -> dict[Place, list[float]]:
        # Its last messages are on their way.
        heard = -1
        while heard != (heard := sum(map(len, self.heard.values()))):
            await asyncio.sleep(2)
            self._take()
        # A repeat says the same.
        return {place: sorted(set(values)) for place, values in self.heard.items()}


class _Resolver(ThreadedResolver):
    async def real_close(self) -> None:
        """Close, as Home Assistant asks of its own."""


class HomeAssistantStand(Stand):
    """A second Home Assistant in a process of its own; hours, as its statistics have."""

    async def set_up(self) -> None:
        self.longest = 3.0
        self.home = self.stack.enter_context(other_home_in(self.folder))
        self.hass = await self.stack.enter_async_context(async_test_home_assistant())
        self.hass.data.pop(DATA_CUSTOM_COMPONENTS)
        # That of Home Assistant listens in the network.
        resolver = "homeassistant.helpers.aiohttp_client._async_make_resolver"
        self.stack.enter_context(patch(resolver, return_value=_Resolver()))
        self.stack.push_async_callback(self.hass.async_stop, force=True)
        self.values = {
            point.pdl: [replace(one, point=point) for one in self.year()] for point in POINTS
        }

    def year(self) -> list[Energy]:
        return [
            replace(one, grain=Grain.HOURLY, end=one.end + (one.end - one.start))
            for one in half_hours(HALF_HOURS)[::2]
        ]

    async def start(self) -> None:
        await self.home.start()

    async def kill(self) -> None:
        await self.home.kill()

    async def destination(self) -> Destination:
        return HomeAssistantDestination(self.hass, Remote(url=self.home.url, token=self.home.token))

    async def there(self) -> dict[Place, list[float]]:
        found: dict[Place, list[float]] = {}
        async with HomeClient(self.home.url, self.home.token) as client:
            for point in POINTS:
                statistic = f"med_exporter:consumption_{point.slug}"
                told = await client.command(
                    "recorder/statistics_during_period",
                    start_time="2020-01-01T00:00:00+00:00",
                    statistic_ids=[statistic],
                    period="hour",
                    types=["change"],
                )
                for row in told.get(statistic, ()):
                    found[point.pdl, row["start"] // 1000] = [row["change"]]
        return found


STANDS: dict[str, type[Stand]] = {
    "home_assistant": HomeAssistantStand,
    "mqtt": MqttStand,
    "victoriametrics": VictoriaMetricsStand,
    "jeedom": JeedomStand,
    "influxdb": InfluxDbStand,
}


def compare(stand: Stand, there: dict[Place, list[float]], until: dict[str, int]) -> Counter[str]:
    """Count what of the first values of each metering point is lost, wrong or there twice."""
    counted: Counter[str] = Counter()
    for pdl, values in stand.values.items():
        for one in values[: until[pdl]]:
            found = there.get((pdl, round(one.start.astimezone(UTC).timestamp())), [])
            counted["lost"] += not found
            counted["twice"] += len(found) > 1
            counted["wrong"] += any(
                not math.isclose(value, one.kwh, rel_tol=1e-9, abs_tol=1.1e-6) for value in found
            )
    return counted


async def push_on(stand: Stand, until: dict[str, int]) -> None:
    """Push what is not settled; what is, is counted even when this is cancelled."""
    destination = await stand.destination()
    try:
        for pdl, values in stand.values.items():
            settled: list[tuple[Measurement, Outcome]] = []
            try:
                if until[pdl] < len(values):
                    await push(destination, values[until[pdl] :], settled)
            finally:
                until[pdl] += len(settled)
    finally:
        with suppress(DestinationError):
            await destination.async_close()


@asynccontextmanager
async def standing(kind: str) -> AsyncIterator[Stand]:
    """Run a stand."""
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            stand = STANDS[kind](stack, Path(folder))
            await stand.set_up()
            yield stand


async def measure(kind: str, kills: int) -> str:
    """Return a line of figures."""
    pick, began = random.Random(kind), monotonic()
    async with standing(kind) as stand:
        until = dict.fromkeys(stand.values, 0)
        forgotten = 0
        for number in range(kills):
            if all(until[pdl] == len(values) for pdl, values in stand.values.items()):
                # All is settled: from the beginning, as after a restored backup.
                until = dict.fromkeys(stand.values, 0)
            pushing = asyncio.create_task(push_on(stand, until))
            least, most = math.log(0.01), math.log(stand.longest)
            await asyncio.sleep(math.exp(pick.uniform(least, most)))
            await stand.kill()
            if number % 2:
                pushing.cancel()
            with suppress(DestinationError, asyncio.CancelledError):
                await pushing
            await stand.start()
            forgotten += compare(stand, await stand.there(), until)["lost"]
        await push_on(stand, until)
        there = await stand.there()
        counted = compare(stand, there, until)
        total = sum(map(len, stand.values.values()))
    return (
        f"{kind}: {total} values, {kills} kills, {monotonic() - began:.0f} s:"
        f" {sum(until.values())} settled, {len(there)} there, {counted['lost']} lost,"
        f" {counted['wrong']} wrong, {counted['twice']} twice;"
        f" {forgotten} settled and gone after a kill\n"
    )


def main() -> None:
    """Measure all kinds, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--kills", type=int, default=20)
    asked = parser.parse_args()
    for kind in asked.kinds or STANDS:
        sys.stdout.write(asyncio.run(measure(kind, asked.kills)))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
