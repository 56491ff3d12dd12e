"""Kasa plugs and strips are read; whatever else stands at an address is named for what it is."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import PropertyMock, patch

import pytest
from cryptography.fernet import Fernet
from kasa import Credentials, KasaException
from kasa.iot.modules import Emeter

from custom_components.med_exporter.sources.connection import Connection, KasaError, split_host
from custom_components.med_exporter.sources.kasa import KasaHost, plain_mac, search
from custom_components.med_exporter.vault import Vault
from tests.metering_points import PARIS
from tests.plug_emulator import (
    BROADCAST_ADDRESS,
    HS100,
    Clock,
    EmulatedPlug,
    EmulatedStrip,
    PlugNetwork,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("brief_waits")

TODAY = date(2026, 11, 20)
NOON = Clock(lambda: datetime(2026, 11, 20, 12, tzinfo=PARIS))


def no_session() -> None:
    raise AssertionError("a known older plug needs no web session")


def library_session() -> None:
    """Leave the web session to python-kasa."""


@asynccontextmanager
async def host_at(address: str) -> AsyncIterator[KasaHost]:
    host = KasaHost(Connection(host=address), library_session)
    try:
        yield host
    finally:
        await host.close()


async def code_of(address: str) -> str:
    """Return the code of the error that reading this address ends with."""
    async with host_at(address) as host:
        with pytest.raises(KasaError) as error:
            await host.poll(TODAY)
    assert error.value.host == address
    return error.value.code


class TestReading:
    async def test_a_plug(self, plug_network: PlugNetwork) -> None:
        since = datetime(2026, 10, 31, 12, tzinfo=PARIS)
        plug = EmulatedPlug(
            alias="Fridge", load=1000.0, clock=NOON, installed_at=since, rssi=-61, timezone=PARIS
        )
        await plug_network.start(plug)
        async with host_at(plug.address) as host:
            (sample,) = await host.poll(TODAY)
            assert not host.is_strip
        identity = sample.identity
        assert (identity.plug_id, identity.mac) == ("50c7bf000001", "50c7bf000001")
        assert (identity.child_id, identity.name, identity.model) == (None, "Fridge", "HS110")
        assert identity.firmware == plug.kind.sw_ver
        assert sample.power == 1000
        assert sample.voltage == pytest.approx(plug.voltage, abs=0.001)
        assert sample.current == pytest.approx(1000 / plug.voltage, abs=0.001)
        assert sample.is_on
        assert sample.signal_strength == -61
        assert sample.counters.total == 480
        assert sample.counters.today == 12
        assert sample.counters.month == 19 * 24 + 12
        assert sample.counters.month_before == 12

    async def test_a_strip_counts_its_sockets_and_not_itself(
        self, plug_network: PlugNetwork
    ) -> None:
        strip = EmulatedStrip(loads=[10.0, 20.0, 30.0], socket_aliases=["A", "B"])
        await plug_network.start(strip)
        async with host_at(strip.address) as host:
            samples = await host.poll(TODAY)
            assert host.is_strip
        assert [sample.power for sample in samples] == [10, 20, 30, 0, 0, 0]
        assert [sample.identity.plug_id for sample in samples] == [
            f"50c7bf000300_0{number}" for number in range(6)
        ]
        assert [sample.identity.name for sample in samples[:3]] == ["A", "B", "Plug 3"]

    async def test_a_relay_that_is_off(self, plug_network: PlugNetwork) -> None:
        plug = EmulatedPlug(load=1000.0)
        plug.switch(False)
        await plug_network.start(plug)
        async with host_at(plug.address) as host:
            (sample,) = await host.poll(TODAY)
        assert (sample.is_on, sample.power) == (False, 0)

    async def test_a_connected_plug_is_asked_anew(self, plug_network: PlugNetwork) -> None:
        plug = EmulatedPlug(load=1000.0)
        await plug_network.start(plug)
        async with host_at(plug.address) as host:
            await host.poll(TODAY)
            plug.set_load(50.0)
            (sample,) = await host.poll(TODAY)
        assert sample.power == 50

    async def test_what_is_known_needs_no_discovery(self, plug_network: PlugNetwork) -> None:
        plug = EmulatedPlug()
        await plug_network.start(plug)
        async with host_at(plug.address) as host:
            await host.connect()
            known = host.connection
        plug.received.clear()
        again = KasaHost(known, no_session)
        await again.poll(TODAY)
        await again.close()
        assert {received.transport for received in plug.received} == {"tcp"}

    async def test_a_figure_that_raises_is_not_known(self, plug_network: PlugNetwork) -> None:
        plug = EmulatedPlug(load=1000.0)
        await plug_network.start(plug)
        missing = PropertyMock(side_effect=KasaException("not on this generation"))
        with (
            patch.object(Emeter, "voltage", missing),
            patch.object(Emeter, "consumption_total", missing),
        ):
            async with host_at(plug.address) as host:
                (sample,) = await host.poll(TODAY)
        assert sample.voltage is None
        assert sample.counters.total is None
        assert sample.power == 1000


class TestDays:
    """Days and months are those of Home Assistant's time zone, whatever the host's is."""

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            ("2026-12-01 00:30", (0.5, 0.5, 18)),
            ("2027-01-01 00:30", (0.5, 0.5, 31 * 24)),
            ("2026-12-31 23:30", (23.5, 30 * 24 + 23.5, 18)),
        ],
    )
    async def test_around_the_end_of_a_month(
        self,
        plug_network: PlugNetwork,
        freezer,
        now: str,
        expected: tuple[float, float, float],
    ) -> None:
        when = datetime.fromisoformat(now).replace(tzinfo=PARIS)
        since = datetime(2026, 11, 30, 6, tzinfo=PARIS)
        plug = EmulatedPlug(load=1000.0, clock=lambda: when, installed_at=since, timezone=PARIS)
        await plug_network.start(plug)
        freezer.move_to(when)
        async with host_at(plug.address) as host:
            (sample,) = await host.poll(when.date())
        counters = sample.counters
        assert (counters.today, counters.month, counters.month_before) == expected

    async def test_a_month_that_ends_for_the_host_while_it_asks(
        self, plug_network: PlugNetwork, freezer
    ) -> None:
        """Another month's day of the same number is not taken for today."""
        ends = datetime(2026, 12, 1, tzinfo=UTC)
        is_over = False

        def clock() -> datetime:
            if is_over:
                freezer.move_to(ends)
            return datetime.now(UTC)

        since = datetime(2026, 11, 1, tzinfo=PARIS)
        freezer.move_to(ends - timedelta(seconds=1))
        plug = EmulatedPlug(load=1000.0, clock=clock, installed_at=since, timezone=PARIS)
        await plug_network.start(plug)
        async with host_at(plug.address) as host:
            await host.poll(date(2026, 12, 1))
            is_over = True
            (sample,) = await host.poll(date(2026, 12, 1))
        counters = sample.counters
        assert (counters.today, counters.month, counters.month_before) == (1, 1, 30 * 24)

    async def test_the_year_before_is_asked_for_once(
        self, plug_network: PlugNetwork, freezer
    ) -> None:
        when = datetime(2027, 1, 2, 12, tzinfo=PARIS)
        plug = EmulatedPlug(clock=lambda: when, timezone=PARIS)
        await plug_network.start(plug)
        freezer.move_to(when)
        async with host_at(plug.address) as host:
            for _ in range(3):
                await host.poll(when.date())
        asked = [
            received.request["emeter"]["get_monthstat"]["year"]
            for received in plug.received
            if "get_monthstat" in received.request.get("emeter", {})
        ]
        assert asked.count(2026) == 1


