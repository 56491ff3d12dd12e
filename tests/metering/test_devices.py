"""A device is named in a request by any of the names a user knows it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_IGNORE
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN, EntryType, PlugRole
from custom_components.med_exporter.entries.finding import entries_of_type
from custom_components.med_exporter.metering.devices import (
    AmbiguousDeviceError,
    ExportDevice,
    UnknownDeviceError,
    export_devices,
    select_devices,
)
from tests.metering_points import add_metering_point
from tests.plug_emulator import EmulatedPlug, EmulatedStrip, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

pytestmark = pytest.mark.usefixtures("brief_waits")


def device(device_id: str, **about: Any) -> ExportDevice:
    return ExportDevice(
        **{
            "device_id": device_id,
            "name": device_id,
            "device_type": "plug",
            "mac": "50c7bf000000",
            "address": "192.168.1.1",
            "pdl": "house",
            "role": PlugRole.CONSUMPTION,
            "rated_power": None,
            "entities": {},
            **about,
        }
    )


FRIDGE = device("id-1", name="Fridge", mac="50c7bf000001", address="192.168.1.10")
FORWARDED = device("id-2", name="Barn", mac="50c7bf000002", address="203.0.113.5:9001", pdl="barn")
FORWARDED_TOO = device(
    "id-3", name="Stable", mac="50c7bf000003", address="203.0.113.5:9002", pdl="barn"
)
LAMP = device(
    "id-4", name="Lamp", mac="50c7bf000004", address="192.168.1.20", device_type="strip_socket"
)
OTHER_LAMP = device(
    "id-5", name="lamp", mac="50c7bf000004", address="192.168.1.20", device_type="strip_socket"
)
ALL = [FRIDGE, FORWARDED, FORWARDED_TOO, LAMP, OTHER_LAMP]


class TestSelection:
    def test_all(self) -> None:
        assert select_devices(ALL, "all") == ALL

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("id-1", [FRIDGE]),
            ("50:C7:BF:00:00:01", [FRIDGE]),
            ("50-c7-bf-00-00-01", [FRIDGE]),
            ("50c7.bf00.0001", [FRIDGE]),
            ("192.168.1.10", [FRIDGE]),
            ("192.168.1.10:9999", [FRIDGE]),
            ("203.0.113.5:9002", [FORWARDED_TOO]),
            ("Fridge", [FRIDGE]),
            ("  fridge ", [FRIDGE]),
            ("house", [FRIDGE, LAMP, OTHER_LAMP]),
            ("barn", [FORWARDED, FORWARDED_TOO]),
            ("192.168.1.20", [LAMP, OTHER_LAMP]),
            ("50:C7:BF:00:00:04", [LAMP, OTHER_LAMP]),
        ],
    )
    def test_by_any_name(self, name: str, expected: list[ExportDevice]) -> None:
        assert select_devices(ALL, [name]) == expected

    def test_each_once_in_the_order_asked_for(self) -> None:
        chosen = select_devices(ALL, ["192.168.1.20", "Fridge", "id-4", "house"])
        assert chosen == [LAMP, OTHER_LAMP, FRIDGE]

    @pytest.mark.parametrize(
        ("name", "ids"), [("Lamp", ["id-4", "id-5"]), ("203.0.113.5", ["id-2", "id-3"])]
    )
    def test_an_ambiguous_name_lists_the_ids(self, name: str, ids: list[str]) -> None:
        with pytest.raises(AmbiguousDeviceError) as error:
            select_devices(ALL, ["Fridge", name])
        assert (error.value.name, error.value.ids) == (name, ids)

    @pytest.mark.parametrize(
        "name", ["", " ", ":", "nobody", "192.168.1.99", "192.168.1.10:80", "HOUSE", "id"]
    )
    def test_an_unknown_name(self, name: str) -> None:
        with pytest.raises(UnknownDeviceError) as error:
            select_devices(ALL, ["Fridge", name])
        assert error.value.name == name

    def test_no_names_are_no_devices(self) -> None:
        assert select_devices(ALL, []) == []


class TestRegistry:
    @pytest.fixture
    async def hass(self, hass_with_recorder: HomeAssistant, plug_network: PlugNetwork):
        plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="washer")
        strip = EmulatedStrip(mac="50:C7:BF:00:00:02", socket_aliases=["Lamp", "lamp"])
        for one in (plug, strip):
            await plug_network.start(one)
        await add_metering_point(
            hass_with_recorder,
            plug.address,
            strip.address,
            pdl="House-1",
            roles={"Lamp": "production"},
            rated_power={"washer": 2200},
        )
        return hass_with_recorder

    async def test_plugs_and_sockets_are_described_by_name(self, hass: HomeAssistant) -> None:
        devices = export_devices(hass)
        assert [d.name.casefold() for d in devices] == [
            "lamp",
            "lamp",
            *(f"plug {number}" for number in range(3, 7)),
            "washer",
        ]
        washer = devices[-1]
        assert (washer.device_type, washer.mac, washer.pdl) == ("plug", "50c7bf000001", "House-1")
        assert (washer.role, washer.rated_power) == (PlugRole.CONSUMPTION, 2200)
        assert dr.async_get(hass).async_get(washer.device_id).name == "washer"
        (entry,) = entries_of_type(hass, EntryType.KASA)
        assert entry.data["plugs"][washer.plug_id]["mac"] == washer.mac
        assert washer.entities == {
            "power_w": "sensor.washer_power",
            "energy_total_kwh": "sensor.washer_energy",
            "voltage": "sensor.washer_voltage",
            "current": "sensor.washer_current",
            "is_on": "binary_sensor.washer_relay",
        }
        assert {d.device_type for d in devices[:-1]} == {"strip_socket"}
        assert {d.role for d in devices if d.name == "Lamp"} == {PlugRole.PRODUCTION}

    async def test_renaming_is_followed(self, hass: HomeAssistant) -> None:
        washer = export_devices(hass)[-1]
        dr.async_get(hass).async_update_device(washer.device_id, name_by_user="Zebra")
        er.async_get(hass).async_update_entity("sensor.washer_power", new_entity_id="sensor.zebra")
        renamed = export_devices(hass)[-1]
        assert (renamed.name, renamed.entities["power_w"]) == ("Zebra", "sensor.zebra")

    async def test_those_of_an_unloaded_entry_are_listed_too(self, hass: HomeAssistant) -> None:
        (entry,) = entries_of_type(hass, EntryType.KASA)
        await hass.config_entries.async_unload(entry.entry_id)
        assert len(export_devices(hass)) == 7

    async def test_an_ignored_discovery_is_none(self, hass: HomeAssistant) -> None:
        MockConfigEntry(domain=DOMAIN, source=SOURCE_IGNORE, unique_id="50:c7").add_to_hass(hass)
        assert len(export_devices(hass)) == 7
