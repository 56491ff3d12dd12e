"""The MQTT destination against a real broker."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from unittest.mock import patch

import aiomqtt
import pytest

from custom_components.med_exporter.const import LOGGER, DataType
from custom_components.med_exporter.destinations.base import DestinationError, Outcome
from custom_components.med_exporter.destinations.mqtt import connection as mqtt_connection
from custom_components.med_exporter.destinations.mqtt import opening as mqtt_opening
from custom_components.med_exporter.destinations.mqtt import probe
from custom_components.med_exporter.destinations.mqtt.broker import Broker, is_certificate
from custom_components.med_exporter.destinations.mqtt.longest import longest_message
from custom_components.med_exporter.destinations.mqtt.probe import (
    REMARK_UNVERIFIED,
    async_test_broker,
)
from custom_components.med_exporter.destinations.mqtt.trial import Trial
from custom_components.med_exporter.sources.tempo_calendar import ONE_DAY, PARIS
from tests.mosquitto import Authority, free_port
from tests.mqtt_destinations import (
    DAILY,
    PDL,
    PUBLISHING,
    TODAY,
    destination,
    ecowatt,
    energy,
    half_hour,
    push,
    stored,
    take,
    tempo,
)
from tests.mqtt_line import ACKNOWLEDGEMENTS, bad_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.destinations.measurements import Energy

V311 = (4,)

MONTHLY = energy(200.5, DataType.CONSUMPTION_MONTHLY, date(2026, 11, 1), closed=False)
PRODUCTION = energy(3.0, DataType.PRODUCTION_DAILY, date(2026, 11, 20), closed=False)


@pytest.fixture(autouse=True)
def home_assistant(hass: HomeAssistant) -> None:
    """Error messages are translated by a Home Assistant."""


def open_files() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


async def failed_test(port: int, **options: object) -> str:
    """Return the code that a connection test ends with."""
    broker = Broker(**{"host": "127.0.0.1", "port": port, **options})
    with pytest.raises(DestinationError) as raised:
        await async_test_broker(broker, PUBLISHING)
    assert raised.value.key.startswith(f"destination_{raised.value.code.lower()}")
    return raised.value.code


def _year() -> tuple[list[Energy], Callable[[Energy, Outcome], None]]:
    """Return a year of days that wait, and what takes a settled one away."""
    first = date(2025, 11, 20)
    waiting = [
        energy(float(n), DataType.CONSUMPTION_DAILY, first + n * ONE_DAY) for n in range(365)
    ]

    def settle(measurement: Energy, outcome: Outcome) -> None:
        assert outcome is Outcome.STORED
        assert waiting.pop(0) is measurement

    return waiting, settle


async def _stream(measurements: list[Energy]) -> AsyncIterator[list[Energy]]:
    for measurement in measurements:
        yield [measurement]


class TestPush:
    """What arrives at the broker."""

    async def test_every_value_has_its_topic(self, mosquitto) -> None:
        broker = mosquitto()
        detailed = half_hour(0.25, datetime(2026, 11, 20, 13, 30, tzinfo=PARIS))
        everything = [DAILY, MONTHLY, detailed, PRODUCTION]
        async with (
            broker.listening("home/energy/+/#") as messages,
            destination(broker.port) as made,
        ):
            assert await push(made, *everything) == stored(*everything)
            assert await push(made, tempo("blue", TODAY), tempo("red", TODAY + ONE_DAY)) == stored(
                tempo("blue", TODAY), tempo("red", TODAY + ONE_DAY)
            )
            assert await push(made, ecowatt(2, TODAY)) == stored(ecowatt(2, TODAY))
            received = (await take(messages, 8))[1:]
        assert [(str(message.topic), json.loads(message.payload)) for message in received] == [
            (
                f"home/energy/{PDL}/consumption/daily",
                {
                    "value": 12.345,
                    "unit": "kWh",
                    "date": "2026-11-20",
                    "pdl": PDL,
                    "closed": False,
                    "timestamp": "2026-11-20T14:30:00Z",
                },
            ),
            (
                f"home/energy/{PDL}/consumption/monthly",
                {
                    "value": 200.5,
                    "unit": "kWh",
                    "date": "2026-11",
                    "pdl": PDL,
                    "closed": False,
                    "timestamp": "2026-11-20T14:30:00Z",
                },
            ),
            (
                f"home/energy/{PDL}/consumption/detailed",
                {
                    "value": 0.25,
                    "unit": "kWh",
                    "date": "2026-11-20T13:30:00+01:00",
                    "pdl": PDL,
                    "closed": True,
                    "timestamp": "2026-11-20T13:00:00Z",
                },
            ),
            (
                f"home/energy/{PDL}/production/daily",
                {
                    "value": 3.0,
                    "unit": "kWh",
                    "date": "2026-11-20",
                    "pdl": PDL,
                    "closed": False,
                    "timestamp": "2026-11-20T14:30:00Z",
                },
            ),
            ("home/energy/tempo/today", {"color": "BLUE", "date": str(TODAY)}),
            ("home/energy/tempo/tomorrow", {"color": "RED", "date": str(TODAY + ONE_DAY)}),
            (
                "home/energy/ecowatt/current",
                {
                    "value": 2,
                    "message": "Tense",
                    "hourly_values": [1, 2],
                    "date": str(TODAY),
                },
            ),
        ]

    async def test_an_unknown_colour_of_tomorrow_replaces_an_outdated_one(self, mosquitto) -> None:
        broker = mosquitto()
        async with destination(broker.port) as made:
            await push(made, tempo("blue", TODAY), tempo("red", TODAY + ONE_DAY))
            assert await push(made, tempo("blue", TODAY)) == stored(tempo("blue", TODAY))
        async with broker.listening("home/energy/tempo/tomorrow") as messages:
            (kept,) = await take(messages, 1)
        assert json.loads(kept.payload) == {"color": None, "date": str(TODAY + ONE_DAY)}

    async def test_a_day_of_the_grid_is_forgotten_at_its_end(self, mosquitto) -> None:
        broker = mosquitto()
        async with destination(broker.port) as made:
            await push(made, tempo("blue", TODAY), tempo("red", TODAY + ONE_DAY))
            await push(made, ecowatt(1, TODAY))
        midnight = datetime.combine(TODAY + ONE_DAY, time(), PARIS)
        rest = (midnight - datetime.now(UTC)).total_seconds()
        async with broker.listening(
            "home/energy/+/+", protocol=aiomqtt.ProtocolVersion.V5
        ) as messages:
            kept = await take(messages, 3)
        for message in kept:
            assert message.properties.MessageExpiryInterval == pytest.approx(rest, abs=30)

    async def test_history_of_the_grid_is_not_replayed(self, mosquitto) -> None:
        broker = mosquitto()
        past = [tempo("red", TODAY - n * ONE_DAY, closed=True) for n in (3, 2, 1)]
        async with (
            broker.listening("home/energy/+/+") as messages,
            destination(broker.port) as made,
        ):
            assert await push(made, *past) == [(one, Outcome.ALREADY_THERE) for one in past]
            await push(made, ecowatt(3, TODAY - ONE_DAY), ecowatt(1, TODAY))
            (message,) = await take(messages, 1)
            assert json.loads(message.payload)["date"] == str(TODAY)

    async def test_a_correction_goes_to_the_same_topic_with_the_same_date(self, mosquitto) -> None:
        broker = mosquitto()
        first = energy(5.0, DataType.CONSUMPTION_DAILY, date(2026, 11, 19))
        async with (
            broker.listening(f"home/energy/{PDL}/#") as messages,
            destination(broker.port) as made,
        ):
            await push(made, first)
            await push(made, replace(first, kwh=6.5))
            before, after = [json.loads(each.payload) for each in await take(messages, 2)]
        assert after == {**before, "value": 6.5}

    async def test_a_value_is_no_longer_than_six_digits(self, mosquitto) -> None:
        broker = mosquitto()
        async with (
            broker.listening(f"home/energy/{PDL}/#") as messages,
            destination(broker.port) as made,
        ):
            await push(made, replace(DAILY, kwh=0.1 + 0.2))
            (message,) = await take(messages, 1)
        assert b'"value":0.3,' in message.payload

    @pytest.mark.parametrize("qos", [0, 1, 2])
    async def test_quality_of_service(self, mosquitto, qos: int) -> None:
        broker = mosquitto()
        async with (
            broker.listening(f"home/energy/{PDL}/#") as messages,
            destination(broker.port, replace(PUBLISHING, qos=qos)) as made,
        ):
            for _ in range(2):
                assert await push(made, DAILY) == stored(DAILY)
            first, second = await take(messages, 2)
        # What a broker refuses on a topic is told with QoS 1 only.
        assert (first.qos, second.qos) == (1, qos)

    @pytest.mark.parametrize("retain", [True, False])
    async def test_current_values_stay_as_the_user_chose(self, mosquitto, retain: bool) -> None:
        broker = mosquitto()
        closed = replace(MONTHLY, closed=True)
        async with destination(broker.port, replace(PUBLISHING, retain=retain)) as made:
            await push(made, DAILY, closed)
        assert set(await broker.kept()) == (
            {f"home/energy/{PDL}/consumption/daily", "home/energy/status"} if retain else set()
        )

    @pytest.mark.parametrize("qos", [0, 1, 2])
    async def test_many_values_arrive_in_their_order(self, mosquitto, qos: int) -> None:
        broker = mosquitto()
        many = [replace(DAILY, kwh=float(n)) for n in range(500)]
        publishing = replace(PUBLISHING, qos=qos, retain=False)
        async with (
            broker.listening(f"home/energy/{PDL}/#") as messages,
            destination(broker.port, publishing) as made,
        ):
            assert await push(made, *many) == stored(*many)
            received = await take(messages, 500)
        assert [json.loads(message.payload)["value"] for message in received] == [
            measurement.kwh for measurement in many
        ]

    @pytest.mark.parametrize("qos", [0, 1, 2])
    async def test_a_refused_value_is_not_acknowledged(self, mosquitto, qos: int) -> None:
        broker = mosquitto(
            acl=f"topic write home/energy/{PDL}/consumption/daily\ntopic write home/energy/status\n"
        )
        async with destination(broker.port, replace(PUBLISHING, qos=qos)) as made:
            for _ in range(2):
                acknowledged: list[Energy] = []
                with pytest.raises(DestinationError) as raised:
                    await made.async_push(
                        _stream([DAILY, MONTHLY, MONTHLY, DAILY]),
                        lambda one, _, to=acknowledged: to.append(one),
                    )
                assert raised.value.code == "PUBLISH_NOT_ALLOWED"
                assert not raised.value.is_unusable
                assert "consumption/monthly" in raised.value.translation_placeholders["topic"]
                # What comes behind it is sent again, so that nothing is left out.
                assert acknowledged == [DAILY]

    async def test_over_tls_with_a_client_certificate(self, mosquitto, tmp_path: Path) -> None:
        authority, clients = Authority(tmp_path), Authority(tmp_path, "clients")
        certificate, key = clients.issue("somebody")
        broker = mosquitto(tls=authority.issue(), require_client_certificate_of=clients.pem)
        tls = {"tls": True, "ca_certificate": authority.pem}
        own = {
            "client_certificate": certificate.read_text(),
            "client_key": key.read_text(),
        }
        async with destination(broker.port, **tls, **own) as made:
            assert await push(made, DAILY) == stored(DAILY)
        async with destination(broker.port, **tls) as made:
            with pytest.raises(DestinationError):
                await push(made, DAILY)

    @pytest.mark.parametrize("tls", [False, True])
    @pytest.mark.parametrize("qos", [0, 1, 2])
    async def test_through_a_websocket(self, mosquitto, authority, tls: bool, qos: int) -> None:
        port = free_port()
        broker = mosquitto(
            settings=(f"listener {port} 127.0.0.1", "protocol websockets"),
            # The certificate is that of the listener which was named last.
            tls=authority.issue() if tls else None,
        )
        async with (
            broker.listening(f"home/energy/{PDL}/#", qos=1) as messages,
            destination(
                port,
                replace(PUBLISHING, qos=qos),
                transport="websockets",
                websocket_path="/mqtt",
                websocket_headers={"X-House": "mine"},
                tls=tls,
                ca_certificate=authority.pem if tls else None,
            ) as made,
        ):
            many = [replace(DAILY, kwh=float(n)) for n in range(500)]
            assert await push(made, *many) == stored(*many)
            received = await take(messages, 500)
            assert await made.async_test() is None
        assert [json.loads(message.payload)["value"] for message in received] == [
            measurement.kwh for measurement in many
        ]

    @pytest.mark.parametrize("transport", ["tcp", "websockets"])
    async def test_with_a_broker_of_mqtt_3_only(self, transport: str) -> None:
        amqtt = pytest.importorskip("amqtt.broker", reason="amqtt is not installed")
        port = free_port()
        kind = {"tcp": "tcp", "websockets": "ws"}[transport]
        broker = amqtt.Broker(
            {
                "listeners": {"default": {"type": kind, "bind": f"127.0.0.1:{port}"}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            }
        )
        await broker.start()
        try:
            with patch.object(mqtt_opening, "_NEWER_VERSION_TIMEOUT", 0.2):
                async with destination(port, transport=transport, websocket_path="/") as made:
                    many = [replace(DAILY, kwh=float(n)) for n in range(100)]
                    assert await push(made, *many) == stored(*many)
                    assert await made.async_test() is None
        finally:
            await broker.shutdown()


class TestPresence:
    """`{prefix}/status` tells whether the exporter lives."""

    async def test_online_while_connected_and_offline_after(self, mosquitto) -> None:
        broker = mosquitto()
        async with broker.listening("home/energy/status") as messages:
            async with destination(broker.port):
                assert [message.payload for message in await take(messages, 1)] == [b"online"]
            assert [message.payload for message in await take(messages, 1)] == [b"offline"]
        async with broker.listening("home/energy/status") as messages:
            (kept,) = await take(messages, 1)
            assert (kept.payload, kept.retain) == (b"offline", True)

    async def test_offline_after_an_online_that_the_broker_has_not_answered_yet(
        self, mosquitto
    ) -> None:
        broker = mosquitto()
        async with (
            bad_line(broker.port) as line,
            broker.listening("home/energy/status") as messages,
        ):
            line.drops = ACKNOWLEDGEMENTS
            async with destination(line.port):
                assert [message.payload for message in await take(messages, 1)] == [b"online"]
            assert [message.payload for message in await take(messages, 1)] == [b"offline"]

    async def test_the_broker_says_offline_when_the_exporter_is_gone_without_a_word(
        self, mosquitto
    ) -> None:
        broker = mosquitto()
        async with (
            bad_line(broker.port) as line,
            broker.listening("home/energy/status") as messages,
            destination(line.port),
        ):
            assert [message.payload for message in await take(messages, 1)] == [b"online"]
            # As the end of its process does.
            line.cut()
            assert [message.payload for message in await take(messages, 1)] == [b"offline"]
            assert [message.payload for message in await take(messages, 1)] == [b"online"]

    async def test_a_killed_broker_is_found_again(
        self, mosquitto, caplog: pytest.LogCaptureFixture
    ) -> None:
        broker = mosquitto()
        with patch.object(mqtt_connection, "_FIRST_PAUSE", 0.05):
            async with destination(broker.port) as made:
                assert await push(made, DAILY) == stored(DAILY)
                broker.kill()
                with pytest.raises(DestinationError) as raised:
                    await push(made, DAILY)
                assert raised.value.is_unusable
                broker.start()
                async with broker.listening("home/energy/status") as messages:
                    assert [message.payload for message in await take(messages, 1)] == [b"online"]
                assert await push(made, DAILY) == stored(DAILY)
        warnings = [
            record
            for record in caplog.records
            if record.levelno >= logging.WARNING and record.name == LOGGER.name
        ]
        assert len(warnings) == 1

    async def test_a_push_tries_at_once_instead_of_waiting_for_the_pause(self, mosquitto) -> None:
        port = free_port()
        with patch.object(mqtt_connection, "_FIRST_PAUSE", 3600):
            async with destination(port) as made:
                with pytest.raises(DestinationError):
                    await push(made, DAILY)
                mosquitto(port=port)
                async with asyncio.timeout(5):
                    assert await push(made, DAILY) == stored(DAILY)

    async def test_a_broker_killed_during_a_push_acknowledges_no_more(self, mosquitto) -> None:
        broker = mosquitto()
        acknowledged: list[Energy] = []

        async def stream() -> AsyncIterator[list[Energy]]:
            for n in range(100):
                if n == 50:
                    broker.kill()
                yield [replace(DAILY, kwh=float(n))]
                await asyncio.sleep(0)

        async with destination(broker.port) as made:
            with pytest.raises(DestinationError) as raised:
                await made.async_push(stream(), lambda one, _: acknowledged.append(one))
        assert raised.value.code == "CONNECTION_LOST"
        assert [item.kwh for item in acknowledged] == [float(n) for n in range(len(acknowledged))]
        assert len(acknowledged) <= 50

    async def test_the_client_id_is_the_same_after_a_restart(self, mosquitto) -> None:
        assert (
            mqtt_opening.identifier("0a1b2c3d-4e5f-6789-abcd-ef0123456789")
            == "med0a1b2c3d4e5f6789abcd"
        )


class TestLongPush:
    """A year of days, and lines and brokers that break meanwhile."""

    @pytest.mark.parametrize("qos", [1, 2])
    async def test_a_year_arrives_whole_and_in_order_over_a_line_that_breaks(
        self, mosquitto, qos: int
    ) -> None:
        broker = mosquitto()
        waiting, settle = _year()
        async with (
            # To whoever listens with QoS 2 the broker hands on other QoS at their own pace.
            broker.listening(f"home/energy/{PDL}/#", qos=1) as messages,
            bad_line(broker.port, 300, 700, 3000, 9001, 12345, 777, 20000) as line,
            destination(line.port, replace(PUBLISHING, qos=qos)) as made,
        ):
            breaks = 0
            with patch.object(mqtt_connection, "_FIRST_PAUSE", 0.05):
                while waiting:
                    try:
                        await made.async_push(_stream(list(waiting)), settle)
                    except DestinationError:
                        breaks += 1
            days: list[int] = []
            while set(days) != set(range(365)):
                days += [int(json.loads(one.payload)["value"]) for one in await take(messages, 1)]
        assert breaks == 7
        # A repeat goes back to what was not settled; nothing ever jumps ahead.
        assert all(later <= max(days[: n + 1]) + 1 for n, later in enumerate(days[1:]))
        assert days[-1] == 364

    async def test_a_broker_killed_again_and_again_has_acknowledged_everything_in_the_end(
        self, mosquitto
    ) -> None:
        broker = mosquitto()
        waiting, settle = _year()

        async def stream(kill_after: int) -> AsyncIterator[list[Energy]]:
            for n, measurement in enumerate(list(waiting)):
                if n == kill_after:
                    broker.kill()
                yield [measurement]

        with patch.object(mqtt_connection, "_FIRST_PAUSE", 0.05):
            async with destination(broker.port) as made:
                for kill_after in (1, 17, 40, 60, 25, 3):
                    with pytest.raises(DestinationError):
                        await made.async_push(stream(kill_after), settle)
                    broker.start()
                await made.async_push(_stream(list(waiting)), settle)
        assert waiting == []

    async def test_a_year_of_two_metering_points_takes_seconds(self, mosquitto) -> None:
        broker = mosquitto()
        async with (
            broker.listening("home/energy/+/consumption/daily") as messages,
            destination(broker.port) as made,
        ):
            started = monotonic()
            for _ in range(2):
                waiting, settle = _year()
                await made.async_push(_stream(list(waiting)), settle)
                assert waiting == []
            assert monotonic() - started < 20
            await take(messages, 2 * 365)


class TestConnectionTest:
    """The test names the mistake."""

    @pytest.mark.parametrize(
        ("takes", "chosen", "error"),
        [
            (("retain_available false",), {}, ("destination_retain_not_supported", "retain")),
            (("retain_available false",), {"retain": False}, None),
            (
                ("retain_available false",),
                {"retain": False, "discovery": True},
                ("destination_retain_not_supported_discovery", "discovery"),
            ),
            (("max_qos 1",), {"qos": 2}, ("destination_qos_not_supported", "qos")),
            (("max_qos 1",), {"qos": 1}, None),
            (("max_qos 0",), {"qos": 1}, ("destination_qos_not_supported", "qos")),
            (("max_qos 0",), {"qos": 0}, None),
            (("max_qos 0", "retain_available false"), {"qos": 0, "retain": False}, None),
            (("max_inflight_messages 1", "max_packet_size 400"), {}, None),
        ],
    )
    async def test_a_broker_of_limits_is_told_by_test_and_run_alike(
        self,
        mosquitto,
        takes: tuple[str, ...],
        chosen: dict[str, object],
        error: tuple[str, str] | None,
    ) -> None:
        broker = mosquitto(settings=takes)
        publishing = replace(PUBLISHING, **chosen)
        many = [replace(DAILY, kwh=float(n)) for n in range(50)]
        async with (
            broker.listening("home/energy/status") as messages,
            destination(broker.port, publishing) as made,
        ):
            if error is None:
                assert await made.async_test() in {None, REMARK_UNVERIFIED}
                assert await push(made, *many) == stored(*many)
                assert [message.payload for message in await take(messages, 1)] == [b"online"]
                return
            for attempt in (made.async_test(), push(made, *many)):
                with pytest.raises(DestinationError) as raised:
                    await attempt
                assert (raised.value.key, raised.value.field) == error
                assert raised.value.is_unusable

    @pytest.mark.parametrize(
        ("takes", "qos", "error"),
        [
            ("max_qos 1", 2, ("destination_qos_not_supported", "qos", "1")),
            ("max_qos 0", 2, ("destination_qos_not_supported", "qos", "0")),
            ("retain_available false", 1, ("destination_retain_not_supported", "retain", None)),
        ],
    )
    async def test_what_a_broker_of_mqtt_3_hangs_up_on_is_found_out(
        self, mosquitto, takes: str, qos: int, error: tuple[str, str, str | None]
    ) -> None:
        to = Broker(host="127.0.0.1", port=mosquitto(settings=(takes,)).port)
        with pytest.raises(DestinationError) as raised:
            await async_test_broker(to, replace(PUBLISHING, qos=qos), versions=V311)
        highest = raised.value.translation_placeholders.get("qos")
        assert (raised.value.key, raised.value.field, highest) == error

    @pytest.mark.parametrize("qos", [0, 1, 2])
    @pytest.mark.parametrize("retain", [True, False])
    async def test_it_publishes_as_a_run_does_and_leaves_nothing(
        self, mosquitto, qos: int, retain: bool
    ) -> None:
        broker = mosquitto()
        publishing = replace(PUBLISHING, qos=qos, retain=retain)
        async with broker.listening("home/#") as messages:
            connecting = Broker(host="127.0.0.1", port=broker.port)
            assert await async_test_broker(connecting, publishing) is None
            # With MQTT 5 the first message on a topic is always one that is answered.
            probes = await take(messages, 2 if retain else 1)
            assert {str(probe.topic) for probe in probes} == {"home/energy/test"}
            assert [probe.qos for probe in probes if probe.payload] == [1]
        assert await broker.kept() == {}

    async def test_a_message_that_is_too_large_for_the_broker_is_named(self, mosquitto) -> None:
        broker = mosquitto(settings=("max_packet_size 100",))
        async with destination(broker.port) as made:
            with pytest.raises(DestinationError) as raised:
                await push(made, DAILY)
        assert raised.value.code == "MESSAGE_REFUSED"
        assert raised.value.translation_placeholders["reason"] == "Packet too large"

    async def test_the_test_is_as_long_as_the_longest_message_of_a_run(self, mosquitto) -> None:
        broker = mosquitto(settings=("max_packet_size 700",))
        to = Broker(host="127.0.0.1", port=broker.port)
        everything = longest_message(PUBLISHING, frozenset(DataType), (), None)
        energy = longest_message(PUBLISHING, {DataType.CONSUMPTION_DAILY}, (), None)
        assert energy < 500
        assert everything > 700
        assert await async_test_broker(to, PUBLISHING, Trial(longest=energy)) is None
        with pytest.raises(DestinationError) as raised:
            await async_test_broker(to, PUBLISHING, Trial(longest=everything))
        assert raised.value.key == "destination_message_refused_too_large"

    async def test_name_not_resolved(self) -> None:
        assert await failed_test(1883, host="no-such-host.invalid") == "NAME_NOT_RESOLVED"

    async def test_refused(self) -> None:
        broker = Broker(host="127.0.0.1", port=free_port())
        with pytest.raises(DestinationError) as raised:
            await async_test_broker(broker, PUBLISHING)
        assert raised.value.code == "REFUSED"
        # Inside a container, loopback is the container.
        assert raised.value.key == "destination_refused_loopback"
        assert raised.value.field == "broker"

    @pytest.mark.parametrize("tls", [False, True])
    async def test_timed_out(self, silent_port: int, tls: bool) -> None:
        with (
            patch.object(mqtt_opening, "TIMEOUT", 0.5),
            patch.object(mqtt_opening, "_NEWER_VERSION_TIMEOUT", 0.2),
            patch.dict(mqtt_opening.async_open.__kwdefaults__, keep_alive=1),
        ):
            assert await failed_test(silent_port, tls=tls, verify_ssl=not tls) == "TIMED_OUT"

    @pytest.mark.parametrize(
        "answer", [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b"", b"SSH-2.0-x\r\n"]
    )
    @pytest.mark.parametrize("tls", [False, True])
    async def test_not_a_broker(self, answer: bytes, tls: bool) -> None:
        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(answer)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(respond, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, asyncio.timeout(5):
            assert await failed_test(port, tls=tls) == "NOT_EXPECTED_SERVER"

    async def test_a_port_with_tls_spoken_to_without(self, mosquitto, authority) -> None:
        broker = mosquitto(tls=authority.issue())
        assert await failed_test(broker.port) == "NOT_EXPECTED_SERVER"

    async def test_tls(self, mosquitto, authority) -> None:
        broker = mosquitto(tls=authority.issue())
        trusting = Broker(
            host="127.0.0.1", port=broker.port, tls=True, ca_certificate=authority.pem
        )
        assert await async_test_broker(trusting, PUBLISHING) is None
        unverified = Broker(host="127.0.0.1", port=broker.port, tls=True, verify_ssl=False)
        assert await async_test_broker(unverified, PUBLISHING) is None

    async def test_an_unknown_authority(self, mosquitto, authority, tmp_path: Path) -> None:
        broker = mosquitto(tls=authority.issue())
        other = Authority(tmp_path, "other")
        assert await failed_test(broker.port, tls=True) == "TLS_CERTIFICATE"
        code = await failed_test(broker.port, tls=True, ca_certificate=other.pem)
        assert code == "TLS_CERTIFICATE"

    async def test_a_certificate_for_another_host(self, mosquitto, authority) -> None:
        broker = mosquitto(tls=authority.issue("broker.example"))
        trusted = {"tls": True, "ca_certificate": authority.pem}
        assert await failed_test(broker.port, **trusted) == "TLS_CERTIFICATE"
        lenient = Broker(host="127.0.0.1", port=broker.port, check_hostname=False, **trusted)
        assert await async_test_broker(lenient, PUBLISHING) is None

    @pytest.mark.parametrize("login", [{}, {"username": "someone", "password": "wrong"}])
    async def test_wrong_credentials(self, mosquitto, login: dict[str, str]) -> None:
        broker = mosquitto(users={"someone": "secret"})
        assert await failed_test(broker.port, **login) == "WRONG_CREDENTIALS"

    async def test_right_credentials(self, mosquitto) -> None:
        broker = mosquitto(users={"someone": "secret"})
        right = Broker(host="127.0.0.1", port=broker.port, username="someone", password="secret")
        assert await async_test_broker(right, PUBLISHING) is None
        assert "secret" not in repr(right)

    async def test_a_prefix_that_is_not_allowed(self, mosquitto) -> None:
        broker = mosquitto(acl="topic readwrite elsewhere/#\n")
        assert await failed_test(broker.port) == "PUBLISH_NOT_ALLOWED"

    @pytest.mark.parametrize(
        ("acl", "remark"),
        [
            ("topic readwrite home/#\n", None),
            ("topic write home/#\n", REMARK_UNVERIFIED),
            ("topic readwrite elsewhere/#\n", REMARK_UNVERIFIED),
        ],
    )
    async def test_mqtt_3_tells_only_by_listening(
        self, mosquitto, acl: str, remark: str | None
    ) -> None:
        broker = mosquitto(acl=acl)
        with patch.object(probe, "_PROBE_TIMEOUT", 0.5):
            result = await async_test_broker(
                Broker(host="127.0.0.1", port=broker.port), PUBLISHING, versions=V311
            )
        assert result == remark

    async def test_a_failed_test_leaves_no_connection(self, silent_port: int) -> None:
        before = open_files()
        with (
            patch.object(mqtt_opening, "TIMEOUT", 0.3),
            patch.object(mqtt_opening, "_NEWER_VERSION_TIMEOUT", 0.2),
        ):
            for _ in range(5):
                await failed_test(silent_port)
        await asyncio.sleep(0.1)
        assert len(open_files() - before) <= 2


def test_certificates(authority) -> None:
    assert is_certificate(authority.pem)
    assert is_certificate(f"{authority.pem}\n{authority.pem}")
    assert not is_certificate("")
    assert not is_certificate("hello")
    assert not is_certificate(authority.pem.replace("A", "B"))
