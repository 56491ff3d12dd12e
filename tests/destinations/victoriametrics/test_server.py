"""The addresses of servers and clusters, and what a server tells about itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from custom_components.med_exporter.destinations.victoriametrics.address import (
    base_url,
    reading_url,
)
from custom_components.med_exporter.destinations.victoriametrics.flags import Flags
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("http://vm:8428", "http://vm:8428"),
        ("http://VM:8428/", "http://vm:8428"),
        ("https://house.example/metrics-db/", "https://house.example/metrics-db"),
        ("http://vm:8428/api/v1/import", "http://vm:8428"),
        ("http://vm:8428/api/v1/write", "http://vm:8428"),
        ("http://vm:8428/prefix/api/v1/import/prometheus", "http://vm:8428/prefix"),
        ("http://vm:8428/vmui/?#/?g0.expr=up", "http://vm:8428"),
        ("http://vm:8428/?extra_label=a", "http://vm:8428?extra_label=a"),
        ("http://vm:8480/insert/0/prometheus", "http://vm:8480/insert/0/prometheus"),
        ("http://vm:8480/insert/0", "http://vm:8480/insert/0/prometheus"),
        ("http://vm:8480/insert/1:2/prometheus/api/v1/import", "http://vm:8480/insert/1:2/prometheus"),
        ("http://vm/x/select/3/prometheus/", "http://vm/x/insert/3/prometheus"),
    ],
)  # fmt: skip
def test_what_users_copy_along_is_dropped(typed: str, base: str) -> None:
    assert base_url(typed) == base
    assert base_url(base) == base


@pytest.mark.parametrize(
    ("base", "reading"),
    [
        ("http://vm:8428", "http://vm:8428"),
        ("http://vm:8428/prefix", "http://vm:8428/prefix"),
        ("https://front/insert/7/prometheus", "https://front/select/7/prometheus"),
        ("https://front/x/insert/7:1/prometheus", "https://front/x/select/7:1/prometheus"),
        ("http://vm:8480/insert/0/prometheus", "http://vm:8481/select/0/prometheus"),
    ],
)
def test_a_cluster_is_read_elsewhere(base: str, reading: str) -> None:
    assert reading_url(base) == reading


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ('-retentionPeriod="1"\n', Flags(retention=timedelta(days=31))),
        ('-retentionPeriod="12"\n', Flags(retention=timedelta(days=372))),
        ('-a="b"\n-retentionPeriod="2y"\n', Flags(retention=timedelta(days=730))),
        ('-retentionPeriod="10w"\n', Flags(retention=timedelta(days=70))),
        ('-retentionPeriod="36h"\n', Flags(retention=timedelta(hours=36))),
        (
            '-retentionPeriod="100d"\n-inmemoryDataFlushInterval="1m30s"\n',
            Flags(retention=timedelta(days=100), flush_interval=timedelta(seconds=90)),
        ),
        ('-retentionPeriod="soon"\n', Flags()),
        ('-httpListenAddr=":8427"\n', Flags()),
    ],
)
async def test_flags_tell_retention_and_flush_interval(text: str, flags: Flags) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text)

    application = web.Application()
    application.router.add_get("/flags", answer)
    async with TestServer(application) as server, ClientSession() as session:
        known = VictoriaMetrics(session, f"http://127.0.0.1:{server.port}")
        assert await known.flags() == flags


async def test_flags_that_may_not_be_seen_are_none() -> None:
    async with TestServer(web.Application()) as server, ClientSession() as session:
        known = VictoriaMetrics(session, f"http://127.0.0.1:{server.port}")
        assert await known.flags() == Flags()
        assert await known.flush() is False


async def test_the_real_server_tells_its_retention(victoriametrics) -> None:
    server = victoriametrics(retention="400d")
    async with ClientSession() as session:
        known = VictoriaMetrics(session, server.url)
        assert (await known.flags()).retention == timedelta(days=400)
        assert await known.flush() is True
