"""What tests of file exports share: the rooms set up, devices with states, users."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homeassistant.core import valid_entity_id
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.exports.jobs import DATA_JOBS
from custom_components.med_exporter.meters.devices import async_describe_meters
from custom_components.med_exporter.meters.meter import meter_id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.exports.jobs import JobManager
    from custom_components.med_exporter.history.records import ExportRecord

ENTITY_KEYS = {
    "power_w": ("sensor", "power"),
    "energy_total_kwh": ("sensor", "energy"),
    "voltage": ("sensor", "voltage"),
    "current": ("sensor", "current"),
    "is_on": ("binary_sensor", "relay"),
}


@dataclass
class Plug:
    """A device that can be exported, without a coordinator behind it."""

    hass: HomeAssistant
    device_id: str
    entities: dict[str, str]

    def reads(self, **values: Any) -> None:
        """Set the states of some fields."""
        for name, value in values.items():
            self.hass.states.async_set(self.entities[name], str(value))


async def set_up(hass: HomeAssistant, folder: Path) -> JobManager:
    """Set up the integration with its own folder for configuration; no entry is set up."""
    hass.config.config_dir = str(folder)
    await async_setup_component(hass, "http", {})
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    return hass.data[DATA_JOBS]


def add_plug(hass: HomeAssistant, name: str, address: str, mac: str = "aabbccddee01") -> Plug:
    """Register a plug with its entities, under a metering point of its own."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=name,
        data={
            "type": "kasa",
            "name": name,
            "pdl": f"pdl-{mac}",
            "hosts": {mac: {"host": address}},
            "plugs": {
                mac: {
                    "name": name,
                    "mac": mac,
                    "child_id": None,
                    "role": "consumption",
                    "rated_power": None,
                }
            },
        },
    )
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, mac)}, name=name
    )
    registry = er.async_get(hass)
    entities = {
        field: registry.async_get_or_create(
            platform, DOMAIN, f"{mac}_{key}", config_entry=entry, device_id=device.id
        ).entity_id
        for field, (platform, key) in ENTITY_KEYS.items()
    }
    return Plug(hass, device.id, entities)


def add_meter(hass: HomeAssistant, name: str, statistic_id: str, **entities: str) -> Plug:
    """Add what a metering point of meters describes, without reading any statistics.

    Args:
        hass: Home Assistant.
        name: what users call the meter, and its metering point.
        statistic_id: what tells of it.
        entities: what shows its readings, by field.

    """
    if valid_entity_id(statistic_id):
        entities["energy_total_kwh"] = statistic_id
    meter_id = meter_id_of(hass, statistic_id)
    meter = {
        "name": name, "role": "consumption", "rated_power": None, "statistic_id": statistic_id,
        "registry_id": None, "former": [], "entities": entities,
    }  # fmt: skip
    data = {"type": "meters", "name": name, "pdl": meter_id, "plugs": {meter_id: meter}}
    entry = MockConfigEntry(domain=DOMAIN, title=name, data=data)
    entry.add_to_hass(hass)
    async_describe_meters(hass, entry)
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return Plug(hass, device.id, entities)


KINDS: dict[str, Callable[[HomeAssistant, str], Plug]] = {
    "plug": lambda hass, name: add_plug(hass, name, "192.168.1.101", "aabbccddee02"),
    "meter": lambda hass, name: add_meter(
        hass, name, f"sensor.{name.lower()}", power_w="sensor.p", is_on="switch.s"
    ),
}
"""What adds a device of each kind."""


def add_user(hass: HomeAssistant, *readable: str, is_admin: bool = False) -> MockUser:
    """Add a user who may read these entities, and an administrator all."""
    user = MockUser(is_owner=is_admin).add_to_hass(hass)
    user.mock_policy({"entities": {"entity_ids": {name: {"read": True} for name in readable}}})
    return user


REQUEST = {
    "export_type": "device_data",
    "format": "csv",
    "date_range": "today",
    "fields": ["timestamp", "device_name", "power_w", "energy_kwh"],
}


def path_of(export: ExportRecord | dict[str, Any]) -> Path:
    """Return where an export's file is, from its record or from an action's answer."""
    path = export["path"] if isinstance(export, dict) else export.path
    assert path is not None
    return Path(path)


def request(**changes: Any) -> dict[str, Any]:
    """Return a valid request with some parts changed; None takes a part out."""
    return {name: value for name, value in {**REQUEST, **changes}.items() if value is not None}
