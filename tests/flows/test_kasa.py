"""A metering point is set up, changed and repaired in Home Assistant's own dialogs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_INTEGRATION_DISCOVERY, SOURCE_USER
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from tests.file_exports import add_meter
from tests.metering_points import (
    PDL,
    add_metering_point,
    answer,
    device_of,
    entity_of,
    start_flow,
    start_reconfigure,
)
from tests.plug_emulator import (
    BROADCAST_ADDRESS,
    HS100,
    EmulatedPlug,
    EmulatedStrip,
    PlugNetwork,
)

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

pytestmark = pytest.mark.usefixtures("brief_waits")

FRIDGE = "50c7bf000001"
WASHER = "50c7bf000002"


@pytest.fixture
async def fridge(plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="Fridge", load=100.0)
    await plug_network.start(plug)
    return plug


@pytest.fixture
async def washer(plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:02", alias="Washer", load=500.0)
    await plug_network.start(plug)
    return plug


@pytest.fixture
async def strip(plug_network: PlugNetwork) -> EmulatedStrip:
    strip = EmulatedStrip(mac="50:C7:BF:00:00:03", loads=[10.0])
    await plug_network.start(strip)
    return strip


def suggested(flow: dict[str, Any], field: str) -> Any:
    """Return what a form suggests for a field."""
    (key,) = [key for key in flow["data_schema"].schema if key == field]
    return (key.description or {}).get("suggested_value")


def offered(flow: dict[str, Any]) -> dict[str, str]:
    """Return the hosts that a form offers, with their labels."""
    selector = flow["data_schema"].schema["hosts"]
    return {option["value"]: option["label"] for option in selector.config["options"]}


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


class TestMistakes:
    """Each is named at its field; nothing is created; the form can be sent again."""

    async def refuse(
        self, hass: HomeAssistant, errors: dict[str, str], good: str, **user_input: Any
    ) -> dict[str, Any]:
        before = len(hass.config_entries.async_entries(DOMAIN))
        values = {"name": "House", "pdl": PDL, "hosts": [good], **user_input}
        flow = await answer(hass, await start_flow(hass), values)
        assert flow["type"] is FlowResultType.FORM
        assert (flow["step_id"], flow["errors"]) == ("kasa", errors)
        assert len(hass.config_entries.async_entries(DOMAIN)) == before
        for field, value in values.items():
            # What was typed is shown again, but for the secret.
            assert suggested(flow, field) == (None if field == "password" else value)
        return flow

    @pytest.mark.parametrize(
        "pdl",
        ["", " ", "1234 5678", "häuser", "a/b", "a.b", "a+b", "__", "--", "_-_", "1" * 33, "a\n"],
    )
    async def test_a_pdl_with_forbidden_characters(
        self, hass: HomeAssistant, fridge: EmulatedPlug, pdl: str
    ) -> None:
        await self.refuse(hass, {"pdl": "invalid_pdl"}, fridge.address, pdl=pdl)

    @pytest.mark.parametrize("pdl", ["a", "A--B", "_1_", "1" * 32, "Maison_de-campagne"])
    async def test_a_pdl_that_is_allowed(
        self, hass: HomeAssistant, fridge: EmulatedPlug, pdl: str
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, pdl=pdl)
        assert entry.data["pdl"] == pdl

    @pytest.mark.parametrize("pdl", ["My-House", "my_house", "MY--HOUSE"])
    async def test_a_pdl_that_is_taken_or_gives_the_same_entity_ids(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug, pdl: str
    ) -> None:
        await add_metering_point(hass, washer.address, pdl="My-House")
        await self.refuse(hass, {"pdl": "pdl_taken"}, fridge.address, pdl=pdl)

    @pytest.mark.parametrize("name", ["", "  "])
    async def test_no_name(self, hass: HomeAssistant, fridge: EmulatedPlug, name: str) -> None:
        await self.refuse(hass, {"name": "name_missing"}, fridge.address, name=name)

    @pytest.mark.parametrize(
        "host", ["http://127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "a b", "user@plug", "[::1]"]
    )
    async def test_a_host_that_is_none(
        self, hass: HomeAssistant, fridge: EmulatedPlug, host: str
    ) -> None:
        flow = await self.refuse(
            hass, {"hosts": "invalid_host"}, fridge.address, hosts=[fridge.address, host]
        )
        assert flow["description_placeholders"]["host"] == host

    async def test_no_host_at_all(self, hass: HomeAssistant, fridge: EmulatedPlug) -> None:
        await self.refuse(hass, {"hosts": "hosts_missing"}, fridge.address, hosts=[])

    async def test_an_unreachable_host(
        self, hass: HomeAssistant, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        await washer.cut_off()
        flow = await self.refuse(
            hass, {"hosts": "refused"}, fridge.address, hosts=[fridge.address, washer.address]
        )
        assert flow["description_placeholders"]["host"] == washer.address

    async def test_a_silent_host(self, hass: HomeAssistant, fridge: EmulatedPlug) -> None:
        fridge.silence()
        await self.refuse(hass, {"hosts": "timed_out"}, fridge.address)

    async def test_a_name_that_is_not_known(self, hass: HomeAssistant) -> None:
        await self.refuse(hass, {"hosts": "name_not_resolved"}, "no-such-plug.invalid")

    async def test_a_host_that_is_no_kasa_plug(self, hass: HomeAssistant) -> None:
        async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        async with await asyncio.start_server(close, "127.0.0.1") as server:
            address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            await self.refuse(hass, {"hosts": "not_kasa"}, address)

    async def test_a_plug_that_measures_nothing(
        self, hass: HomeAssistant, plug_network: PlugNetwork
    ) -> None:
        plain = EmulatedPlug(kind=HS100)
        await plug_network.start(plain)
        await self.refuse(hass, {"hosts": "no_energy"}, plain.address)

    async def test_one_plug_under_two_names(self, hass: HomeAssistant) -> None:
        plug = EmulatedPlug()
        async with PlugNetwork() as network:
            await network.start(plug, host="127.0.0.1")
            names = [f"127.0.0.1:{plug.port}", f"localhost:{plug.port}"]
            flow = await self.refuse(hass, {"hosts": "plug_twice"}, names[0], hosts=names)
            told = flow["description_placeholders"]
            assert {told["host"], told["other"]} == set(names)

    async def test_a_plug_of_another_metering_point(
        self, hass: HomeAssistant, fridge: EmulatedPlug
    ) -> None:
        await add_metering_point(hass, fridge.address, pdl="other")
        await self.refuse(hass, {"hosts": "plug_taken"}, fridge.address)

    async def test_a_plug_that_counts_by_what_another_integration_reads(
        self, hass: HomeAssistant, fridge: EmulatedPlug
    ) -> None:
        owner = MockConfigEntry(domain="tplink")
        owner.add_to_hass(hass)
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=owner.entry_id,
            connections={(dr.CONNECTION_NETWORK_MAC, fridge.mac)},
        )
        er.async_get(hass).async_get_or_create(
            "sensor", "tplink", "1", device_id=device.id, suggested_object_id="fridge"
        )
        add_meter(hass, "Fridge", "sensor.fridge")
        await self.refuse(hass, {"hosts": "plug_taken"}, fridge.address)

    @pytest.mark.parametrize(
        ("given", "missing"), [("username", "password"), ("password", "username")]
    )
    async def test_half_of_the_credentials(
        self, hass: HomeAssistant, fridge: EmulatedPlug, given: str, missing: str
    ) -> None:
        await self.refuse(
            hass, {missing: "credentials_incomplete"}, fridge.address, **{given: "something"}
        )

    async def test_several_at_once(self, hass: HomeAssistant, fridge: EmulatedPlug) -> None:
        await self.refuse(
            hass, {"pdl": "invalid_pdl", "hosts": "invalid_host"}, "a b", pdl="__", hosts=["a b"]
        )

    async def test_the_flow_goes_on_once_it_is_mended(
        self, hass: HomeAssistant, fridge: EmulatedPlug
    ) -> None:
        flow = await self.refuse(hass, {"pdl": "invalid_pdl"}, fridge.address, pdl="__")
        flow = await answer(hass, flow, {"name": "House", "pdl": "ok", "hosts": [fridge.address]})
        flow = await answer(hass, flow, {})
        assert flow["type"] is FlowResultType.CREATE_ENTRY


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
        hosts = offered(await start_flow(hass))
        assert hosts["127.0.74.3"] == "Heater (127.0.74.3)"
        assert not {"127.0.74.1", "127.0.74.2"} & set(hosts)

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


async def test_more_plugs_than_anyone_has_are_not_asked(
    hass: HomeAssistant, fridge: EmulatedPlug
) -> None:
    hosts = [fridge.address, *(f"10.0.{n // 250}.{n % 250 + 1}" for n in range(1_000))]
    flow = await start_flow(hass)
    flow = await answer(hass, flow, {"name": "House", "pdl": "house", "hosts": hosts})
    assert flow["errors"] == {"hosts": "too_many_hosts"}
    assert flow["description_placeholders"]["limit"] == "1000"
    assert not fridge.received


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
