"""New energy plugs are offered while a metering point exists; others never."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.metering import discovery
from tests.metering_points import add_metering_point, settle
from tests.plug_emulator import (
    BROADCAST_ADDRESS,
    HS100,
    EmulatedPlug,
    EmulatedStrip,
    PlugNetwork,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits")

QUARTER_HOUR = 15 * 60 + 1


@pytest.fixture
def hass(hass_with_recorder: HomeAssistant, clock: HouseClock) -> HomeAssistant:
    return hass_with_recorder


@pytest.fixture
async def network(broadcast_addresses: list[str]) -> AsyncIterator[PlugNetwork]:
    """Plugs at the real port, where a broadcast finds them; others may be there as well."""
    broadcast_addresses.append(BROADCAST_ADDRESS)
    async with PlugNetwork(port=9999) as network:
        plug = EmulatedPlug(mac="50:C7:BF:75:00:01", alias="Fridge")
        await network.start(plug, host="127.0.75.1")
        yield network


def offers(hass: HomeAssistant) -> dict[str, str]:
    """Return what is offered of these plugs, by MAC, with its name."""
    return {
        flow["context"]["unique_id"]: flow["context"]["title_placeholders"]["name"]
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_INTEGRATION_DISCOVERY
        and flow["context"]["unique_id"].startswith("50:c7:bf:75")
    }


async def test_a_new_plug_and_a_new_strip_are_offered(
    hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
) -> None:
    await add_metering_point(hass, "127.0.75.1")
    await network.start(EmulatedPlug(mac="50:C7:BF:75:00:02", alias="Washer"), host="127.0.75.2")
    await network.start(EmulatedStrip(mac="50:C7:BF:75:00:03", alias="Desk"), host="127.0.75.3")
    clock.tick(QUARTER_HOUR)
    await settle(hass)
    assert offers(hass) == {"50:c7:bf:75:00:02": "Washer", "50:c7:bf:75:00:03": "Desk"}


async def test_without_a_metering_point_nothing_is_searched(
    hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
) -> None:
    entry = await add_metering_point(hass, "127.0.75.1")
    await settle(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    with patch.object(discovery, "search") as search:
        clock.tick(QUARTER_HOUR)
        await settle(hass)
    search.assert_not_called()


async def test_a_plug_without_a_meter_is_not_offered_and_asked_once(
    hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
) -> None:
    await add_metering_point(hass, "127.0.75.1")
    plain = EmulatedPlug(mac="50:C7:BF:75:00:02", kind=HS100)
    await network.start(plain, host="127.0.75.2")
    clock.tick(QUARTER_HOUR)
    await settle(hass)
    plain.received.clear()
    clock.tick(QUARTER_HOUR)
    await settle(hass)
    assert offers(hass) == {}
    assert {received.transport for received in plain.received} == {"udp"}


async def test_a_plug_of_tplink_is_not_offered(
    hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
) -> None:
    tplink = MockConfigEntry(domain="tplink")
    tplink.add_to_hass(hass)
    dr.async_get(hass).async_get_or_create(
        config_entry_id=tplink.entry_id,
        connections={(dr.CONNECTION_NETWORK_MAC, "50:c7:bf:75:00:02")},
    )
    await add_metering_point(hass, "127.0.75.1")
    await network.start(EmulatedPlug(mac="50:C7:BF:75:00:02"), host="127.0.75.2")
    clock.tick(QUARTER_HOUR)
    await settle(hass)
    assert offers(hass) == {}
