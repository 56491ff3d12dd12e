"""Servers whose answers are bombs, or have no end, or belong to another question.

Each is one named error, the event loop is never held by it, and what has not arrived the next run
sends, once there is a healthy server again. What MQTT brokers may do is in `mqtt/`.
"""

from __future__ import annotations

import gzip
import json
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector, ThreadedResolver, web

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations import web as web_module
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.influxdb.destination import InfluxDestination
from custom_components.med_exporter.destinations.influxdb.server import InfluxDb
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from tests.hostile_front import for_ever, front_of, never_held, whole
from tests.influxdb import running_influx
from tests.jeedom_server import CORE_KEY, running_jeedom
from tests.measurements import days, half_hours, push

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from custom_components.med_exporter.destinations.base import Destination
    from tests.hostile_front import Front, Speech

MEBI = 1024 * 1024
STRANGE = {
    "bomb": whole(gzip.compress(b" " * 300 * MEBI, 1), encoding="gzip"),
    "bomb of values": whole(gzip.compress(b"[" + b"[]," * (4 * MEBI) + b"[]]", 1), encoding="gzip"),
    "broken packing": whole(b"\x1f\x8b\x08 no gzip", encoding="gzip"),
    "endless lines": for_ever(b'{"metric":{},"values":[],"timestamps":[]}\n' * 1000),
    "drip": for_ever(b" ", 0.05),
    "deep": whole(b'{"metric":' * 20_000),
    "page": whole(b"<!doctype html><title>Welcome</title>"),
    "nothing meant": whole(b"null"),
}


def short_of(promised: int, body: bytes) -> Speech:
    """Promise more bytes than come before the line is cut."""

    async def say(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(promised)})
        await response.prepare(request)
        await response.write(body)
        request.transport.abort()
        return response

    return say


# What servers say that are in trouble themselves, and the codes of it.
TROUBLED = {
    "cut short": (short_of(5000, b'{"result": [],'), {"CONNECTION_LOST", "NOT_EXPECTED_SERVER"}),
    "full disk": (whole(b"no space left on device", status=507), {"SERVER_ERROR"}),
    "overloaded": (whole(b"<html>Bad gateway</html>", status=502), {"SERVER_ERROR"}),
    "login ended": (
        whole(b'{"error": "expired"}', status=401),
        {"UNAUTHORIZED", "WRONG_CREDENTIALS", "NOT_EXPECTED_SERVER"},
    ),
    "too many requests": (whole(b"slow down", status=429), {"TOO_MANY_REQUESTS"}),
    "too many requests for a while": (
        whole(b"slow down", status=429, Retry_After="120"),
        {"TOO_MANY_REQUESTS"},
    ),
    "too many requests until a date": (
        whole(b"", status=429, Retry_After="Wed, 21 Oct 2099 07:28:00 GMT"),
        {"TOO_MANY_REQUESTS"},
    ),
    "maintenance": (whole(b"later", status=503, Retry_After="120"), {"SERVER_BUSY"}),
}
OTHERS: dict[str, bytes] = {
    "victoriametrics": b'{"metric":{"__name__":"up"},"values":[1],"timestamps":[1]}',
    "influxdb 1": json.dumps(
        {"results": [{"series": [{"name": "up", "columns": ["time", "wh"], "values": [[1, 2]]}]}]}
    ).encode(),
    "influxdb 2": (
        b",result,table,_start,_stop,_time,_value,_field,_measurement\r\n"
        b",,0,,,2001-01-01T00:00:00Z,1,value,up\r\n"
    ),
    "influxdb 3": b'[{"time":"2001-01-01T00:00:00","wh":1,"pdl":"Mon_PDL-1","type":"daily"}]',
    "jeedom": b'{"jsonrpc":"2.0","id":77,"result":[]}',
}


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as made:
        yield made


