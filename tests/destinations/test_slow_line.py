"""A catch-up to several destinations at once, over one line that is slow and full.

What is sent and asked takes many times as long as a server may be silent, and nothing times out.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.influxdb import server as influxdb
from custom_components.med_exporter.destinations.influxdb.destination import InfluxDestination
from custom_components.med_exporter.destinations.influxdb.server import InfluxDb
from custom_components.med_exporter.destinations.jeedom import command as jeedom
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.victoriametrics import server as victoriametrics
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from custom_components.med_exporter.destinations.web import request
from tests.influxdb import running_influx
from tests.jeedom_server import CORE_KEY, running_jeedom
from tests.measurements import days, half_hours, push
from tests.mqtt_destinations import destination as mqtt_destination

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

# Bytes in a second that the line takes, for all together, and in one piece.
RATE, PIECE = 96 * 1024, 2048


class SlowLine:
    """Carries the bytes of all connections through one narrow place, piece by piece in turn."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._narrow = asyncio.Lock()

    async def to(self, port: int) -> int:
        """Return a port that leads over the line to another."""

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(self._carry(reader, back), self._carry(there, writer))

        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        self._stack.callback(server.close)
        return int(server.sockets[0].getsockname()[1])

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(PIECE):
                async with self._narrow:
                    await asyncio.sleep(len(data) / RATE)
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as made:
        yield made


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let servers be silent for two seconds only, where a user's may be for a minute."""
    for module, names in (
        (victoriametrics, ("_IMPORT_SECONDS", "_EXPORT_SECONDS")),
        (influxdb, ("_WRITE_SECONDS", "_READ_SECONDS")),
        (jeedom, ("_HISTORY_TIMEOUT",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, 2)
    monkeypatch.setitem(VictoriaMetrics.write.__kwdefaults__, "seconds", 2)
    monkeypatch.setitem(VictoriaMetrics.read.__kwdefaults__, "seconds", 2)


@pytest.mark.usefixtures("little_patience")
async def test_a_catch_up_to_all_at_once_over_a_slow_line_times_out_nowhere(
    hass: HomeAssistant, session: ClientSession, request: pytest.FixtureRequest
) -> None:
    servers = {name: request.getfixturevalue(name)() for name in ("victoriametrics", "mosquitto")}
    influxd = request.getfixturevalue("influxd")()
    async with AsyncExitStack() as stack:
        line = SlowLine(stack)
        paper = await stack.enter_async_context(running_influx())
        papers = await stack.enter_async_context(running_jeedom())
        at = {
            name: f"http://127.0.0.1:{await line.to(int(url.rpartition(':')[2]))}"
            for name, url in (
                ("victoriametrics", servers["victoriametrics"].url), ("influxdb 1", influxd.url),
                ("influxdb 3", paper.url), ("jeedom", papers.url),
            )
        }  # fmt: skip
        rpc = JeedomRpc(session, at["jeedom"], CORE_KEY, "virtual")
        names = {data_type: data_type.value for data_type in DataType}
        influx_1 = InfluxDb(session=session, url=at["influxdb 1"], version=1, database="med")
        influx_3 = InfluxDb(
            session=session, url=at["influxdb 3"], version=3, database="med", token="t0ken"
        )
        broker = await line.to(servers["mosquitto"].port)
        year = half_hours(3000)
        pushes = [
            push(
                VictoriaMetricsDestination(
                    VictoriaMetrics(session, at["victoriametrics"]), {}, on_disk_after=0.1
                ),
                half_hours(10_000),
            ),
            push(InfluxDestination(influx_1, {}), year),
            push(InfluxDestination(influx_3, {}), year),
            push(JeedomDestination(rpc, "virtual", names, home="home"), days(60)),
            push(await stack.enter_async_context(mqtt_destination(broker)), days(300)),
        ]
        for outcomes in await asyncio.gather(*pushes):
            assert set(outcomes) == {Outcome.STORED}


@asynccontextmanager
async def answering(*, after: float, every: float) -> AsyncIterator[int]:
    """Run a server that begins to answer after some seconds, and says a byte every so many."""
    talks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.current_task())
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.sleep(after)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(every)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    server.close()
    for talk in talks:
        talk.cancel()
    await asyncio.wait(talks)


@pytest.mark.parametrize(
    ("after", "every"), [(60, 60), (0, 60), (0, 0.01)], ids=["silent", "stuck", "drip"]
)
async def test_patience_with_a_slow_line_has_an_end(
    session: ClientSession, after: float, every: float
) -> None:
    async with answering(after=after, every=every) as port:
        with pytest.raises(DestinationError) as raised:
            async with (
                asyncio.timeout(5),
                request(
                    session, "GET", f"http://127.0.0.1:{port}/", seconds=0.2, answer_size=4096
                ) as response,
            ):
                await response.read()
    assert raised.value.code == "TIMED_OUT"
