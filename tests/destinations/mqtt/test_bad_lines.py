"""A real broker behind lines, and beside strangers, that are not what they seem.

Every run ends in bounded time, and what it did not settle the next one sends.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import aiomqtt
import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.mqtt import client as mqtt_client
from custom_components.med_exporter.destinations.mqtt import connection as mqtt_connection
from custom_components.med_exporter.destinations.mqtt import line as mqtt_line
from custom_components.med_exporter.destinations.mqtt import opening as mqtt_opening
from tests.hostile_front import never_held
from tests.mqtt_destinations import PDL, POINT, PUBLISHING, UNIQUE, destination, energy, take, until
from tests.mqtt_line import ACKNOWLEDGEMENTS, PINGRESP, PUBACK, PUBCOMP, PUBREC, Line, bad_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.destinations.base import Outcome
    from custom_components.med_exporter.destinations.measurements import Energy, PointName
    from custom_components.med_exporter.destinations.mqtt.destination import MqttDestination
    from tests.mosquitto import Mosquitto

DAYS = 379
TOPIC = f"home/energy/{PDL}/consumption/daily"


@pytest.fixture(autouse=True)
def brief_waits(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a second where a user waits for ten, and come back at once."""
    monkeypatch.setattr(mqtt_client, "_ANSWER_TIMEOUT", 1.0)
    monkeypatch.setattr(mqtt_opening, "TIMEOUT", 1.0)
    monkeypatch.setattr(mqtt_opening, "_NEWER_VERSION_TIMEOUT", 0.5)
    monkeypatch.setattr(mqtt_client, "_GOODBYE_TIMEOUT", 0.1)
    monkeypatch.setattr(mqtt_connection, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(mqtt_connection, "_GOODBYE_TIMEOUT", 0.2)


@pytest.fixture(params=mqtt_opening.VERSIONS, ids=["MQTT 5", "MQTT 3.1.1"])
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Speak this version only."""
    defaults = mqtt_opening.async_open.__kwdefaults__
    monkeypatch.setitem(defaults, "versions", (request.param,))
    return request.param


@pytest.fixture
async def line(mosquitto) -> AsyncIterator[Line]:
    async with bad_line(mosquitto().port) as line:
        yield line


class Waiting:
    """Days that wait to be pushed, oldest first; what is settled goes."""

    def __init__(self, count: int = DAYS, point: PointName = POINT) -> None:
        self.days = [
            energy(float(n), DataType.CONSUMPTION_DAILY, date(2025, 1, 1), point=point)
            for n in range(count)
        ]

    async def push(self, made: MqttDestination, limit: float = 10) -> None:
        """Push everything that waits, within seconds."""
        async with asyncio.timeout(limit):
            await made.async_push(self._stream(), self._settle)

    async def fails(self, made: MqttDestination) -> DestinationError:
        with pytest.raises(DestinationError) as raised:
            await self.push(made)
        return raised.value

    async def _stream(self) -> AsyncIterator[list[Energy]]:
        for day in list(self.days):
            yield [day]

    def _settle(self, day: Energy, _: Outcome) -> None:
        assert self.days.pop(0) is day


async def arrived(messages: asyncio.Queue, last: int = DAYS - 1) -> list[int]:
    """Return the days that arrived, until the last one did; nothing ever jumps ahead."""
    days: list[int] = []
    while last not in days:
        (message,) = await take(messages, 1)
        days.append(int(json.loads(message.payload)["value"]))
    assert all(day <= max(days[: n + 1]) + 1 for n, day in enumerate(days[1:]))
    assert set(days) == set(range(last + 1))
    return days


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[asyncio.Queue]:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(TOPIC, qos=2)
        yield client._queue


@pytest.mark.parametrize(
    ("qos", "dropped"),
    [(1, PUBACK), (2, PUBREC), (2, PUBCOMP)],
    ids=["PUBACK", "PUBREC", "PUBCOMP"],
)
async def test_a_broker_that_stops_to_acknowledge_gets_the_rest_with_the_next_run(
    line: Line, version: int, qos: int, dropped: int
) -> None:
    waiting = Waiting()
    async with (
        listening(line.broker) as messages,
        destination(line.port, replace(PUBLISHING, qos=qos)) as made,
    ):
        # With the first one the broker has shown that it takes the topic.
        await Waiting(1).push(made)
        line.drops, line.passing = frozenset({dropped}), 100
        error = await waiting.fails(made)
        assert (error.code, error.key) == (
            "TIMED_OUT",
            "destination_timed_out_acknowledgement",
        )
        assert len(waiting.days) == 279
        line.drops = frozenset()
        await waiting.push(made)
        assert waiting.days == []
        await arrived(messages)


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_answers_may_come_byte_by_byte(line: Line, version: int, qos: int) -> None:
    line.crumbles = True
    waiting = Waiting(100)
    async with (
        listening(line.broker) as messages,
        destination(line.port, replace(PUBLISHING, qos=qos)) as made,
    ):
        await waiting.push(made)
        assert waiting.days == []
        assert await arrived(messages, last=99) == list(range(100))


@pytest.mark.parametrize("at_once", [1, 20])
async def test_a_slow_broker_has_its_time_for_all_that_waits(mosquitto, at_once: int) -> None:
    waiting = Waiting(100)
    async with (
        bad_line(mosquitto(settings=(f"max_inflight_messages {at_once}",)).port) as line,
        destination(line.port) as made,
    ):
        await made.async_reach()
        # Longer for all than it may be silent.
        line.pause = 0.02
        pushing = asyncio.create_task(waiting.push(made))
        while len(waiting.days) == 100:  # noqa: ASYNC110
            await asyncio.sleep(0)
        # What waits behind others is not given up either.
        await made.async_reach()
        await pushing
    assert waiting.days == []
    assert line.connections == 1
    assert len([one for one in line.published if b'"value"' in one]) == 100


async def test_of_what_is_ready_behind_a_refused_message_nothing_leaves(mosquitto) -> None:
    status = "topic write home/energy/status\n"
    broker = mosquitto(acl=f"{status}topic write home/energy/{PDL}/consumption/monthly\n")
    waiting = Waiting(150)
    async with bad_line(broker.port) as line, destination(line.port) as made:
        assert (await waiting.fails(made)).code == "PUBLISH_NOT_ALLOWED"
        await made.async_reach()
    assert len(waiting.days) == 150
    assert 0 < len([one for one in line.published if b'"value"' in one]) <= 40


async def test_a_broker_that_never_acknowledges_fails_every_run_in_bounded_time(
    line: Line, version: int
) -> None:
    waiting = Waiting(30)
    line.drops = ACKNOWLEDGEMENTS
    async with destination(line.port) as made:
        for _ in range(3):
            assert (await waiting.fails(made)).code == "TIMED_OUT"
        assert len(waiting.days) == 30
        line.drops = frozenset()
        await waiting.push(made)
        assert waiting.days == []


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_a_line_that_freezes(line: Line, version: int, qos: int) -> None:
    # More than the buffers on the way take, and none of it counts, with QoS 0 either.
    waiting = Waiting(1500, replace(POINT, pdl="1" * 5000))
    async with destination(line.port, replace(PUBLISHING, qos=qos)) as made:
        await made._connection.client()
        line.freeze()
        assert (await waiting.fails(made)).code == "TIMED_OUT"
        assert (await waiting.fails(made)).code == "TIMED_OUT"
        assert len(waiting.days) == 1500
        line.thaw()
        del waiting.days[100:]
        await waiting.push(made)
        assert waiting.days == []


async def test_a_frozen_line_is_noticed_without_a_run(
    line: Line, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mqtt_opening.async_open.__kwdefaults__, "keep_alive", 1)
    async with destination(line.port) as made:
        await made._connection.client()
        async with asyncio.timeout(20):
            # It asks often enough for the broker not to hang up.
            while line.answers[PINGRESP] < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert line.connections == 1
        line.freeze()
        await until(made, stands=False)
        line.thaw()
        await until(made, stands=True)


async def test_a_broker_that_wants_to_hear_something_more_often(
    mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mqtt_opening.async_open.__kwdefaults__, "keep_alive", 60)
    waiting = Waiting(20)
    async with (
        bad_line(mosquitto(settings=("max_keepalive 10",)).port) as line,
        destination(line.port) as made,
    ):
        await waiting.push(made)
        assert (waiting.days, line.connections) == ([], 2)


@pytest.mark.parametrize(
    "said",
    [
        b"\x40\x02\xff\x00",  # an acknowledgement of what was never sent
        b"\x70\x02\x00\x07\x50\x02\x00\x08\x90\x04\x00\x09\x00\x80",  # of what was sent otherwise
        b"\xd0\x00\xd0\x00",  # answers to pings that were never sent
        b"\x30\x06\x00\x01a\x00hi",  # a message that nobody asked for
    ],
)
async def test_answers_to_another_question_are_no_answers(line: Line, said: bytes) -> None:
    waiting = Waiting()
    async with destination(line.port) as made:
        await made._connection.client()
        line.say(said)
        await waiting.push(made)
        assert (waiting.days, line.connections) == ([], 1)


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x40\x01\x00",  # an acknowledgement of nothing
        b"\x30\x80\x80\x80\x80\x01",  # a length without end
        b"\x30\x03\x00\x09a",  # a topic that goes on behind its message
        b"\x30\x05\x00\x02\xff\xfex",  # a topic that is no text
        b"\xe0\x02\x97\x00",  # DISCONNECT: quota exceeded
        b"\xe0\x00",
    ],
)
async def test_a_server_that_says_something_else_is_hung_up_on_and_tried_again(
    line: Line, version: int, said: bytes
) -> None:
    waiting = Waiting()
    async with destination(line.port) as made:
        await made._connection.client()
        pushing = asyncio.create_task(waiting.fails(made))
        await line.stop_answers(after=50)
        line.say(said)
        # Some of it is the beginning of something that never comes.
        assert (await pushing).code in {"CONNECTION_LOST", "TIMED_OUT"}
        line.drops = frozenset()
        await waiting.push(made)
        assert waiting.days == []


async def test_an_answer_that_never_ends(line: Line, version: int) -> None:
    waiting = Waiting(30)
    async with destination(line.port) as made:
        await made._connection.client()
        line.drops = ACKNOWLEDGEMENTS
        line.say(b"\x30\xff\x7f")
        assert (await waiting.fails(made)).code == "TIMED_OUT"


# How many properties of seven bytes a message is said to have, and how often it comes.
PROPERTIES = b"\x26\x00\x01a\x00\x01b" * 200_000
MEBI = 1024 * 1024


@pytest.mark.parametrize(
    "said",
    [
        b"\x30\xff\xff\xff\x7f" + bytes(8 * MEBI),
        b"\x30\x80\x80\x80\x01\x00\x01a" + bytes(2 * MEBI),
        b"\x30\xc9\xb9\x55\x00\x01a\xc5\xb9\x55" + PROPERTIES,
        b"".join(b"\x34\x06\x00\x01a" + n.to_bytes(2, "big") + b"x" for n in range(1, 30_000)),
        b"\xd0\x00" * 100_000,
        b"\x40\x02\xff\x00" * 50_000,
        b"\x90\x03\x00\x07\x00\xb0\x02\x00\x08" * 20_000,
    ],
    ids=[
        "endless",
        "long",
        "much said of it",
        "once and only once",
        "answers to pings",
        "acknowledgements",
        "subscriptions",
    ],
)
async def test_what_no_broker_has_a_reason_to_send_is_hung_up_on(
    line: Line, version: int, said: bytes
) -> None:
    waiting = Waiting(30)
    async with destination(line.port) as made:
        await made._connection.client()
        line.drops = ACKNOWLEDGEMENTS
        async with never_held():
            line.say(said)
            assert (await waiting.fails(made)).code == "CONNECTION_LOST"
        line.drops = frozenset()
        await waiting.push(made)
        assert waiting.days == []


async def test_another_program_with_the_same_client_id_does_not_stop_it_for_good(
    mosquitto, version: int
) -> None:
    broker = mosquitto()
    waiting = Waiting(20)
    async with destination(broker.port) as made:
        await made._connection.client()
        thief = aiomqtt.Client("127.0.0.1", broker.port, identifier=mqtt_opening.identifier(UNIQUE))
        with suppress(aiomqtt.MqttError):
            async with thief:
                await until(made, stands=False)
                # It comes back, which throws out the other one.
                await until(made, stands=True)
        await waiting.push(made)
        assert waiting.days == []


async def test_another_program_with_the_same_client_id_is_named(line: Line) -> None:
    waiting = Waiting()
    async with destination(line.port) as made:
        await made._connection.client()
        pushing = asyncio.create_task(waiting.fails(made))
        await line.stop_answers(after=10)
        line.say(b"\xe0\x0a\x8e\x08\x1f\x00\x05taken")
        assert (await pushing).key == "destination_connection_lost_taken_over"


@pytest.mark.parametrize("known", [True, False], ids=["paho's inside", "paho's doors"])
async def test_after_a_break_in_the_middle_what_was_not_acknowledged_goes_again(
    line: Line, version: int, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """Each as a new message of a new connection: nothing is marked as a repetition."""
    monkeypatch.setattr(mqtt_line, "is_known", lambda: known)
    waiting = Waiting()
    async with listening(line.broker) as messages, destination(line.port) as made:
        pushing = asyncio.create_task(waiting.fails(made))
        await line.stop_answers(after=101)
        line.cut()
        # The first answer is that to `online`.
        assert (await pushing).code == "CONNECTION_LOST"
        assert len(waiting.days) == DAYS - 100
        line.drops = frozenset()
        line.published.clear()
        await waiting.push(made)
        assert waiting.days == []
        again = [one for one in line.published if TOPIC.encode() in one]
        assert len(again) == DAYS - 100
        duplicate, retained = 0x08, 0x01
        assert not any(one[0] & (duplicate | retained) for one in again)
        await arrived(messages)


@pytest.mark.parametrize("persistence", [False, True])
@pytest.mark.parametrize("qos", [1, 2])
async def test_a_broker_restarted_with_and_without_what_it_knew(
    mosquitto, tmp_path, version: int, qos: int, persistence: bool
) -> None:
    kept = ("persistence true", f"persistence_location {tmp_path}/", "autosave_interval 1")
    broker: Mosquitto = mosquitto(settings=kept if persistence else ())
    waiting = Waiting()
    async with (
        bad_line(broker.port) as line,
        destination(line.port, replace(PUBLISHING, qos=qos)) as made,
    ):
        await made._connection.client()
        pushing = asyncio.create_task(waiting.fails(made))
        await line.stop_answers(after=150)
        broker.kill()
        assert (await pushing).is_unusable
        broker.start()
        line.drops = frozenset()
        await waiting.push(made)
        assert waiting.days == []


async def test_everything_at_once_arrives_whole_and_in_order(line: Line, version: int) -> None:
    """Freezes, dropped answers, cuts and rubbish in turn, until everything is settled."""
    waiting = Waiting()

    async def disturb() -> None:
        while True:
            await asyncio.sleep(0.02)
            line.drops, line.passing = ACKNOWLEDGEMENTS, 40
            await asyncio.sleep(0.1)
            line.drops = frozenset()
            line.cut()
            await asyncio.sleep(0.03)
            line.say(b"\x00")
            line.freeze()
            await asyncio.sleep(0.05)
            line.thaw()

    async with listening(line.broker) as messages, destination(line.port) as made:
        disturbing = asyncio.create_task(disturb())
        try:
            async with asyncio.timeout(30):
                while waiting.days:
                    with suppress(DestinationError):
                        await waiting.push(made, 10)
        finally:
            disturbing.cancel()
        await arrived(messages)
    assert line.connections > 1