@pytest.fixture(params=OTHERS)
async def fronted(
    request: pytest.FixtureRequest, session: ClientSession
) -> AsyncIterator[tuple[Front, Destination, Speech]]:
    """A healthy server of each kind, what stands before it, and an answer to another question."""
    kind, _, version = request.param.partition(" ")
    other = whole(OTHERS[request.param])
    if kind == "victoriametrics":
        async with front_of(request.getfixturevalue("victoriametrics")().url) as front:
            front.hears = lambda path: path.endswith("/export")
            server = VictoriaMetrics(session, front.url)
            yield front, VictoriaMetricsDestination(server, {}, on_disk_after=0.1), other
    elif kind == "jeedom":
        async with running_jeedom() as jeedom, front_of(jeedom.url) as front:
            rpc = JeedomRpc(session, front.url, CORE_KEY, "virtual")
            names = {data_type: data_type.value for data_type in DataType}
            yield front, JeedomDestination(rpc, "virtual", names, home="home"), other
    else:
        settings: dict[str, Any] = {"version": int(version), "database": "med"}
        if version == "2":
            settings["organisation"] = "home"
        if version != "1":
            settings["token"] = "t0ken"
        async with _influx(request, version) as url, front_of(url) as front:
            front.hears = lambda path: "query" in path
            yield (
                front,
                InfluxDestination(InfluxDb(session=session, url=front.url, **settings), {}),
                other,
            )


@asynccontextmanager
async def _influx(request: pytest.FixtureRequest, version: str) -> AsyncIterator[str]:
    if version == "1":
        yield request.getfixturevalue("influxd")().url
    else:
        async with running_influx() as paper:
            yield paper.url


@pytest.mark.parametrize("what", [*STRANGE, "another question"])
async def test_a_hostile_answer_is_one_named_error_and_the_next_run_sends_the_rest(
    fronted: tuple[Front, Destination, Speech], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    front, destination, other = fronted
    year = days(20)
    await push(destination, year[:10])
    front.says = other if what == "another question" else STRANGE[what]
    settled: list[Any] = []
    monkeypatch.setattr(web_module, "ClientTimeout", lambda **_: ClientTimeout(total=0.4))
    async with never_held():
        for attempt in (
            partial(destination.async_missing, [year[0], year[9]]),
            partial(push, destination, year, settled),
        ):
            with pytest.raises(DestinationError) as caught:
                await attempt()
            assert caught.value.code in {"NOT_EXPECTED_SERVER", "TIMED_OUT"}
    assert settled == []
    front.says = None
    monkeypatch.undo()
    assert list(await destination.async_missing([year[0], year[9]])) == []
    outcomes = await push(destination, year)
    assert outcomes[10:] == [Outcome.STORED] * 10
    assert await push(destination, year) == [Outcome.ALREADY_THERE] * 20


@pytest.mark.parametrize("what", TROUBLED)
@pytest.mark.parametrize("after", [0, 2, 5])
async def test_trouble_in_the_middle_of_a_run_is_named_and_the_next_run_sends_the_rest(
    fronted: tuple[Front, Destination, Speech], what: str, after: int
) -> None:
    front, destination, _ = fronted
    year = days(20)
    await push(destination, year[:10])
    says, codes = TROUBLED[what]
    front.hears = lambda _: front.passed >= after
    front.passed, front.says = 0, says
    # Where it comes so late that a run was over before, all has arrived.
    code = "none"
    try:
        await push(destination, year)
    except DestinationError as err:
        code = err.code
    assert code in ({"none", *codes} if after else codes)
    front.says = None
    assert (await push(destination, year))[:10] == [Outcome.ALREADY_THERE] * 10
    assert list(await destination.async_missing(year)) == []


async def test_a_hole_within_a_day_is_seen_with_few_questions_and_filled(
    fronted: tuple[Front, Destination, Speech],
) -> None:
    front, destination, _ = fronted
    given = half_hours(4 * 48)
    hole = given[100:103]
    assert set(await push(destination, [one for one in given if one not in hole])) == {
        Outcome.STORED
    }
    front.passed = 0
    assert list(await destination.async_missing(given)) == hole
    assert front.passed < 12
    await push(destination, given)
    assert list(await destination.async_missing(given)) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nothing_follows_a_redirect(
    fronted: tuple[Front, Destination, Speech], status: int
) -> None:
    front, destination, _ = fronted
    heard: list[str] = []

    async def listen(request: web.Request) -> web.StreamResponse:
        heard.append(request.path)
        return web.Response()

    async with front_of("") as elsewhere:
        elsewhere.says = listen

        async def redirect(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": f"{elsewhere.url}/there"})

        front.says, front.hears = redirect, lambda _: True
        for attempt in (
            destination.async_test,
            partial(destination.async_missing, days(1)),
            partial(push, destination, days(3)),
        ):
            with pytest.raises(DestinationError) as caught:
                await attempt()
            assert caught.value.code == "NOT_EXPECTED_SERVER"
    assert heard == []
