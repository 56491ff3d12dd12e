"""Servers that let nobody ask too much: for a moment they are waited for, else that is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver, web
from aiohttp.test_utils import TestServer

from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.home_assistant.api import Remote, RemoteConnection
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from custom_components.med_exporter.destinations.web import request
from tests.hostile_front import front_of, whole
from tests.measurements import days, push

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from homeassistant.core import HomeAssistant

    from tests.victoriametrics import VictoriaMetricsServer


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as made:
        yield made


def refusing(count: int, retry_after: str, status: int = 429) -> web.Application:
    """Refuse the first requests."""
    heard = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal heard
        heard += 1
        if heard <= count:
            return web.Response(status=status, headers={"Retry-After": retry_after})
        return web.Response(text=str(heard))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


async def answered(session: ClientSession, app: web.Application) -> str:
    async with (
        TestServer(app) as server,
        request(session, "POST", str(server.make_url("/")), data=b"x") as response,
    ):
        return await response.text()


async def test_who_is_one_too_many_for_a_moment_waits(session: ClientSession) -> None:
    assert await answered(session, refusing(2, "1")) == "3"
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    assert await answered(session, refusing(1, soon)) == "2"


@pytest.mark.parametrize(
    ("count", "told", "status", "code", "seconds"),
    [
        (1, "120", 429, "TOO_MANY_REQUESTS", "120"),
        (1, "9" * 5000, 429, "TOO_MANY_REQUESTS", "86400"),
        (1, "soon", 429, "TOO_MANY_REQUESTS", None),
        (99, "6", 429, "TOO_MANY_REQUESTS", "6"),
        # Whether it has taken what it was sent is not known.
        (1, "1", 503, "SERVER_BUSY", "1"),
    ],
)
async def test_a_longer_pause_is_named(
    session: ClientSession, count: int, told: str, status: int, code: str, seconds: str | None
) -> None:
    with pytest.raises(DestinationError) as raised:
        await answered(session, refusing(count, told, status))
    assert raised.value.code == code
    assert raised.value.is_unusable
    assert (raised.value.translation_placeholders or {}).get("seconds") == seconds


async def test_another_home_assistant_behind_a_limit(hass: HomeAssistant) -> None:
    async with TestServer(refusing(9, "60")) as server:
        url = str(server.make_url("")).rstrip("/")
        with pytest.raises(DestinationError) as raised:
            await RemoteConnection.open(hass, Remote(url=url, token="t0ken"))
    assert raised.value.code == "TOO_MANY_REQUESTS"


async def test_the_connection_test_names_the_limit(
    session: ClientSession, victoriametrics: Callable[..., VictoriaMetricsServer]
) -> None:
    async with front_of(victoriametrics().url) as front:
        front.says = whole(b"slow down", status=429, Retry_After="30")
        server = VictoriaMetrics(session, front.url, is_known=False)
        with pytest.raises(DestinationError) as raised:
            await VictoriaMetricsDestination(server, {}).async_test()
    assert (raised.value.code, raised.value.field) == ("TOO_MANY_REQUESTS", "url")


async def test_a_limit_by_the_second_slows_a_push_down_and_loses_nothing(
    session: ClientSession, victoriametrics: Callable[..., VictoriaMetricsServer]
) -> None:
    server = victoriametrics()
    async with front_of(server.url) as front:
        front.says = whole(b"slow down", status=429, Retry_After="1")
        asked = 0

        def every_fourth(_: str) -> bool:
            nonlocal asked
            asked += 1
            return not asked % 4

        front.hears = every_fourth
        destination = VictoriaMetricsDestination(
            VictoriaMetrics(session, front.url), {}, on_disk_after=0.1
        )
        assert await push(destination, days(30)) == [Outcome.STORED] * 30
    found = server.samples('myelectricaldata_consumption_wh{type="daily"}')
    assert [len(values) for values in found.values()] == [1] * 30
