"""What a line may do to any server's answers: lose them all, or bring them twice."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector, ThreadedResolver

from custom_components.med_exporter.destinations import web as web_module
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from custom_components.med_exporter.web.line import bounded_request
from tests.influxdb import running_influx
from tests.jeedom_server import running_jeedom
from tests.measurements import days, push
from tests.raw_line import RawLine, raw_line

from .test_reach import influx, of_jeedom

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from custom_components.med_exporter.destinations.base import Destination, Outcome

KINDS = ("victoriametrics", "jeedom", "influxdb 1", "influxdb 2", "influxdb 3")
MEBI = 1024 * 1024
# Seconds after which whoever has pressed a button wants to know.
SOON = 31


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """What all kinds ask with."""
    connector = TCPConnector(resolver=ThreadedResolver())
    requests = bounded_request(32 * MEBI)
    async with ClientSession(connector=connector, request_class=requests) as made:
        yield made


@asynccontextmanager
async def over_a_line(
    kind: str, request: pytest.FixtureRequest, session: ClientSession
) -> AsyncIterator[tuple[RawLine, Destination]]:
    """Give a destination whose server runs at the other end of a line."""
    seed = request.config.getoption("--hypothesis-seed") or 0

    def line_to(url: str) -> Any:
        return raw_line(urlsplit(url).port or 0, seed=int(seed))

    if kind == "victoriametrics":
        async with line_to(request.getfixturevalue("victoriametrics")().url) as line:
            server = VictoriaMetrics(session, f"http://127.0.0.1:{line.port}")
            yield line, VictoriaMetricsDestination(server, {}, on_disk_after=0.1)
    elif kind == "jeedom":
        async with running_jeedom() as jeedom, line_to(jeedom.url) as line:
            yield line, of_jeedom(session, f"http://127.0.0.1:{line.port}")
    elif kind == "influxdb 1":
        async with line_to(request.getfixturevalue("influxd")().url) as line:
            yield line, influx(session, f"http://127.0.0.1:{line.port}", 1)
    else:
        async with running_influx() as paper, line_to(paper.url) as line:
            yield line, influx(session, f"http://127.0.0.1:{line.port}", int(kind[-1]))


@pytest.mark.parametrize("kind", KINDS)
async def test_whoever_has_gone_without_a_word_is_missed_soon(
    request: pytest.FixtureRequest,
    session: ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    async with over_a_line(kind, request, session) as (line, destination):
        await destination.async_reach()
        await push(destination, days(3))
        line.is_dead = True
        waits: list[float] = []

        def timeout(total: float, **_: object) -> ClientTimeout:
            waits.append(total)
            return ClientTimeout(total=0.2)

        monkeypatch.setattr(web_module, "ClientTimeout", timeout)
        for ask in (destination.async_reach, destination.async_test):
            with pytest.raises(DestinationError) as caught:
                await ask()
            assert caught.value.code == "TIMED_OUT"
        assert max(waits) <= SOON
        monkeypatch.undo()
        line.is_dead = False
        await destination.async_reach()
        await push(destination, days(5))


@pytest.mark.parametrize("kind", KINDS)
async def test_answers_that_come_twice_are_taken_for_no_other_questions(
    request: pytest.FixtureRequest,
    session: ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    # Half an answer that comes twice may leave the rest of it missing.
    monkeypatch.setattr(web_module, "ClientTimeout", lambda **_: ClientTimeout(total=2))
    async with over_a_line(kind, request, session) as (line, destination):
        line.doubles = 0.6
        given = days(30)
        settled: list[tuple[Any, Outcome]] = []
        for last in (10, 20, 30):
            for _ in range(4):
                settled.clear()
                with suppress(DestinationError):
                    await push(destination, given[:last], settled)
                # What is told as stored is there, as a good line shows.
                line.doubles, doubles = 0.0, line.doubles
                told = [one for one, _ in settled]
                assert list(await retried(partial(destination.async_missing, told))) == []
                line.doubles = doubles
        assert line.doubled > 3
        line.doubles = 0.0
        await retried(partial(push, destination, given))
        assert list(await retried(partial(destination.async_missing, given))) == []


async def retried[T](ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is no connection left on which something is on its way.

    What comes between two questions ends a connection; of questions one upon the other it stays one
    behind.
    """
    for _ in range(10):
        with suppress(DestinationError):
            return await ask()
        await asyncio.sleep(0.05)
    return await ask()
