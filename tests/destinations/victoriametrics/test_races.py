"""Answers that come late: what they tell is not what is on the server by then."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from tests.hostile_front import front_of
from tests.measurements import Latest, days, push

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from aiohttp import ClientSession, web

    from tests.hostile_front import Front

DAILY = 'myelectricaldata_consumption_wh{pdl="Mon_PDL-1",type="daily"}'


def destination(
    session: ClientSession, front: Front, *, on_disk_after: float = 0, **options: Any
) -> VictoriaMetricsDestination:
    server = VictoriaMetrics(session, front.url)
    return VictoriaMetricsDestination(server, {}, on_disk_after=on_disk_after, **options)


def hold_first(front: Front, door: str) -> tuple[threading.Event, threading.Event]:
    """Hold the first answer about our series at a door until there is another, or it is let go.

    Returns what is set when it is held, and what lets it go.
    """
    held, go_on = threading.Event(), threading.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await front.pass_on(request)
        asked = request.path_qs.encode() + await request.read()
        if request.path.endswith(door) and b"Mon_PDL" in asked:
            if held.is_set():
                go_on.set()
            else:
                held.set()
                await asyncio.to_thread(go_on.wait)
        return response

    front.says = answer
    return held, go_on


async def test_what_was_counted_before_it_was_on_the_disk_is_asked_for_once_more(
    session: ClientSession, victoriametrics: Callable[..., Any]
) -> None:
    server, disk, killed = victoriametrics(), 2.0, []
    async with front_of(server.url) as front:

        async def answer(request: web.Request) -> web.StreamResponse:
            response = await front.pass_on(request)
            if request.path.endswith("/query") and not killed:
                killed.append(request)
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
                # The answer, which is true no more, arrives when the rows are due.
                await asyncio.sleep(disk + 0.5)
            return response

        front.says = answer
        to = destination(session, front, on_disk_after=disk)
        settled: list[Any] = []
        with pytest.raises(DestinationError) as raised:
            await push(to, days(30), settled)
    assert killed
    assert raised.value.code == "ROWS_MISSING"
    assert settled == []
    assert server.samples(DAILY) == {}


@pytest.mark.parametrize("is_same", [True, False], ids=["its own", "another"])
async def test_a_run_waits_while_a_connection_test_looks_for_a_row_of_its_series(
    session: ClientSession, victoriametrics: Callable[..., Any], is_same: bool
) -> None:
    server, given = victoriametrics(), days(3)
    latest = Latest(given[-1])
    async with front_of(server.url) as front:
        # That nothing is there yet arrives when a run has found that, too.
        looked, _ = hold_first(front, "/export")
        tested = destination(session, front, samples=latest)
        testing = asyncio.create_task(tested.async_test())
        await asyncio.to_thread(looked.wait)
        pushed = tested if is_same else destination(session, front, samples=latest)
        outcomes = await push(pushed, given)
        assert await testing is None
    assert outcomes == [Outcome.STORED] * 3
    assert [len(values) for values in server.samples(DAILY).values()] == [1, 1, 1]


async def test_a_connection_test_leaves_a_series_alone_that_a_run_is_sending(
    session: ClientSession, victoriametrics: Callable[..., Any]
) -> None:
    server, given = victoriametrics(), days(3)
    async with front_of(server.url) as front:
        sent, go_on = hold_first(front, "/import")
        to = destination(session, front, samples=Latest(given[-1]))
        pushing = asyncio.create_task(push(to, given))
        await asyncio.to_thread(sent.wait)
        assert await to.async_test() is None
        go_on.set()
        assert await pushing == [Outcome.STORED] * 3
    assert [len(values) for values in server.samples(DAILY).values()] == [1, 1, 1]
