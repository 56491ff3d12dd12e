"""Discovery over UDP."""

from __future__ import annotations

from kasa import Discover, Module

from tests.plug_emulator import BROADCAST_ADDRESS, PlugNetwork
from tests.plug_emulator_test.devices import plug_at, strip_at


async def test_one_by_its_address(plug_network: PlugNetwork) -> None:
    plug = plug_at(alias="Found", load=10)
    await plug_network.start(plug)
    client = await Discover.discover_single(plug.host, port=plug.port, discovery_timeout=2)
    assert client is not None
    await client.update()
    assert client.alias == "Found"
    assert client.modules[Module.Energy].current_consumption == 10
    await client.disconnect()


async def test_broadcast_finds_all_at_their_own_addresses(plug_network: PlugNetwork) -> None:
    plugs = [plug_at(mac=f"50:C7:BF:00:00:0{n}", alias=f"P{n}") for n in range(3)]
    for device in [*plugs, strip_at(alias="S")]:
        await plug_network.start(device)
    await plugs[1].cut_off()
    plugs[2].silence()
    found = await Discover.discover(
        target=BROADCAST_ADDRESS, port=plug_network.port, discovery_timeout=1
    )
    assert {host: client.alias for host, client in found.items()} == {
        "127.0.0.10": "P0",
        "127.0.0.13": "S",
    }
    for client in found.values():
        await client.update()
        await client.disconnect()
