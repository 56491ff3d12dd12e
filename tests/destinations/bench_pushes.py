"""Measure pushes beside importers of each server.

`python -m tests.destinations.bench_pushes [KIND...]`, in a section of `docs/performance.md`.

What is pushed is there already, as measurements; what the others send is prepared, too. Each pair
is measured five times in turn, and its ratios are those of the medians. A push includes that the
server is asked whether it has everything, where it can be; the wait for its disk, which is the
same however much is pushed, is left out. The table replaces the section of the page about pushes.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

# As Home Assistant does; the oldest one cannot import its parts in any order.
import homeassistant.components.http  # noqa: F401
from aiohttp import ClientSession, TCPConnector, ThreadedResolver
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import Outcome
from custom_components.med_exporter.destinations.home_assistant.api import Remote
from custom_components.med_exporter.destinations.home_assistant.destination import (
    HomeAssistantDestination,
)
from custom_components.med_exporter.destinations.influxdb.destination import InfluxDestination
from custom_components.med_exporter.destinations.influxdb.lines import point_of, series_of
from custom_components.med_exporter.destinations.influxdb.server import InfluxDb
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.measurements import Energy, Grain, PointName
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from tests.influxdb import Influxd
from tests.jeedom_server import CORE_KEY, PATH, Jeedom, running_jeedom
from tests.measured_page import EXPORTS
from tests.measurements import pages_of
from tests.mosquitto import Mosquitto
from tests.mqtt_destinations import destination
from tests.other_home import other_home_in
from tests.real_home import HomeClient
from tests.victoriametrics import VictoriaMetricsServer

from .mqtt import bench as mqtt
from .victoriametrics import bench as victoriametrics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from custom_components.med_exporter.destinations.base import Destination
    from custom_components.med_exporter.destinations.measurements import Measurement

ROUNDS = 5
_HALF_HOUR = timedelta(minutes=30)


class Resolver(ThreadedResolver):
    """Home Assistant closes its own in another way."""

    real_close = ThreadedResolver.close


class Took(NamedTuple):
    """Seconds by the clock, and of the processor, of whoever sends."""

    wall: float
    processor: float


class Pair(NamedTuple):
    """A push and its peer, as often as they were measured."""

    what: str
    peer: str
    own: list[Took]
    other: list[Took]


async def awaited(work: Awaitable[Any]) -> Took:
    """Measure something of this process."""
    gc.collect()
    gc.freeze()
    wall, processor = time.monotonic(), time.process_time()
    await work
    return Took(time.monotonic() - wall, time.process_time() - processor)


def ran(command: Sequence[object], words: bytes | None = None) -> Took:
    """Measure a program."""
    wall, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(list(map(str, command)), input=words, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(time.monotonic() - wall, processor)


async def push(to: Destination, values: Sequence[Measurement]) -> None:
    """Push, and make sure that all is stored."""
    settled: dict[Outcome, int] = {}

    def settle(_: object, outcome: Outcome, __: object = None, count: int = 1) -> None:
        settled[outcome] = settled.get(outcome, 0) + count

    await to.async_push(pages_of(values, victoriametrics.OF_A_PAGE), settle)
    assert settled == {Outcome.STORED: len(values)}


def periods(
    count: int, point: str, data_type: DataType, grain: Grain, length: timedelta
) -> list[Energy]:
    """Return the energy of the last periods of a metering point, oldest first."""
    name = PointName(pdl=point, slug=point, name=point)
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - count * length
    return [
        Energy(
            data_type=data_type, point=name, grain=grain, start=first + number * length,
            end=first + (number + 1) * length, closed=True,
            timestamp=first + (number + 1) * length, kwh=(number + 1) % 3571 / 1000,
        )
        for number in range(count)
    ]  # fmt: skip


class Bench:
    """All pairs, with the servers that they need."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self.stack = stack
        self.folder = folder

    async def session(self) -> ClientSession:
        connector = TCPConnector(resolver=ThreadedResolver())
        return await self.stack.enter_async_context(ClientSession(connector=connector))

    async def victoriametrics(self, count: int = 1_000_000) -> Pair:
        server = VictoriaMetricsServer(self.folder).start()
        self.stack.callback(server.kill)
        pair = Pair(f"VictoriaMetrics, {count:,} samples", "`curl`, a file of JSON lines", [], [])
        session, file = await self.session(), self.folder / "prepared"
        for number in range(ROUNDS):
            victoriametrics.prepare(list(victoriametrics.half_hours(count, f"c{number}")), file)
            url = f"{server.url}/api/v1/import"
            took = await asyncio.to_thread(ran, ["curl", "-sf", "--data-binary", f"@{file}", url])
            began = time.monotonic()
            await asyncio.to_thread(server.get, "/internal/force_flush")
            pair.other.append(took._replace(wall=took.wall + time.monotonic() - began))
            to = VictoriaMetricsDestination(
                VictoriaMetrics(session, server.url), {}, on_disk_after=0
            )
            values = list(victoriametrics.half_hours(count, f"p{number}"))
            pair.own.append(await awaited(push(to, values)))
        server.kill()
        return pair

    async def mqtt(self, count: int = 20_000) -> Pair:
        broker = Mosquitto(self.folder).start()
        self.stack.callback(broker.kill)
        values, lines = mqtt.prepared(count)
        command = ["mosquitto_pub", "-V", "mqttv5", "-p", broker.port, "-q", 1, "-l", "-t", "lines"]
        pair = Pair(f"MQTT, {count:,} messages of QoS 1", "`mosquitto_pub -l`", [], [])
        async with destination(broker.port) as to:
            await push(to, values[:1])
            for _ in range(ROUNDS):
                pair.other.append(await asyncio.to_thread(ran, command, lines))
                pair.own.append(await awaited(push(to, values)))
        return pair

    async def influxdb(self, count: int = 17_520) -> Pair:
        server = Influxd(self.folder).start().set_up()
        self.stack.callback(server.kill)
        pair = Pair(f"InfluxDB 1, {count:,} points", "`curl`, a file of lines", [], [])
        file, detailed = self.folder / "lines", DataType.CONSUMPTION_DETAILED
        to = InfluxDestination(
            InfluxDb(session=await self.session(), url=server.url, version=1, database="med"), {}
        )
        for number in range(ROUNDS):
            other = periods(count, f"c{number}", detailed, Grain.HALF_HOURLY, _HALF_HOUR)
            series = series_of(other[0], {})
            points = map(point_of, other)
            file.write_bytes(b"".join(series.line(point.stamp, point.value) for point in points))
            url = f"{server.url}/write?db=med&precision=s"
            command = ["curl", "-sf", "--data-binary", f"@{file}", url]
            pair.other.append(await asyncio.to_thread(ran, command))
            values = periods(count, f"p{number}", detailed, Grain.HALF_HOURLY, _HALF_HOUR)
            pair.own.append(await awaited(push(to, values)))
        server.kill()
        return pair

    async def jeedom(self, count: int = 1000) -> Pair:
        jeedom = await self.stack.enter_async_context(running_jeedom(Jeedom()))
        names = {data_type: data_type.value for data_type in DataType}
        session, daily = await self.session(), DataType.CONSUMPTION_DAILY
        rpc = JeedomRpc(session, jeedom.url, CORE_KEY, "virtual")
        to = JeedomDestination(rpc, "virtual", names, home="home")
        pair = Pair(f"Jeedom of the tests, {count:,} values", "events, four at a time", [], [])
        for number in range(ROUNDS):
            values = periods(count, f"p{number}", daily, Grain.DAILY, timedelta(days=1))
            pair.own.append(await awaited(push(to, values)))
            command = jeedom.command(f"p{number}", "consumption_daily")["id"]

            async def tell(some: Sequence[Energy], command: int = command) -> None:
                for one in some:
                    params = {
                        "apikey": CORE_KEY,
                        "id": command,
                        "value": one.kwh,
                        "datetime": f"{one.start:%Y-%m-%d %H:%M:%S}",
                    }
                    question = {"jsonrpc": "2.0", "id": 1, "method": "cmd::event", "params": params}
                    async with session.post(f"{jeedom.url}{PATH}", json=question) as answer:
                        await answer.json()

            four = asyncio.gather(*(tell(values[at::4]) for at in range(4)))
            pair.other.append(await awaited(four))
        return pair

    async def home_assistant(self, count: int = 8760) -> Pair:
        starting = asyncio.to_thread(self.stack.enter_context, other_home_in(self.folder / "home"))
        home = await starting
        hass = await self.stack.enter_async_context(async_test_home_assistant())
        # The system's own, as the other destinations have.
        made = "homeassistant.helpers.aiohttp_client._async_make_resolver"
        self.stack.enter_context(patch(made, lambda _: Resolver()))
        to = HomeAssistantDestination(hass, Remote(url=home.url, token=home.token))
        pair = Pair(f"Home Assistant, {count:,} hours", "its command, until it shows them", [], [])
        client = await self.stack.enter_async_context(HomeClient(home.url, home.token))
        for number in range(ROUNDS):
            values = periods(
                count, f"p{number}", DataType.CONSUMPTION_DAILY, Grain.HOURLY, timedelta(hours=1)
            )
            pair.own.append(await awaited(push(to, values)))
            pair.other.append(await awaited(_import(client, f"other:c{number}", values)))
        await to.async_close()
        await hass.async_stop(force=True)
        return pair


