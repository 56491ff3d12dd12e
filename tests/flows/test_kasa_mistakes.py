"""What a person enters wrongly about Kasa plugs is told at its field."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from tests.file_exports import add_meter
from tests.metering_points import PDL, add_metering_point, answer, start_flow
from tests.plug_emulator import HS100, EmulatedPlug, PlugNetwork

from .kasa_forms import suggested

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


pytestmark = pytest.mark.usefixtures("brief_waits")


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


async def test_more_plugs_than_anyone_has_are_not_asked(
    hass: HomeAssistant, fridge: EmulatedPlug
) -> None:
    hosts = [fridge.address, *(f"10.0.{n // 250}.{n % 250 + 1}" for n in range(1_000))]
    flow = await start_flow(hass)
    flow = await answer(hass, flow, {"name": "House", "pdl": "house", "hosts": hosts})
    assert flow["errors"] == {"hosts": "too_many_hosts"}
    assert flow["description_placeholders"]["limit"] == "1000"
    assert not fridge.received
