"""A strip as python-kasa sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from kasa import DeviceType, Module

from tests.plug_emulator_test.devices import connected, strip_at

if TYPE_CHECKING:
    from tests.plug_emulator import PlugNetwork


async def test_six_sockets_with_meters_of_their_own(plug_network: PlugNetwork) -> None:
    strip = strip_at(loads=[100, 200], socket_aliases=["Box", "Écran"])
    await plug_network.start(strip)
    strip.advance(timedelta(hours=2))
    strip.sockets[5].use(0.75)
    async with connected(strip) as client:
        assert client.device_type is DeviceType.Strip
        names = [child.alias for child in client.children]
        assert names == ["Box", "Écran", "Plug 3", "Plug 4", "Plug 5", "Plug 6"]
        meters = [child.modules[Module.Energy] for child in client.children]
        assert [meter.current_consumption for meter in meters] == [100, 200, 0, 0, 0, 0]
        assert [meter.consumption_total for meter in meters] == [0.2, 0.4, 0, 0, 0, 0.75]
        assert await meters[1].get_daily_stats(year=2026, month=6) == {15: 0.4}
        assert client.modules[Module.Energy].consumption_total == pytest.approx(1.35)
        assert all(meter.voltage == pytest.approx(120, rel=0.01) for meter in meters)


async def test_sockets_are_switched_one_by_one(plug_network: PlugNetwork) -> None:
    strip = strip_at(loads=[100] * 6)
    await plug_network.start(strip)
    async with connected(strip) as client:
        await client.children[2].turn_off()
        strip.advance(timedelta(hours=1))
        await client.update()
        assert [child.is_on for child in client.children] == [True, True, False] + [True] * 3
        totals = [child.modules[Module.Energy].consumption_total for child in client.children]
        assert totals == [0.1, 0.1, 0, 0.1, 0.1, 0.1]


async def test_unknown_socket_is_refused(plug_network: PlugNetwork) -> None:
    strip = strip_at()
    await plug_network.start(strip)
    async with connected(strip) as client:
        request = {"context": {"child_ids": ["nobody"]}, "emeter": {"get_realtime": {}}}
        answer = await client.protocol.query(request)
        assert answer["emeter"]["get_realtime"]["err_code"] == -14
