"""A metering point of Kasa plugs is set up and changed in Home Assistant's own dialogs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_USER
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from tests.metering_points import (
    PDL,
    add_metering_point,
    answer,
    device_of,
    entity_of,
    start_flow,
    start_reconfigure,
)
from tests.plug_emulator import EmulatedPlug, EmulatedStrip, PlugNetwork

from .kasa_forms import FRIDGE, WASHER, suggested

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


pytestmark = pytest.mark.usefixtures("brief_waits")


class TestSetUp:
    async def test_it_starts_with_a_menu(self, hass: HomeAssistant) -> None:
        menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        assert menu["type"] is FlowResultType.MENU
        assert "kasa" in menu["menu_options"]

    async def test_two_plugs_and_a_strip(
        self,
        hass: HomeAssistant,
        fridge: EmulatedPlug,
        washer: EmulatedPlug,
        strip: EmulatedStrip,
    ) -> None:
        entry = await add_metering_point(
            hass,
            fridge.address,
            washer.address,
            strip.address,
            roles={"Washer": "ignored", "Plug 1": "production"},
            rated_power={"Fridge": 150},
        )
        assert entry.title == "House"
        assert entry.unique_id == PDL
        assert entry.data["pdl"] == PDL
        hosts = entry.data["hosts"]
        assert {mac: host["host"] for mac, host in hosts.items()} == {
            FRIDGE: fridge.address,
            WASHER: washer.address,
            "50c7bf000003": strip.address,
        }
        plugs = entry.data["plugs"]
        assert len(plugs) == 8
        assert (plugs[FRIDGE]["role"], plugs[FRIDGE]["rated_power"]) == ("consumption", 150)
        assert (plugs[WASHER]["role"], plugs[WASHER]["rated_power"]) == ("ignored", None)
        assert plugs["50c7bf000003_00"]["role"] == "production"

    async def test_one_form_asks_about_all_plugs(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        hosts = [fridge.address, washer.address]
        flow = await answer(
            hass, await start_flow(hass), {"name": "House", "pdl": PDL, "hosts": hosts}
        )
        assert flow["step_id"] == "kasa_plugs"
        fields = [str(field) for field in flow["data_schema"].schema]
        assert fields == ["Fridge", "Fridge (W)", "Washer", "Washer (W)"]
        flow = await answer(hass, flow, {})
        assert flow["type"] is FlowResultType.CREATE_ENTRY
        assert {plug["role"] for plug in flow["data"]["plugs"].values()} == {"consumption"}

    async def test_plugs_of_one_name_are_told_apart(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        washer.alias = "Fridge"
        hosts = [fridge.address, washer.address]
        flow = await answer(
            hass, await start_flow(hass), {"name": "House", "pdl": PDL, "hosts": hosts}
        )
        roles = {f"Fridge ({washer.address})": "ignored"}
        entry = (await answer(hass, flow, roles))["result"]
        assert entry.data["plugs"][FRIDGE]["role"] == "consumption"
        assert entry.data["plugs"][WASHER]["role"] == "ignored"

    async def test_the_same_host_twice_counts_once(
        self, hass: HomeAssistant, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, f" {fridge.address}")
        assert list(entry.data["plugs"]) == [FRIDGE]

    async def test_the_usual_port_is_left_out(self, hass: HomeAssistant) -> None:
        async with PlugNetwork(port=9999) as network:
            await network.start(EmulatedPlug(mac="50:C7:BF:73:00:01"), host="127.0.73.1")
            entry = await add_metering_point(hass, "127.0.73.1:9999")
            assert entry.data["hosts"]["50c7bf730001"]["host"] == "127.0.73.1"


class TestReconfigure:
    async def change(self, hass: HomeAssistant, entry: Any, *hosts: str, **roles: str) -> None:
        flow = await start_reconfigure(hass, entry)
        assert flow["step_id"] == "kasa_reconfigure"
        flow = await answer(hass, flow, {"name": "Home", "hosts": list(hosts)})
        if flow["type"] is FlowResultType.FORM:
            assert flow["step_id"] == "kasa_plugs", flow["errors"]
            flow = await answer(hass, flow, roles)
        assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
        await hass.async_block_till_done()

    async def test_a_plug_is_added_and_a_role_changed(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, roles={"Fridge": "ignored"})
        await self.change(hass, entry, fridge.address, washer.address, Washer="production")
        assert entry.title == "Home"
        assert entry.data["plugs"][FRIDGE]["role"] == "ignored"
        assert entry.data["plugs"][WASHER]["role"] == "production"
        assert hass.states.get(entity_of(hass, WASHER, "power")).state == "500.0"

    async def test_the_entities_of_a_plug_that_was_taken_out_go_away(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, washer.address)
        gone = entity_of(hass, WASHER, "power")
        await self.change(hass, entry, fridge.address)
        assert hass.states.get(gone) is None
        assert er.async_get(hass).async_get(gone) is None
        assert device_of(hass, entry, WASHER) is None
        assert device_of(hass, entry, FRIDGE) is not None

    async def test_what_another_integration_has_of_a_plug_that_was_taken_out_stays(
        self,
        hass: HomeAssistant,
        fridge: EmulatedPlug,
        washer: EmulatedPlug,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        registry = dr.async_get(hass)
        tplink = MockConfigEntry(domain="tplink", unique_id=dr.format_mac(WASHER))
        tplink.add_to_hass(hass)
        registry.async_get_or_create(
            config_entry_id=tplink.entry_id,
            connections={(dr.CONNECTION_NETWORK_MAC, dr.format_mac(WASHER))},
        )
        entry = await add_metering_point(hass, fridge.address, washer.address)
        await self.change(hass, entry, fridge.address)
        assert len(dr.async_entries_for_config_entry(registry, tplink.entry_id)) == 1
        assert len(dr.async_entries_for_config_entry(registry, entry.entry_id)) == 2
        # What Home Assistant has announced to take away.
        assert "will stop working" not in caplog.text

    async def test_a_plug_that_is_off_meanwhile_stays(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        before = dict(entry.data["hosts"][FRIDGE])
        await fridge.cut_off()
        await self.change(hass, entry, fridge.address, washer.address)
        assert list(entry.data["plugs"]) == [FRIDGE, WASHER]
        assert entry.data["hosts"][FRIDGE] == before

    async def test_a_new_host_must_answer(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        await washer.cut_off()
        flow = await start_reconfigure(hass, entry)
        flow = await answer(
            hass, flow, {"name": "House", "hosts": [fridge.address, washer.address]}
        )
        assert flow["errors"] == {"hosts": "refused"}
        assert list(entry.data["plugs"]) == [FRIDGE]

    async def test_what_is_set_is_suggested(
        self, hass: HomeAssistant, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, rated_power={"Fridge": 150})
        flow = await start_reconfigure(hass, entry)
        assert suggested(flow, "name") == "House"
        assert suggested(flow, "hosts") == [fridge.address]

    async def test_only_new_plugs_are_asked_about_unless_all_are_wanted(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(
            hass, fridge.address, roles={"Fridge": "ignored"}, rated_power={"Fridge": 150}
        )
        hosts = [fridge.address, washer.address]
        flow = await start_reconfigure(hass, entry)
        flow = await answer(hass, flow, {"name": "House", "hosts": hosts})
        assert [str(field) for field in flow["data_schema"].schema] == [
            "Washer",
            "Washer (W)",
            "count_past",
        ]
        await answer(hass, flow, {})
        flow = await start_reconfigure(hass, entry)
        flow = await answer(hass, flow, {"name": "House", "hosts": hosts, "all_roles": True})
        assert (suggested(flow, "Fridge"), suggested(flow, "Fridge (W)")) == ("ignored", 150)
        await answer(hass, flow, {"Fridge": "production", "Washer": "consumption"})
        assert entry.data["plugs"][FRIDGE]["role"] == "production"
        assert entry.data["plugs"][FRIDGE]["rated_power"] is None
        await hass.async_block_till_done()
