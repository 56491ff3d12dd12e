"""Plugs that answer in the network are proposed, and those that Home Assistant found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_INTEGRATION_DISCOVERY
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from tests.metering_points import add_metering_point, answer, entity_of, start_flow
from tests.plug_emulator import BROADCAST_ADDRESS, EmulatedPlug, PlugNetwork

from .kasa_forms import FRIDGE, WASHER, offered, suggested

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


pytestmark = pytest.mark.usefixtures("brief_waits")


class TestSuggestions:
    """Plugs of the network are offered. They listen at the real port, as a broadcast needs."""

    @pytest.fixture
    async def network(self, broadcast_addresses: list[str]):
        broadcast_addresses.append(BROADCAST_ADDRESS)
        async with PlugNetwork(port=9999) as network:
            for number, alias in ((1, "Fridge"), (2, "Washer"), (3, "Heater")):
                plug = EmulatedPlug(mac=f"50:C7:BF:74:00:0{number}", alias=alias)
                await network.start(plug, host=f"127.0.74.{number}")
            yield network

    async def test_what_nobody_has_set_up_is_offered(
        self, hass: HomeAssistant, network: PlugNetwork
    ) -> None:
        await add_metering_point(hass, "127.0.74.1", pdl="other")
        tplink = MockConfigEntry(domain="tplink")
        tplink.add_to_hass(hass)
        dr.async_get(hass).async_get_or_create(
            config_entry_id=tplink.entry_id,
            connections={(dr.CONNECTION_NETWORK_MAC, "50:c7:bf:74:00:02")},
        )
        flow = await start_flow(hass)
        hosts = offered(flow)
        assert hosts["127.0.74.3"] == "Heater (127.0.74.3)"
        assert not {"127.0.74.1", "127.0.74.2"} & set(hosts)

    async def test_all_that_measure_are_chosen_at_first(
        self, hass: HomeAssistant, network: PlugNetwork
    ) -> None:
        flow = await start_flow(hass)
        assert set(suggested(flow, "hosts")) >= {f"127.0.74.{number}" for number in (1, 2, 3)}

    async def test_what_is_not_offered_can_still_be_added(
        self, hass: HomeAssistant, network: PlugNetwork
    ) -> None:
        tplink = MockConfigEntry(domain="tplink")
        tplink.add_to_hass(hass)
        dr.async_get(hass).async_get_or_create(
            config_entry_id=tplink.entry_id,
            connections={(dr.CONNECTION_NETWORK_MAC, "50:c7:bf:74:00:02")},
        )
        entry = await add_metering_point(hass, "127.0.74.2")
        assert list(entry.data["plugs"]) == ["50c7bf740002"]


class TestDiscovered:
    """A plug that was found joins a metering point, or starts one."""

    async def offer(self, hass: HomeAssistant, plug: EmulatedPlug) -> dict[str, Any]:
        return await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_INTEGRATION_DISCOVERY},
            data={
                "host": plug.address,
                "mac": plug.mac.replace(":", "").lower(),
                "name": plug.alias,
                "model": "HS110",
            },
        )

    async def choose(self, hass: HomeAssistant, flow: dict[str, Any], step: str) -> dict[str, Any]:
        return await answer(hass, flow, {"next_step_id": step})

    async def test_it_joins_a_metering_point(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, roles={"Fridge": "ignored"})
        flow = await self.offer(hass, washer)
        assert flow["type"] is FlowResultType.MENU
        flow = await self.choose(hass, flow, "kasa_join")
        flow = await answer(hass, flow, {"metering_point": entry.entry_id})
        flow = await answer(hass, flow, {"Washer": "production", "Washer (W)": 600})
        assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "plug_added")
        await hass.async_block_till_done()
        plugs = entry.data["plugs"]
        assert (plugs[FRIDGE]["role"], plugs[WASHER]["role"]) == ("ignored", "production")
        assert hass.states.get(entity_of(hass, WASHER, "power")).state == "500.0"

    async def test_it_starts_a_metering_point(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        await add_metering_point(hass, fridge.address)
        flow = await self.choose(hass, await self.offer(hass, washer), "kasa")
        assert suggested(flow, "hosts") == [washer.address]
        flow = await answer(
            hass, flow, {"name": "Cellar", "pdl": "cellar", "hosts": [washer.address]}
        )
        flow = await answer(hass, flow, {})
        assert flow["type"] is FlowResultType.CREATE_ENTRY
        assert flow["result"].unique_id == "cellar"

    async def test_it_has_gone_meanwhile(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        flow = await self.choose(hass, await self.offer(hass, washer), "kasa_join")
        await washer.cut_off()
        flow = await answer(hass, flow, {"metering_point": entry.entry_id})
        assert flow["errors"] == {"base": "refused"}

    async def test_the_metering_point_has_gone_meanwhile(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        flow = await self.choose(hass, await self.offer(hass, washer), "kasa_join")
        await hass.config_entries.async_remove(entry.entry_id)
        flow = await answer(hass, flow, {"metering_point": entry.entry_id})
        assert flow["errors"] == {"metering_point": "field_missing"}

    async def test_it_is_offered_once(self, hass: HomeAssistant, washer: EmulatedPlug) -> None:
        await self.offer(hass, washer)
        again = await self.offer(hass, washer)
        assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_in_progress")

    async def test_the_offer_ends_when_the_plug_is_added_otherwise(
        self, hass: HomeAssistant, washer: EmulatedPlug
    ) -> None:
        await self.offer(hass, washer)
        await add_metering_point(hass, washer.address)
        assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []

    async def test_an_ignored_one_is_not_offered_again_and_harms_nothing(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        offer = await self.offer(hass, washer)
        unique_id = next(
            flow["context"]["unique_id"]
            for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
            if flow["flow_id"] == offer["flow_id"]
        )
        await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_IGNORE},
            data={"unique_id": unique_id, "title": "Washer"},
        )
        again = await self.offer(hass, washer)
        assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")
        (ignored,) = (
            entry
            for entry in hass.config_entries.async_entries(DOMAIN)
            if entry.source == SOURCE_IGNORE
        )
        assert not ignored.supports_options
        entry = await add_metering_point(hass, fridge.address, washer.address)
        assert list(entry.data["plugs"]) == [FRIDGE, WASHER]
