"""Everything that can be wrong with a plug, switched on and off."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from kasa import Discover, KasaException, Module

from tests.plug_emulator_test.devices import NOON, connected, plug_at

if TYPE_CHECKING:
    from tests.plug_emulator import PlugNetwork


async def test_slowed(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    async with connected(plug) as client:
        plug.slow(0.3)
        started = asyncio.get_running_loop().time()
        await client.update()
        assert asyncio.get_running_loop().time() - started >= 0.3
        await plug.heal()
        async with asyncio.timeout(0.3):
            await client.update()


async def test_silent(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    async with connected(plug) as client:
        plug.silence()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.update()
        await plug.heal()
        await client.update()


async def test_cut_off_and_back(plug_network: PlugNetwork) -> None:
    plug = plug_at(load=1000)
    await plug_network.start(plug)
    async with connected(plug) as client:
        await plug.cut_off()
        for _ in range(10):
            plug.advance(timedelta(minutes=6))
            with pytest.raises(KasaException):
                await client.update()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(plug.host, plug.port)
        await plug.restore()
        await client.update()
        assert client.modules[Module.Energy].consumption_total == 1


async def test_cut_off_for_a_moment_only(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    address = await plug_network.start(plug)
    await plug.cut_off()
    await plug.restore()
    assert plug.address == address
    async with connected(plug) as client:
        assert client.is_on


@pytest.mark.parametrize("how", ["noise", "truncated", "too_short"])
async def test_garbled(plug_network: PlugNetwork, how: Any) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    async with connected(plug) as client:
        plug.garble(how)
        with pytest.raises(KasaException):
            await client.update()
        await plug.heal()
        await client.update()


async def test_more_announced_than_sent(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    async with connected(plug) as client:
        plug.garble("too_long")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.update()


async def test_garbled_datagrams(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    plug.garble()
    with pytest.raises(KasaException):
        await Discover.discover_single(plug.host, port=plug.port, discovery_timeout=1)


async def test_rebooted(plug_network: PlugNetwork) -> None:
    plug = plug_at(load=1000)
    await plug_network.start(plug)
    async with connected(plug) as client:
        plug.advance(timedelta(hours=2))
        plug.reboot()
        plug.advance(timedelta(hours=1))
        await client.update()
        energy = client.modules[Module.Energy]
        assert energy.consumption_total == 1
        assert await energy.get_daily_stats(year=2026, month=6) == {15: 3}


async def test_rebooted_by_the_client(plug_network: PlugNetwork) -> None:
    plug = plug_at(load=1000)
    await plug_network.start(plug)
    async with connected(plug) as client:
        plug.advance(timedelta(hours=2))
        await client.reboot(delay=0)
        async with asyncio.timeout(5):
            while plug.total_kwh:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await client.update()
        assert client.modules[Module.Energy].consumption_total == 0


async def test_moved_to_another_address(plug_network: PlugNetwork) -> None:
    plug = plug_at(load=1000)
    await plug_network.start(plug)
    old_host, old_port = plug.host, plug.port
    async with connected(plug) as client:
        mac = client.mac
    plug.advance(timedelta(hours=1))
    await plug_network.move(plug, host="127.0.0.99")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(old_host, old_port)
    assert plug.host == "127.0.0.99"
    async with connected(plug) as client:
        assert client.mac == mac
        assert client.modules[Module.Energy].consumption_total == 1


async def test_taken_address(plug_network: PlugNetwork) -> None:
    await plug_network.start(plug_at(), host="127.0.0.10")
    with pytest.raises(OSError, match="in use"):
        await plug_network.start(plug_at(), host="127.0.0.10")


async def test_what_was_asked_is_remembered(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    async with connected(plug):
        first = plug.received[0]
    assert first.when == NOON
    assert first.transport == "tcp"
    assert first.request == {"system": {"get_sysinfo": {}}}
