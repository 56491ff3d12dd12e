"""New energy plugs are offered; what measures nothing, or is set up elsewhere, never is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_DHCP, SOURCE_INTEGRATION_DISCOVERY
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.metering import discovery
from tests.metering_points import add_metering_point, entity_of, poll, settle
from tests.plug_emulator import BROADCAST_ADDRESS, HS100, EmulatedPlug, EmulatedStrip, PlugNetwork
from tests.plug_emulator.smart import L530, P100, P110, P210M, EmulatedSmartPlug, SmartKind

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
        and flow["context"]["unique_id"][9:11] == "75"
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


async def test_a_start_is_over_before_anything_is_searched(
    hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
) -> None:
    with patch.object(discovery, "async_search", return_value={}) as search:
        await add_metering_point(hass, "127.0.75.1")
        clock.tick(50)
        await settle(hass)
        search.assert_not_called()
        clock.tick(20)
        await settle(hass)
        search.assert_called_once()


async def test_without_a_metering_point_nothing_is_searched(
    hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
) -> None:
    entry = await add_metering_point(hass, "127.0.75.1")
    await settle(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    with patch.object(discovery, "async_search") as search:
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


class TestNewerPlugs:
    """They tell whether they measure only after a login; a known one is tried."""

    MAC = "5C:62:8B:75:00:0"

    def plug(self, number: int, **options: Any) -> EmulatedSmartPlug:
        return EmulatedSmartPlug(
            host=f"127.0.75.2{number}", mac=f"{self.MAC}{number}", found_by_udp=True, **options
        )

    async def test_the_device_is_asked_with_the_login_of_another(
        self, hass: HomeAssistant, clock: HouseClock, broadcast_addresses: list[str]
    ) -> None:
        broadcast_addresses.append(BROADCAST_ADDRESS)
        unheard_of = SmartKind(model="X900", components=P100.components)
        # Its name says that it measures nothing.
        another = SmartKind(model=P100.model, components=P110.components)
        async with (
            self.plug(1) as known,
            self.plug(2, kind=P110, alias="Heater"),
            self.plug(3, kind=unheard_of, alias="Plain"),
            self.plug(4, kind=L530, alias="Bulb"),
            self.plug(5, kind=P100, alias="Lamp"),
            self.plug(6, kind=another, alias="Kettle"),
        ):
            await add_metering_point(hass, known.host, username="me@example.com", password="secret")
            clock.tick(QUARTER_HOUR)
            await settle(hass)
            assert offers(hass) == {"5c:62:8b:75:00:02": "Heater", "5c:62:8b:75:00:06": "Kettle"}

    async def test_without_a_login_only_what_is_known_not_to_measure_is_left_out(
        self, hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
    ) -> None:
        await add_metering_point(hass, "127.0.75.1")
        async with self.plug(1, kind=P210M), self.plug(2, kind=P100), self.plug(3, kind=L530):
            clock.tick(QUARTER_HOUR)
            await settle(hass)
            assert offers(hass) == {"5c:62:8b:75:00:01": "P210M"}

    async def test_the_login_is_not_sent_to_whoever_does_not_know_it(
        self, hass: HomeAssistant, clock: HouseClock, broadcast_addresses: list[str]
    ) -> None:
        broadcast_addresses.append(BROADCAST_ADDRESS)
        async with self.plug(1) as known, self.plug(2, password="another") as stranger:
            await add_metering_point(hass, known.host, username="me@example.com", password="secret")
            clock.tick(QUARTER_HOUR)
            await settle(hass)
            assert list(offers(hass)) == ["5c:62:8b:75:00:02"]
            assert stranger.proofs == 0


class TestWithdrawal:
    async def test_an_offer_ends_when_tplink_takes_the_plug(
        self, hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
    ) -> None:
        await add_metering_point(hass, "127.0.75.1")
        for number in (2, 3):
            await network.start(
                EmulatedPlug(mac=f"50:C7:BF:75:00:0{number}"), host=f"127.0.75.{number}"
            )
        clock.tick(QUARTER_HOUR)
        await settle(hass)
        assert len(offers(hass)) == 2
        tplink = MockConfigEntry(
            domain="tplink", unique_id="50:c7:bf:75:00:02", data={"host": "127.0.75.2"}
        )
        await hass.config_entries.async_add(tplink)
        await settle(hass)
        assert list(offers(hass)) == ["50:c7:bf:75:00:03"]

    async def test_what_tplink_only_ignores_is_offered(
        self, hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
    ) -> None:
        MockConfigEntry(
            domain="tplink", unique_id="50:c7:bf:75:00:02", source="ignore"
        ).add_to_hass(hass)
        await add_metering_point(hass, "127.0.75.1")
        await network.start(EmulatedPlug(mac="50:C7:BF:75:00:02"), host="127.0.75.2")
        clock.tick(QUARTER_HOUR)
        await settle(hass)
        assert list(offers(hass)) == ["50:c7:bf:75:00:02"]


class TestAddresses:
    """A plug that joins the network is offered before anything is set up."""

    async def join(self, hass: HomeAssistant, mac: str, address: str) -> dict[str, Any]:
        return await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_DHCP},
            data=DhcpServiceInfo(
                ip=address, hostname="hs110", macaddress=mac.replace(":", "").lower()
            ),
        )

    async def test_a_newcomer_is_offered_a_plug(
        self, hass: HomeAssistant, network: PlugNetwork
    ) -> None:
        flow = await self.join(hass, "50:C7:BF:75:00:01", "127.0.75.1")
        assert (flow["type"], flow["step_id"]) == (FlowResultType.MENU, "plug_found")
        assert flow["menu_options"] == ["kasa"]
        assert flow["description_placeholders"]["name"] == "Fridge"

    async def test_what_measures_nothing_is_not_offered(
        self, hass: HomeAssistant, network: PlugNetwork
    ) -> None:
        plain = EmulatedPlug(mac="50:C7:BF:75:00:02", kind=HS100)
        await network.start(plain, host="127.0.75.2")
        flow = await self.join(hass, plain.mac, "127.0.75.2")
        assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "no_energy_plug")

    async def test_a_plug_of_tplink_is_not_offered(
        self, hass: HomeAssistant, network: PlugNetwork
    ) -> None:
        MockConfigEntry(domain="tplink", unique_id="50:c7:bf:75:00:01").add_to_hass(hass)
        flow = await self.join(hass, "50:C7:BF:75:00:01", "127.0.75.1")
        assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "already_configured")

    async def test_a_plug_that_is_set_up_is_followed_to_its_new_address(
        self, hass: HomeAssistant, network: PlugNetwork, broadcast_addresses: list[str]
    ) -> None:
        entry = await add_metering_point(hass, "127.0.75.1")
        broadcast_addresses.clear()
        (plug,) = network.devices
        await network.move(plug, host="127.0.75.9")
        await poll(hass, entry)
        await settle(hass)
        flow = await self.join(hass, plug.mac, "127.0.75.9")
        assert flow["reason"] == "already_configured"
        assert entry.data["hosts"]["50c7bf750001"]["host"] == "127.0.75.9"
        await poll(hass, entry)
        assert hass.states.get(entity_of(hass, "50c7bf750001", "power")).state == "0.0"


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