async def _import(client: HomeClient, statistic: str, values: Sequence[Energy]) -> None:
    """Import hours as a script of a user would, and wait until they are there."""
    metadata = {
        "statistic_id": statistic, "source": "other", "name": statistic, "has_sum": True,
        "unit_of_measurement": "kWh", "mean_type": 0, "unit_class": "energy",
    }  # fmt: skip
    total, rows = 0.0, []
    for one in values:
        total += one.kwh
        rows.append({"start": one.start.isoformat(), "state": one.kwh, "sum": total})
    for at in range(0, len(rows), 1000):
        part = rows[at : at + 1000]
        await client.command("recorder/import_statistics", metadata=metadata, stats=part)
    asked = {
        "start_time": values[-1].start.isoformat(), "statistic_ids": [statistic],
        "period": "hour", "types": ["sum"],
    }  # fmt: skip
    while not await client.command("recorder/statistics_during_period", **asked):
        pass


async def measured(names: Sequence[str]) -> list[Pair]:
    """Measure some pairs, each with the machine for itself."""
    pairs = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            async with AsyncExitStack() as stack:
                pairs.append(await getattr(Bench(stack, Path(folder)), name)())
    return pairs


def write(pairs: Sequence[Pair]) -> None:
    """Write the section of the page."""
    rows = []
    for pair in pairs:
        own, other = (
            Took(*map(statistics.median, zip(*some, strict=True)))
            for some in (pair.own, pair.other)
        )
        rows.append((
            pair.what, f"{own.wall:.2f}", f"{own.processor:.2f}",
            pair.peer, f"{other.wall:.2f}", f"{other.processor:.2f}",
            f"{own.wall / other.wall:.1f}",
        ))  # fmt: skip
    EXPORTS.write_section(
        "Pushes",
        (
            "Written by `scripts/bench --pushes`: each push beside what does nothing but send",
            "what is prepared. A push makes sure that the server has it, where that can be asked.",
            "The seconds of the processor are those of whoever sends.",
        ),
        [
            ("push", "seconds", "processor, s", "beside", "seconds", "processor, s",
             "ratio of seconds"),
            *rows,
        ],
    )  # fmt: skip


def main() -> None:
    """Measure, and write the section."""
    every = ["victoriametrics", "mqtt", "influxdb", "jeedom", "home_assistant"]
    write(asyncio.run(measured(sys.argv[1:] or every)))


if __name__ == "__main__":
    main()