class TestMistakes:
    async def test_a_plug_without_a_meter(self, plug_network: PlugNetwork) -> None:
        plug = EmulatedPlug(kind=HS100)
        await plug_network.start(plug)
        assert await code_of(plug.address) == "no_energy"

    async def test_nothing_listens(self, plug_network: PlugNetwork) -> None:
        plug = EmulatedPlug()
        address = await plug_network.start(plug)
        await plug.cut_off()
        assert await code_of(address) == "refused"

    async def test_a_name_without_an_address(self) -> None:
        assert await code_of("no-such-plug.invalid") == "name_not_resolved"

    async def test_another_kind_of_server(self) -> None:
        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail ready\r\n")
            writer.close()

        async with await asyncio.start_server(greet, "127.0.0.1") as server:
            port = server.sockets[0].getsockname()[1]
            assert await code_of(f"127.0.0.1:{port}") == "not_kasa"

    @pytest.mark.parametrize("how", ["noise", "truncated", "too_long", "too_short"])
    async def test_garbled_answers(self, plug_network: PlugNetwork, how: str) -> None:
        plug = EmulatedPlug()
        await plug_network.start(plug)
        plug.garble(how)
        assert await code_of(plug.address) in {"not_kasa", "timed_out"}

    @pytest.mark.parametrize("how", ["noise", "truncated", "too_long", "too_short"])
    async def test_answers_that_become_garbled(self, plug_network: PlugNetwork, how: str) -> None:
        plug = EmulatedPlug()
        await plug_network.start(plug)
        async with host_at(plug.address) as host:
            await host.poll(TODAY)
            plug.garble(how)
            with pytest.raises(KasaError, match=r"timed_out|not_kasa"):
                await host.poll(TODAY)

    async def test_a_silent_plug(self, plug_network: PlugNetwork) -> None:
        plug = EmulatedPlug()
        await plug_network.start(plug)
        plug.silence()
        async with asyncio.timeout(10):
            assert await code_of(plug.address) == "timed_out"


