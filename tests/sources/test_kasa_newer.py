"""Newer plugs are read with their account, with and without datagrams, by the real library."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, web
from cryptography.fernet import Fernet
from kasa import Credentials, DeviceEncryptionType
from kasa.httpclient import get_cookie_jar

from custom_components.med_exporter.sources.connection import KLAP, Connection, KasaError
from custom_components.med_exporter.sources.kasa import KasaHost, search, with_login
from custom_components.med_exporter.vault import Vault
from tests.metering_points import PARIS
from tests.plug_emulator import BROADCAST_ADDRESS, Clock
from tests.plug_emulator.smart import L530, P100, P110, P304M, EmulatedSmartPlug

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("brief_waits")

TODAY = date(2026, 11, 20)
NOON = Clock(lambda: datetime(2026, 11, 20, 12, tzinfo=PARIS))
MINE = Credentials("me@example.com", "secret")
WRONG = Credentials("me@example.com", "wrong")


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=get_cookie_jar()) as session:
        yield session


@asynccontextmanager
async def host_at(
    session: ClientSession, address: str, login: Credentials | None = MINE
) -> AsyncIterator[KasaHost]:
    host = KasaHost(Connection(host=address), lambda: session)
    try:
        await host.connect(login)
        yield host
    finally:
        await host.close()


def test_the_handshake_that_proves_a_login_has_the_name_that_the_library_gives_it():
    assert DeviceEncryptionType.Klap.value == KLAP


async def code_of(session: ClientSession, address: str, login: Credentials | None = MINE) -> str:
    """Return the code of the error that reading this address ends with."""
    with pytest.raises(KasaError) as error:
        async with host_at(session, address, login) as host:
            await host.poll(TODAY)
    assert error.value.host == address
    return error.value.code


def plug_at(host: str, **options: Any) -> EmulatedSmartPlug:
    options = {"clock": NOON, "timezone": PARIS, **options}
    return EmulatedSmartPlug(host=host, **options)


class TestReading:
    @pytest.mark.parametrize("found_by_udp", [True, False])
    async def test_a_plug_with_and_without_datagrams(
        self, session: ClientSession, found_by_udp: bool
    ) -> None:
        since = datetime(2026, 11, 18, 12, tzinfo=PARIS)
        plug = plug_at(
            "127.0.82.1",
            alias="Kühler",
            load=1000.0,
            installed_at=since,
            found_by_udp=found_by_udp,
        )
        async with plug:
            address = plug.host if found_by_udp else plug.address
            async with host_at(session, address) as host:
                (sample,) = await host.poll(TODAY)
                assert not host.is_strip
        identity = sample.identity
        assert (identity.plug_id, identity.child_id) == (plug.plain_mac, None)
        assert (identity.name, identity.model) == ("Kühler", "P110")
        assert (identity.firmware, identity.hardware) == (P110.fw_ver, P110.hw_ver)
        assert (sample.power, sample.is_on, sample.signal_strength) == (1000, True, -48)
        assert sample.voltage == pytest.approx(plug.voltage, abs=0.001)
        assert sample.current == pytest.approx(1000 / plug.voltage, abs=0.001)
        assert (sample.counters.total, sample.counters.today) == (None, 12)
        assert sample.counters.month == 48
        assert sample.counters.clock.date() == TODAY

    async def test_at_the_usual_port_without_datagrams(self, session: ClientSession) -> None:
        async with (
            plug_at("127.0.82.2", port=80, load=10.0),
            host_at(session, "127.0.82.2") as host,
        ):
            (sample,) = await host.poll(TODAY)
        assert sample.power == 10

    async def test_a_strip_counts_its_sockets(self, session: ClientSession) -> None:
        strip = plug_at("127.0.82.3", kind=P304M, loads=[10.0, 20.0])
        async with strip, host_at(session, strip.address) as host:
            samples = await host.poll(TODAY)
            assert host.is_strip
        assert [sample.power for sample in samples] == [10, 20, 0, 0]
        assert [sample.identity.plug_id for sample in samples] == [
            f"{strip.plain_mac}_0{number}" for number in range(4)
        ]
        assert samples[0].identity.name == "Socket 1"

    async def test_what_is_known_needs_neither_password_nor_search(
        self, session: ClientSession
    ) -> None:
        vault = Vault(Fernet(Fernet.generate_key()))
        async with plug_at("127.0.82.4", load=10.0) as plug:
            async with host_at(session, plug.address) as host:
                stored = host.connection.to_stored(vault)
            assert "secret" not in str(stored)
            again = KasaHost(Connection.from_stored(stored, vault), lambda: session)
            async with asyncio.timeout(0.25):  # shorter than any search
                assert len(await again.poll(TODAY)) == 1
            await again.close()

    async def test_a_login_can_be_kept_before_it_is_tried(self, session: ClientSession) -> None:
        async with plug_at("127.0.82.4") as plug:
            async with host_at(session, plug.address) as host:
                tried = host.connection
            plug.set_account("other@example.com", "new")
            login = Credentials("other@example.com", "new")
            again = KasaHost(with_login(tried, login), lambda: session)
            assert len(await again.poll(TODAY)) == 1
            await again.close()

    async def test_a_plug_whose_energy_fails_is_read_and_asked_again(
        self, session: ClientSession
    ) -> None:
        plug = plug_at("127.0.82.5", load=1000.0)
        async with plug, host_at(session, plug.address) as host:
            plug.refused |= {"get_energy_usage", "get_emeter_data", "get_current_power"}
            (sample,) = await host.poll(TODAY)
            assert (sample.power, sample.counters.today) == (None, None)
            plug.refused.clear()
            await host.close()
            (sample,) = await host.poll(TODAY)
            assert (sample.power, sample.counters.today) == (1000, 0)


class TestMistakes:
    """Each is told as what it is, and soon."""

    @pytest.mark.parametrize("found_by_udp", [True, False])
    @pytest.mark.parametrize(("login", "code"), [(WRONG, "invalid_auth"), (None, "login_missing")])
    async def test_logins(
        self, session: ClientSession, login: Credentials | None, code: str, found_by_udp: bool
    ) -> None:
        async with plug_at("127.0.82.6", found_by_udp=found_by_udp) as plug:
            address = plug.host if found_by_udp else plug.address
            async with asyncio.timeout(2.5):
                assert await code_of(session, address, login) == code

    async def test_a_password_that_was_changed(self, session: ClientSession) -> None:
        async with plug_at("127.0.82.7") as plug, host_at(session, plug.address) as host:
            plug.set_account("me@example.com", "changed")
            await host.close()
            with pytest.raises(KasaError, match="invalid_auth"):
                await host.poll(TODAY)

    async def test_a_password_that_is_changed_while_it_is_read(
        self, session: ClientSession
    ) -> None:
        async with plug_at("127.0.82.7") as plug, host_at(session, plug.address) as host:
            plug.set_account("me@example.com", "changed")
            with pytest.raises(KasaError, match="invalid_auth"):
                await host.poll(TODAY)

    async def test_a_plug_that_was_unplugged(self, session: ClientSession) -> None:
        async with plug_at("127.0.82.8") as plug, host_at(session, plug.address) as host:
            await host.close()
            await plug.cut_off()
            with pytest.raises(KasaError, match="refused"):
                await host.poll(TODAY)

    @pytest.mark.parametrize("is_known", [True, False])
    async def test_a_plug_that_says_nothing(self, session: ClientSession, is_known: bool) -> None:
        async with plug_at("127.0.82.9") as plug:
            if is_known:
                async with host_at(session, plug.address) as host:
                    await host.close()
                    plug.is_silent = True
                    with pytest.raises(KasaError, match="timed_out"):
                        await host.poll(TODAY)
            else:
                plug.is_silent = True
                assert await code_of(session, plug.address) == "timed_out"

    async def test_one_that_says_nothing_is_not_looked_for_where_older_ones_listen(
        self, session: ClientSession
    ) -> None:
        # Another run of tests on this machine has another one.
        address = f"127.82.{os.getpid() // 256 % 256}.{os.getpid() % 256}"
        async with plug_at(address, port=80) as plug, host_at(session, address) as host:
            await host.close()
            plug.is_silent = True
            # Nobody listens at the older ones' port: that would be "refused".
            with pytest.raises(KasaError, match="timed_out"):
                await host.poll(TODAY)
            await plug.cut_off()
            with pytest.raises(KasaError, match="refused"):
                await host.poll(TODAY)

    @pytest.mark.parametrize("kind", [P100, L530])
    async def test_what_measures_nothing(self, session: ClientSession, kind: Any) -> None:
        async with plug_at("127.0.82.10", kind=kind) as plug:
            assert await code_of(session, plug.address) == "no_energy"

    @pytest.mark.parametrize("login", [MINE, None])
    async def test_another_web_server(
        self, session: ClientSession, login: Credentials | None
    ) -> None:
        runner = web.AppRunner(web.Application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.82.11", 0).start()
        address = "{}:{}".format(*runner.addresses[0])
        try:
            assert await code_of(session, address, login) == "not_kasa"
        finally:
            await runner.cleanup()

    @pytest.mark.parametrize("login", [MINE, None])
    async def test_nothing_at_any_port(
        self, session: ClientSession, login: Credentials | None
    ) -> None:
        assert await code_of(session, "127.0.82.12", login) == "refused"


class TestSearch:
    async def test_newer_plugs_say_how_they_are_spoken_to_and_not_whether_they_measure(
        self,
    ) -> None:
        async with (
            plug_at("127.0.82.13", mac="5C:62:8B:82:00:01", found_by_udp=True),
            plug_at("127.0.82.14", mac="5C:62:8B:82:00:02", kind=P100, found_by_udp=True),
            plug_at("127.0.82.15", mac="5C:62:8B:82:00:03", kind=L530, found_by_udp=True),
        ):
            found = await search([BROADCAST_ADDRESS])
        told = {
            mac[-1]: (one.measures, one.is_plain)
            for mac, one in found.items()
            if mac.startswith("5c628b82")
        }
        assert told == {"1": (None, False), "2": (None, True), "3": (False, False)}
        assert found["5c628b820001"].connection.proves_itself
        assert (found["5c628b820001"].host, found["5c628b820001"].model) == ("127.0.82.13", "P110")
