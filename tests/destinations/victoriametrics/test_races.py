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

DAILY = 'myelectricaldata_consumption_wh{pdl="Mon_PDL-1",type="daily"}'


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
        to = VictoriaMetricsDestination(VictoriaMetrics(session, front.url), {}, on_disk_after=disk)
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
    looked, is_pushing = threading.Event(), threading.Event()
    async with front_of(server.url) as front:

        async def answer(request: web.Request) -> web.StreamResponse:
            response = await front.pass_on(request)
            is_look = request.path.endswith("/export") and "Mon_PDL" in request.path_qs
            if is_look and not looked.is_set():
                looked.set()
                # That nothing is there yet arrives when a run has found that, too.
                await asyncio.to_thread(is_pushing.wait)
            elif is_look:
                is_pushing.set()
            return response

        front.says = answer
        tested, other = (
            VictoriaMetricsDestination(
                VictoriaMetrics(session, front.url), {}, on_disk_after=0, samples=latest
            )
            for _ in range(2)
        )
        testing = asyncio.create_task(tested.async_test())
        await asyncio.to_thread(looked.wait)
        outcomes = await push(tested if is_same else other, given)
        assert await testing is None
    assert outcomes == [Outcome.STORED] * 3
    assert [len(values) for values in server.samples(DAILY).values()] == [1, 1, 1]


async def test_a_connection_test_leaves_a_series_alone_that_a_run_is_sending(
    session: ClientSession, victoriametrics: Callable[..., Any]
) -> None:
    server, given = victoriametrics(), days(3)
    latest = Latest(given[-1])
    sent, is_tested = threading.Event(), threading.Event()
    async with front_of(server.url) as front:

        async def answer(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            response = await front.pass_on(request)
            if request.path.endswith("/import") and b"Mon_PDL" in body and not sent.is_set():
                sent.set()
                await asyncio.to_thread(is_tested.wait)
            return response

        front.says = answer
        to = VictoriaMetricsDestination(
            VictoriaMetrics(session, front.url), {}, on_disk_after=0, samples=latest
        )
        pushing = asyncio.create_task(push(to, given))
        await asyncio.to_thread(sent.wait)
        assert await to.async_test() is None
        is_tested.set()
        assert await pushing == [Outcome.STORED] * 3
    assert [len(values) for values in server.samples(DAILY).values()] == [1, 1, 1]
