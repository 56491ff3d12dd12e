"""What each run begins with: an answer of the destination, though nothing is to be sent.

Another Home Assistant, which takes long to start, is asked the same in `home_assistant/`.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.influxdb.destination import InfluxDestination
from custom_components.med_exporter.destinations.influxdb.server import InfluxDb
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.mqtt.broker import Broker
from custom_components.med_exporter.destinations.mqtt.destination import MqttDestination
from custom_components.med_exporter.destinations.registry import DESTINATIONS
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from tests.hostile_front import front_of, whole
from tests.influxdb import influxdb_input, running_influx
from tests.jeedom_server import CORE_KEY, running_jeedom
from tests.measurements import days, push
from tests.mqtt_destinations import PUBLISHING, UNIQUE
from tests.mqtt_line import bad_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from custom_components.med_exporter.destinations.base import Destination

KINDS = ("victoriametrics", "jeedom", "mqtt", "influxdb 1", "influxdb 2", "influxdb 3")


pytestmark = pytest.mark.usefixtures("hass")  # what is logged is in its language


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as made:
        yield made


def influx(session: ClientSession, url: str, version: int) -> InfluxDestination:
    asked = influxdb_input(url, version)
    settings: dict[str, Any] = {
        "organisation": asked.get("organisation", ""),
        "database": asked.get("database") or asked["bucket"],
        "token": asked.get("token"),
    }
    return InfluxDestination(InfluxDb(session=session, url=url, version=version, **settings), {})


def of_jeedom(session: ClientSession, url: str) -> JeedomDestination:
    names = {data_type: data_type.value for data_type in DataType}
    rpc = JeedomRpc(session, url, CORE_KEY, "virtual")
    return JeedomDestination(rpc, "virtual", names, home="home")


@asynccontextmanager
async def standing(
    kind: str, request: pytest.FixtureRequest, session: ClientSession
) -> AsyncIterator[tuple[Destination, Callable[[], Awaitable[object]]]]:
    """Give a destination whose server runs, and what ends the server."""
    if kind == "victoriametrics":
        server = request.getfixturevalue("victoriametrics")()
        made = VictoriaMetricsDestination(
            VictoriaMetrics(session, server.url), {}, on_disk_after=0.1
        )
        yield made, lambda: asyncio.to_thread(server.kill)
    elif kind == "mqtt":
        broker = request.getfixturevalue("mosquitto")()
        client = MqttDestination(
            Broker(host="127.0.0.1", port=broker.port), PUBLISHING, unique=UNIQUE
        )
        yield client, lambda: asyncio.to_thread(broker.kill)
        await client.async_close()
    elif kind == "jeedom":
        running = running_jeedom()
        jeedom = await running.__aenter__()
        yield of_jeedom(session, jeedom.url), lambda: running.__aexit__(None, None, None)
    elif kind == "influxdb 1":
        influxd = request.getfixturevalue("influxd")()
        yield influx(session, influxd.url, 1), lambda: asyncio.to_thread(influxd.kill)
    else:
        paper_running = running_influx()
        paper = await paper_running.__aenter__()
        made_of_paper = influx(session, paper.url, int(kind[-1]))
        yield made_of_paper, lambda: paper_running.__aexit__(None, None, None)


def test_every_kind_is_asked() -> None:
    assert {kind.partition(" ")[0] for kind in KINDS} | {"home_assistant"} == set(DESTINATIONS)


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_was_reached_and_is_stopped_is_reached_no_more(
    request: pytest.FixtureRequest, session: ClientSession, kind: str
) -> None:
    async with standing(kind, request, session) as (destination, stop):
        await destination.async_reach()
        await push(destination, days(2))
        await destination.async_reach()
        await stop()
        with pytest.raises(DestinationError) as caught:
            await destination.async_reach()
        assert caught.value.is_unusable


@pytest.mark.parametrize("door", ["import", "export"])
async def test_each_door_of_victoriametrics_is_knocked_at(
    victoriametrics: Callable[..., Any], session: ClientSession, door: str
) -> None:
    async with front_of(victoriametrics().url) as front:
        destination = VictoriaMetricsDestination(VictoriaMetrics(session, front.url), {})
        await destination.async_reach()
        front.hears = lambda path: path.endswith(door)
        front.says = whole(b"no", status=HTTPStatus.UNAUTHORIZED)
        with pytest.raises(DestinationError) as caught:
            await destination.async_reach()
        assert caught.value.code == "UNAUTHORIZED"


@pytest.mark.parametrize("version", [2, 3])
async def test_a_token_that_was_withdrawn_is_told(session: ClientSession, version: int) -> None:
    async with running_influx() as paper:
        destination = influx(session, paper.url, version)
        await destination.async_reach()
        paper.rights.clear()
        with pytest.raises(DestinationError) as caught:
            await destination.async_reach()
        assert caught.value.code == "UNAUTHORIZED"


async def test_one_that_takes_line_protocol_but_answers_no_question_is_given_no_point(
    victoriametrics: Callable[..., Any], session: ClientSession
) -> None:
    server = victoriametrics()
    destination = influx(session, server.url, 2)
    await destination.async_reach()
    assert server.series() == []
    server.kill()
    with pytest.raises(DestinationError) as caught:
        await destination.async_reach()
    assert caught.value.is_unusable


async def test_a_broker_that_answers_no_more_over_an_open_line_is_no_success(
    mosquitto: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "custom_components.med_exporter.destinations.mqtt.client._ANSWER_TIMEOUT", 0.3
    )
    broker = mosquitto()
    async with bad_line(broker.port) as line:
        destination = MqttDestination(
            Broker(host="127.0.0.1", port=line.port), PUBLISHING, unique=UNIQUE
        )
        await destination.async_reach()
        line.freeze()
        with pytest.raises(DestinationError) as caught:
            await destination.async_reach()
        assert caught.value.code == "TIMED_OUT"
        line.thaw()
        await destination.async_reach()
        await destination.async_close()
