"""The devices that meters are in this integration, beside those that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo

from ..const import DOMAIN
from .meter import meters_of

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from .meter import Meter


def meter_device_info(hass: HomeAssistant, meter: Meter) -> DeviceInfo:
    """Describe a meter to the device registry, as what measures it is described."""
    devices = dr.async_get(hass)
    registered = er.async_get(hass).async_get(meter.statistic_id)
    measuring = devices.async_get((registered and registered.device_id) or "")
    info = DeviceInfo(
        identifiers={(DOMAIN, meter.meter_id)},
        entry_type=DeviceEntryType.SERVICE,
        name=meter.name,
    )
    if isinstance(measuring, dr.DeviceEntry):
        info["manufacturer"] = measuring.manufacturer
        info["model"] = measuring.model
        info["sw_version"] = measuring.sw_version
    return info


@callback
def async_describe_meters(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Make a device of each meter, by which files name it, and remove those of meters that left."""
    registry = dr.async_get(hass)
    meters = meters_of(entry)
    for meter in meters.values():
        registry.async_get_or_create(
            config_entry_id=entry.entry_id, **meter_device_info(hass, meter)
        )
    known = {(DOMAIN, key) for key in (entry.entry_id, *meters)}
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        if not device.identifiers & known:
            registry.async_remove_device(device.id)
