"""Brokers that take no message as long as ours, whether they say so or not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.mqtt import connection as mqtt_connection
from custom_components.med_exporter.destinations.mqtt import opening as mqtt_opening
from custom_components.med_exporter.destinations.mqtt import probe
from custom_components.med_exporter.destinations.mqtt.broker import Broker
from custom_components.med_exporter.destinations.mqtt.destination import MqttDestination
from custom_components.med_exporter.destinations.mqtt.longest import longest_message
from custom_components.med_exporter.destinations.mqtt.probe import async_test_broker
from custom_components.med_exporter.destinations.mqtt.trial import Trial
from tests.mosquitto import free_port
from tests.mqtt_destinations import PUBLISHING, UNIQUE, destination, energy, push, stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant


LONGEST = longest_message(PUBLISHING, frozenset(DataType), (), None)
KEY = "destination_message_refused_too_large"


async def longest_trial() -> Trial:
    return Trial(longest=LONGEST)


@pytest.fixture(autouse=True)
def brief_waits(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listen for half a second where a user's test listens for three."""
    monkeypatch.setattr(probe, "_PROBE_TIMEOUT", 0.5)
    monkeypatch.setattr(mqtt_connection, "_FIRST_PAUSE", 0.05)


@pytest.mark.parametrize("limit", ["max_packet_size 300", "message_size_limit 250"])
@pytest.mark.parametrize("version", mqtt_opening.VERSIONS)
@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_the_connection_test_names_it(mosquitto, limit: str, version: int, qos: int) -> None:
    broker = mosquitto(settings=(limit,))
    to = Broker(host="127.0.0.1", port=broker.port)
    publishing = replace(PUBLISHING, qos=qos)
    assert await async_test_broker(to, publishing, Trial(longest=200), versions=(version,)) is None
    with pytest.raises(DestinationError) as raised:
        await async_test_broker(to, publishing, Trial(longest=LONGEST), versions=(version,))
    assert raised.value.key == KEY
    assert await broker.kept() == {}


@pytest.mark.parametrize(
    ("version", "limit"), [(5, "message_size_limit 100"), (4, "max_packet_size 150")]
)
@pytest.mark.parametrize("qos", [0, 1])
async def test_a_run_that_is_hung_up_on_names_it_and_the_next_one_sends_the_rest(
    mosquitto, monkeypatch: pytest.MonkeyPatch, version: int, limit: str, qos: int
) -> None:
    monkeypatch.setitem(mqtt_opening.async_open.__kwdefaults__, "versions", (version,))
    days = [
        energy(float(n), DataType.CONSUMPTION_DAILY, date(2026, 1, 1) + timedelta(days=n))
        for n in range(30)
    ]
    broker = mosquitto(settings=(limit,))
    publishing = replace(PUBLISHING, qos=qos)
    made = MqttDestination(
        Broker(host="127.0.0.1", port=broker.port),
        publishing,
        unique=UNIQUE,
        trial=longest_trial,
    )
    await made.async_start()
    async with asyncio.timeout(20):
        with pytest.raises(DestinationError) as raised:
            await push(made, *days)
    assert raised.value.key == KEY
    await made.async_close()
    broker.kill()
    healthy = mosquitto(port=broker.port)
    async with destination(healthy.port, publishing) as again:
        assert await push(again, *days) == stored(*days)


async def test_series_that_are_hung_up_on_together_find_the_reason_once(
    mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mqtt_opening.async_open.__kwdefaults__, "versions", (4,))
    tried: list[object] = []

    async def trial() -> Trial:
        tried.append(None)
        return await longest_trial()

    port = mosquitto(settings=("max_packet_size 150",)).port
    made = MqttDestination(
        Broker(host="127.0.0.1", port=port), PUBLISHING, unique=UNIQUE, trial=trial
    )
    await made.async_start()
    async with asyncio.timeout(20):
        raised = await asyncio.gather(
            *(
                push(made, energy(1.0, kind, date(2026, 1, 1)))
                for kind in (DataType.CONSUMPTION_DAILY, DataType.PRODUCTION_DAILY)
            ),
            return_exceptions=True,
        )
    await made.async_close()
    assert [one.key for one in raised if isinstance(one, DestinationError)] == [KEY, KEY]
    assert len(tried) == 1


@pytest.fixture
async def elsewhere() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server's port, and what it hears."""
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))
        writer.close()

    port = free_port()
    server = await asyncio.start_server(listen, "127.0.0.1", port)
    yield port, heard
    server.close()


async def test_a_login_does_not_follow_a_websockets_redirect(
    elsewhere: tuple[int, list[bytes]],
) -> None:
    port, heard = elsewhere

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
            b"Location: http://127.0.0.1:%d/\r\n\r\n" % port
        )
        writer.close()

    own = free_port()
    server = await asyncio.start_server(redirect, "127.0.0.1", own)
    broker = Broker(
        host="127.0.0.1", port=own, username="someone", password="secret", transport="websockets",
        websocket_path="/mqtt", websocket_headers={"Authorization": "Basic secret"},
    )  # fmt: skip
    with pytest.raises(DestinationError) as raised:
        await async_test_broker(broker, PUBLISHING)
    assert raised.value.code == "NOT_EXPECTED_SERVER"
    assert heard == []
    server.close()