class TestCredentials:
    async def test_they_are_kept_as_the_plug_s_hash_and_encrypted(
        self, plug_network: PlugNetwork
    ) -> None:
        vault = Vault(Fernet(Fernet.generate_key()))
        connection = Connection(host="127.0.0.1", parameters={"a": 1}, credentials_hash="c2VjcmV0")
        stored = connection.to_stored(vault)
        assert "c2VjcmV0" not in str(stored)
        assert Connection.from_stored(stored, vault) == connection

    async def test_an_older_plug_takes_any(self, plug_network: PlugNetwork) -> None:
        plug = EmulatedPlug()
        await plug_network.start(plug)
        async with host_at(plug.address) as host:
            await host.connect(Credentials("user", "password"))
            assert len(await host.poll(TODAY)) == 1
            assert "password" not in str(host.connection)


class TestSearch:
    async def test_a_broadcast_finds_plugs_by_mac(self) -> None:
        async with PlugNetwork(port=9999) as network:
            await network.start(EmulatedPlug(mac="50:C7:BF:72:00:01"), host="127.0.72.1")
            await network.start(EmulatedStrip(mac="50:C7:BF:72:00:02"), host="127.0.72.2")
            await network.start(
                EmulatedPlug(mac="50:C7:BF:72:00:03", kind=HS100), host="127.0.72.3"
            )
            found = await search([BROADCAST_ADDRESS])
        told = {mac: (one.host, one.measures) for mac, one in found.items() if "bf72" in mac}
        assert told == {
            "50c7bf720001": ("127.0.72.1", True),
            "50c7bf720002": ("127.0.72.2", True),
            "50c7bf720003": ("127.0.72.3", False),
        }

    async def test_a_target_that_cannot_be_reached_finds_nothing(self) -> None:
        assert await search(["240.0.0.1"]) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.1.10", ("192.168.1.10", None)),
        (" plug.lan ", ("plug.lan", None)),
        ("plug_1:9998", ("plug_1", 9998)),
    ],
)
def test_a_host_may_carry_a_port(text: str, expected: tuple[str, int | None]) -> None:
    assert split_host(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":9999",
        "host:",
        "host:0",
        "host:65536",
        "host:\uff19\uff19",
        "host:port",
        "http://host",
        "a b",
        "u@host",
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(text)}$"):
        split_host(text)


def test_macs_are_compared_without_punctuation() -> None:
    assert plain_mac("50:C7:BF:00:00:01") == plain_mac("50-c7-bf-00-00-01") == "50c7bf000001"
