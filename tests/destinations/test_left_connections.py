"""Servers that leave a connection without a word: after each answer, or after a few seconds.

Who asks next is told nothing of it, and nobody knows whether the server has taken what it was sent.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.influxdb.destination import InfluxDestination
from custom_components.med_exporter.destinations.influxdb.server import InfluxDb
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from custom_components.med_exporter.destinations.web import request
from custom_components.med_exporter.web.client import web_session
from tests.hostile_front import front_of
from tests.jeedom_server import CORE_KEY, running_jeedom
from tests.measurements import days, half_hours, push

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from homeassistant.core import HomeAssistant

    from tests.influxdb import Influxd
    from tests.victoriametrics import VictoriaMetricsServer


async def test_influxdb_is_asked_once_more(
    hass: HomeAssistant, influxd: Callable[..., Influxd]
) -> None:
    server = influxd()
    async with front_of(server.url) as front:
        front.leaves = True
        destination = InfluxDestination(
            InfluxDb(session=web_session(hass), url=front.url, version=1, database="med"), {}
        )
        pushed = await asyncio.gather(
            *(push(destination, half_hours(6_000)) for _ in range(4)), push(destination, days(30))
        )
    assert [set(outcomes) for outcomes in pushed][-1] == {Outcome.STORED}


async def test_jeedom_is_asked_once_more_but_never_to_make_something(hass: HomeAssistant) -> None:
    names = {data_type: data_type.value for data_type in DataType}
    async with running_jeedom() as jeedom, front_of(jeedom.url) as front:
        rpc = JeedomRpc(web_session(hass), front.url, CORE_KEY, "virtual")
        destination = JeedomDestination(rpc, "virtual", names, home="home")
        assert set(await push(destination, days(3))) == {Outcome.STORED}
        front.leaves = True
        assert set(await push(destination, days(60))) == {Outcome.STORED}


async def test_victoriametrics_which_keeps_twice_what_comes_twice_is_asked_nothing_twice(
    hass: HomeAssistant, victoriametrics: Callable[..., VictoriaMetricsServer]
) -> None:
    server = victoriametrics()
    async with front_of(server.url) as front:
        front.leaves = True
        destination = VictoriaMetricsDestination(
            VictoriaMetrics(web_session(hass), front.url), {}, on_disk_after=0.1
        )
        assert await push(destination, days(300)) == [Outcome.STORED] * 300
    found = server.samples('myelectricaldata_consumption_wh{type="daily"}')
    assert [len(values) for values in found.values()] == [1] * 300


async def test_what_would_be_stored_twice_takes_no_connection_that_others_have_left(
    hass: HomeAssistant,
) -> None:
    heard: list[list[bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(mine := [])
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                mine.append(head.split()[0])
                length = re.search(rb"Content-Length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    server = VictoriaMetrics(
        web_session(hass), f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    )
    for _ in range(3):
        await server.flush()
        await server.flags()
        await server.write(b"{}\n")
    listening.close()
    assert sorted(heard) == [[b"GET"] * 6, [b"POST"], [b"POST"], [b"POST"]]


@pytest.fixture
async def leaver() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answer the first question of a connection, and leave at the second."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            for _ in range(2):
                await reader.readuntil(b"\r\n\r\n")
                heard.append(await reader.readexactly(1))
                if len(heard) != 2:
                    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                else:
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", heard
    server.close()


@pytest.mark.parametrize(
    ("is_repeatable", "expected"), [(True, [b"1", b"2", b"2"]), (False, [b"1", b"2"])]
)
async def test_what_would_be_done_twice_is_not_asked_again(
    hass: HomeAssistant,
    leaver: tuple[str, list[bytes]],
    is_repeatable: bool,
    expected: list[bytes],
) -> None:
    url, heard = leaver

    async def ask(data: bytes) -> None:
        async with request(
            web_session(hass), "POST", url, data=data, is_known=True, is_repeatable=is_repeatable
        ) as response:
            await response.read()

    await ask(b"1")
    if is_repeatable:
        await ask(b"2")
    else:
        with pytest.raises(DestinationError) as raised:
            await ask(b"2")
        assert raised.value.code == "CONNECTION_LOST"
    assert heard == expected


async def test_who_hangs_up_at_the_first_question_is_not_asked_again(hass: HomeAssistant) -> None:
    callers = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal callers
        callers += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    with pytest.raises(DestinationError) as raised:
        async with request(
            web_session(hass), "POST", url, data=b"x", is_known=True, is_repeatable=True
        ):
            pass
    server.close()
    assert (raised.value.code, callers) == ("CONNECTION_LOST", 1)


async def test_who_has_left_several_connections_is_asked_over_a_new_one(
    hass: HomeAssistant,
) -> None:
    both = asyncio.Barrier(2)
    callers = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal callers
        callers += 1
        is_early = callers <= 2
        await reader.readuntil(b"\r\n\r\n1")
        if is_early:
            await both.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        with suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n1")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    async def ask() -> int:
        async with request(
            web_session(hass), "POST", url, data=b"1", is_known=True, is_repeatable=True
        ) as response:
            return response.status

    await asyncio.gather(ask(), ask())
    assert (await ask(), callers) == (204, 3)
    server.close()
