"""Servers that were told to take, keep and show little: what runs say there, and their test."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import Outcome
from custom_components.med_exporter.destinations.measurements import Energy, Grain, PointName
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    REMARK_ROUNDED,
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.rows import (
    labels_of,
    lines_of_rows,
    rows_of,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from tests.measurements import Latest, push

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

POINT = PointName(pdl="12345678901234", slug="12345678901234", name="House")
HALF_HOUR = timedelta(minutes=30)
COUNT = 12_000


def half_hours() -> list[Energy]:
    """Return those of the last months."""
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - COUNT * HALF_HOUR
    return [
        Energy(
            data_type=DataType.CONSUMPTION_DETAILED, point=POINT, grain=Grain.HALF_HOURLY,
            start=first + number * HALF_HOUR, end=first + (number + 1) * HALF_HOUR, closed=True,
            timestamp=first + (number + 1) * HALF_HOUR, kwh=0.123456 + number * 7919 % 9973 / 1000,
        )
        for number in range(COUNT)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("option", "remark"),
    [
        ("-search.maxSamplesPerQuery=9000", None),
        ("-import.maxLineLen=1KB", None),
        ("-maxInsertRequestSize=2000", None),
        ("-precisionBits=8", REMARK_ROUNDED),
    ],
)
async def test_a_run_fits_into_what_a_server_takes_and_shows(
    session: ClientSession, victoriametrics, option: str, remark: str | None
) -> None:
    server = victoriametrics(options=(option, "-retentionPeriod=2y"))
    values = half_hours()

    def destination() -> VictoriaMetricsDestination:
        return VictoriaMetricsDestination(
            VictoriaMetrics(session, server.url), {}, on_disk_after=0,
            samples=Latest(values[-1]),  # type: ignore[arg-type]
        )  # fmt: skip

    assert await destination().async_test() == remark
    assert set(await push(destination(), values[:-1])) == {Outcome.STORED}
    # Numbers of fewer digits are no corrections that cannot be sent.
    assert set(await push(destination(), values)) == {Outcome.ALREADY_THERE}


@asynccontextmanager
async def proxy_that_takes(
    most: int, upstream: str, session: ClientSession
) -> AsyncIterator[tuple[VictoriaMetrics, list[int], list[int]]]:
    """Stand before a server; what is taken and what is refused is noted by its bytes."""
    taken: list[int] = []
    refused: list[int] = []

    async def forward(request: web.Request) -> web.Response:
        size = request.content_length or 0
        if size > most:
            refused.append(size)
            return web.Response(status=413, text="<html>413 Request Entity Too Large</html>")
        if request.path.endswith("/import"):
            taken.append(size)
        async with session.request(
            request.method, f"{upstream}{request.path_qs}", data=await request.read(),
            headers=request.headers,
        ) as answer:  # fmt: skip
            return web.Response(status=answer.status, body=await answer.read())

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", forward)
    async with TestServer(app) as proxy:
        yield VictoriaMetrics(session, str(proxy.make_url("")).rstrip("/")), taken, refused


async def test_what_a_proxy_finds_too_large_is_sent_in_parts_and_no_more_as_a_whole(
    session: ClientSession, victoriametrics
) -> None:
    server = victoriametrics(options=("-retentionPeriod=2y",))
    async with proxy_that_takes(10_000, server.url, session) as (to, _, refused):
        destination = VictoriaMetricsDestination(to, {}, on_disk_after=0)
        values = half_hours()
        for first in range(0, 10_000, 1000):
            part = values[first : first + 1000]
            assert await push(destination, part) == [Outcome.STORED] * len(part)
    # 22 KB, 11 KB.
    assert len(refused) == 2


async def test_parts_are_equal(session: ClientSession, victoriametrics) -> None:
    server = victoriametrics()
    rows, labels = rows_of(half_hours()), labels_of(half_hours()[0], {})
    lines = lines_of_rows(labels, rows)
    async with proxy_that_takes(len(lines) * 2 // 3, server.url, session) as (to, taken, refused):
        await to.write(lines)
        await to.write(lines)
    assert (len(taken), len(refused)) == (4, 1)
    assert max(taken) - min(taken) <= len(lines) / 48


async def test_a_single_line_that_is_too_long_is_two(
    session: ClientSession, victoriametrics
) -> None:
    server = victoriametrics()
    values = half_hours()[:200]
    async with proxy_that_takes(1500, server.url, session) as (to, taken, refused):
        destination = VictoriaMetricsDestination(to, {}, on_disk_after=0)
        assert await push(destination, values) == [Outcome.STORED] * len(values)
        before = len(refused)
        assert await push(destination, half_hours()[200:400]) == [Outcome.STORED] * len(values)
    assert len(refused) == before > 0
    assert max(taken) <= 1500
    found = server.samples('{__name__!="myelectricaldata_export_test"}')
    assert [len(one) for one in found.values()] == [1] * 400


def test_lines_hold_all_rows_and_are_no_longer_than_told() -> None:
    rows, labels = rows_of(half_hours()), labels_of(half_hours()[0], {"site": "é" * 50})
    for longest in (None, 100_000, 1000, 1):
        lines = lines_of_rows(labels, rows, longest).splitlines(keepends=True)
        read = [stamp for line in lines for stamp in json.loads(line)["timestamps"]]
        assert read == rows.stamps
        assert longest in {None, 1} or max(map(len, lines)) <= longest
    assert len(lines) == COUNT
