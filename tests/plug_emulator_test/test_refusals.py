"""What the emulator refuses, and how."""

from __future__ import annotations

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.plug_emulator import HS100, EmulatedPlug, EmulatedStrip, PlugNetwork
from tests.plug_emulator_test.devices import connected, plug_at


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        pytest.param(
            {"smartlife.iot.homekit": {"setup_info_get": {}}},
            {"smartlife.iot.homekit": {"err_code": -1, "err_msg": "module not support"}},
            id="unknown module",
        ),
        pytest.param(
            {"schedule": {"get_realtime": {}}},
            {"schedule": {"get_realtime": {"err_code": -2, "err_msg": "member not support"}}},
            id="unknown command",
        ),
        pytest.param(
            {"emeter": {"get_daystat": {"year": 2026, "month": 13}}},
            {"emeter": {"get_daystat": {"err_code": -3, "err_msg": "invalid argument"}}},
            id="wrong parameter",
        ),
    ],
)
async def test_error_codes(
    plug_network: PlugNetwork, request_: dict[str, Any], answer: dict[str, Any]
) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    async with connected(plug) as client:
        assert await client.protocol.query(request_) == answer


async def test_an_unknown_part_leaves_the_others_answered(plug_network: PlugNetwork) -> None:
    plug = plug_at(load=5)
    await plug_network.start(plug)
    async with connected(plug) as client:
        answer = await client.protocol.query(
            {"nothing": {"get": {}}, "emeter": {"get_realtime": None, "fly": {}}}
        )
        assert answer["nothing"]["err_code"] == -1
        assert answer["emeter"]["get_realtime"]["power_mw"] == 5000
        assert answer["emeter"]["fly"]["err_code"] == -2


async def test_who_does_not_speak_the_protocol_is_cut_off(plug_network: PlugNetwork) -> None:
    plug = plug_at()
    await plug_network.start(plug)
    for rubbish in (b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00\x00\x03abc"):
        reader, writer = await asyncio.open_connection(plug.host, plug.port)
        writer.write(rubbish)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()


@pytest.mark.parametrize(
    "build",
    [
        lambda: EmulatedPlug(timezone=ZoneInfo("Pacific/Chatham")),
        lambda: EmulatedStrip(loads=[1.0] * 7),
        lambda: EmulatedStrip(kind=HS100),
    ],
    ids=["zone the firmware has not", "more loads than sockets", "plug as a strip"],
)
def test_impossible_devices(build: Any) -> None:
    with pytest.raises(ValueError, match=r"has|is a"):
        build()
