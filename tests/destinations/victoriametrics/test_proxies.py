"""Proxies that answer from what they remember, or take no question in an address."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
import pytest
from aiohttp import web

from custom_components.med_exporter.destinations.base import Outcome
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from custom_components.med_exporter.web.client import web_session
from tests.hostile_front import front_of
from tests.measurements import days, push

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.core import HomeAssistant

    from tests.victoriametrics import VictoriaMetricsServer

type Servers = Callable[..., VictoriaMetricsServer]


async def test_no_cache_answers_for_the_server(
    hass: HomeAssistant, victoriametrics: Servers
) -> None:
    remembered: dict[str, tuple[int, bytes]] = {}
    async with front_of(victoriametrics().url) as front:

        async def answer(request: web.Request) -> web.StreamResponse:
            asked = f"{request.method} {request.path_qs}"
            is_anew = "no-cache" in request.headers.get("Cache-Control", "")
            if asked not in remembered or is_anew:
                response = await front.pass_on(request)
                if request.method != "GET":
                    return response
                remembered[asked] = response.status, bytes(response.body or b"")
            status, body = remembered[asked]
            return web.Response(status=status, body=body)

        front.says = answer
        server = VictoriaMetrics(web_session(hass), front.url)
        labels, day = {"__name__": "kept"}, 1_790_000_000_000
        line = b'{"metric":{"__name__":"kept"},"values":[1],"timestamps":[%d]}\n'
        found = []
        for moment in (day, day + 60_000):
            await server.write(line % moment)
            await server.flush()
            samples = [one async for one in server.read(labels, day, day + 60_000)]
            found.append(
                (
                    await server.totals(labels, day, day + 60_000),
                    sum(len(one["timestamps"]) for one in samples),
                )
            )
    assert found == [((1, 1.0), 1), ((2, 2.0), 2)]


@pytest.mark.parametrize("status", [405, 414, 501])
async def test_a_proxy_that_takes_no_question_in_an_address_is_asked_in_a_body(
    hass: HomeAssistant, victoriametrics: Servers, status: int
) -> None:
    async with front_of(victoriametrics().url) as front:

        async def answer(request: web.Request) -> web.StreamResponse:
            if request.method == "GET":
                return web.Response(status=status)
            return await front.pass_on(request)

        front.says = answer
        destination = VictoriaMetricsDestination(
            VictoriaMetrics(web_session(hass), front.url), {}, on_disk_after=0.1
        )
        assert await push(destination, days(30)) == [Outcome.STORED] * 30
        assert await push(destination, days(30)) == [Outcome.ALREADY_THERE] * 30


async def test_what_was_sent_to_where_nothing_was_is_counted_and_not_read_back(
    hass: HomeAssistant, victoriametrics: Servers
) -> None:
    read: list[bytes] = []
    async with front_of(victoriametrics().url) as front:

        async def note(request: web.Request) -> web.StreamResponse:
            answer = await front.pass_on(request)
            read.extend(bytes(answer.body or b"").splitlines())
            return answer

        front.says, front.hears = note, lambda path: path.endswith("/export")
        to = VictoriaMetricsDestination(
            VictoriaMetrics(web_session(hass), front.url), {}, on_disk_after=0
        )
        assert set(await push(to, days(300))) == {Outcome.STORED}
    # Of all of them the first, which shows whether the series appears as it should.
    lengths = [len(orjson.loads(line)["values"]) for line in read if b"consumption" in line]
    assert lengths == [1]


@pytest.mark.parametrize("refuses", [False, True], ids=["counts", "refuses to count"])
async def test_a_value_that_arrives_as_another_one_is_named(
    hass: HomeAssistant,
    victoriametrics: Servers,
    refuses: bool,
) -> None:
    server = victoriametrics()
    async with front_of(server.url) as front:

        async def answer(request: web.Request) -> web.StreamResponse:
            if request.path.endswith("/query") and refuses:
                return web.Response(status=403)
            lines = (await request.read()).splitlines()
            if not request.path.endswith("/import") or not lines:
                return await front.pass_on(request)
            line = orjson.loads(lines[0])
            if len(line["values"]) > 3:
                line["values"][3] += 1
            stored = line["metric"], line["timestamps"], line["values"]
            await asyncio.to_thread(server.write, *stored)
            return web.Response(status=204)

        front.says = answer
        to = VictoriaMetricsDestination(
            VictoriaMetrics(web_session(hass), front.url), {}, on_disk_after=0
        )
        outcomes = await push(to, days(30))
    assert outcomes.count(Outcome.STORED) == 29
    assert outcomes[3] is Outcome.NOT_CORRECTABLE
