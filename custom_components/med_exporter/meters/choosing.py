"""What a user may choose as a meter: what it is called, and what shows its other readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.recorder.statistics import async_list_statistic_ids
from homeassistant.const import ATTR_DEVICE_CLASS, ATTR_FRIENDLY_NAME, UnitOfEnergy
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from ..const import CONF_PLUGS, CONF_RATED_POWER, CONF_ROLE, DOMAIN
from ..engine.outside import LONGEST_NAME, clean
from ..entries.finding import metering_point_entries
from .meter import CONF_ENTITIES, CONF_FORMER, CONF_REGISTRY_ID, CONF_STATISTIC_ID, is_entity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from homeassistant.core import HomeAssistant

    from .dashboard import Proposed

ENERGY_FIELD: Final = "energy_total_kwh"
FIELDS: Final[Mapping[str, tuple[str, str | None]]] = {
    "power_w": ("sensor", "power"),
    "voltage": ("sensor", "voltage"),
    "current": ("sensor", "current"),
    "is_on": ("switch", None),
}
"""Reading fields that another entity may show: its domain and its device class."""


async def async_names(
    hass: HomeAssistant, statistic_ids: Iterable[str] | None = None
) -> dict[str, str]:
    """Return what statistics that count energy are called, by their ids.

    Those of this integration and others that count no energy are missing. Without ids it is all
    that Home Assistant knows.
    """
    wanted = None if statistic_ids is None else set(statistic_ids)
    if wanted is not None and not wanted:
        return {}
    names: dict[str, str] = {}
    for one in await async_list_statistic_ids(hass, wanted):
        statistic_id = one["statistic_id"]
        unit = one.get("statistics_unit_of_measurement")
        if not one.get("has_sum") or unit not in set(UnitOfEnergy) or one["source"] == DOMAIN:
            continue
        state = hass.states.get(statistic_id)
        friendly = None if state is None else state.attributes.get(ATTR_FRIENDLY_NAME)
        called = str(friendly or one.get("name") or "")
        names[statistic_id] = clean(called, LONGEST_NAME) or statistic_id
    return names


def counted_by(
    hass: HomeAssistant, statistic_id: str, except_entry: str | None = None
) -> str | None:
    """Return the title of the metering point that counts a statistic already, if one does."""
    for entry in metering_point_entries(hass):
        if entry.entry_id == except_entry:
            continue
        plugs = entry.data[CONF_PLUGS].values()
        if any(plug.get(CONF_STATISTIC_ID) == statistic_id for plug in plugs):
            return entry.title
    registered = er.async_get(hass).async_get(statistic_id)
    if registered is not None and registered.platform == DOMAIN:
        owner = hass.config_entries.async_get_entry(registered.config_entry_id or "")
        return DOMAIN if owner is None else owner.title
    if registered is not None and (point := _counted_as_plug(hass, registered)) is not None:
        return point
    return "MED Exporter" if statistic_id.startswith(f"{DOMAIN}:") else None


def macs_of_meters(hass: HomeAssistant) -> set[str]:
    """Return the addresses of the devices, and of the strips, whose entities are meters already.

    As plugs have them: twelve hexadecimal digits.
    """
    registry = er.async_get(hass)
    return {
        mac.replace(":", "")
        for entry in metering_point_entries(hass)
        for plug in entry.data[CONF_PLUGS].values()
        if (entity := registry.async_get(plug.get(CONF_STATISTIC_ID) or "")) is not None
        for device in _device_and_strip(hass, entity)
        for mac in _macs(device)
    }


def _device_and_strip(
    hass: HomeAssistant, entity: er.RegistryEntry
) -> list[dr.AnyDeviceEntry | None]:
    """Return what an entity belongs to, and the strip that it is a socket of."""
    devices = dr.async_get(hass)
    device = devices.async_get(entity.device_id or "")
    parent_id = getattr(device, "via_device_id", None) or getattr(device, "parent_device_id", None)
    return [device, devices.async_get(parent_id or "")]


def _macs(device: dr.AnyDeviceEntry | None) -> set[str]:
    # A child of another device has no connections of its own.
    connections = getattr(device, "connections", ())
    return {dr.format_mac(mac) for kind, mac in connections if kind == dr.CONNECTION_NETWORK_MAC}


def _counted_as_plug(hass: HomeAssistant, entity: er.RegistryEntry) -> str | None:
    """Return the metering point that reads the same device by itself, if one does."""
    device, strip = _device_and_strip(hass, entity)
    own, of_strip = _macs(device), _macs(strip)
    ids = () if device is None else tuple(one[1] for one in device.identifiers)
    for entry in metering_point_entries(hass):
        for plug in entry.data[CONF_PLUGS].values():
            mac, child_id = dr.format_mac(plug.get("mac") or ""), plug.get("child_id")
            is_same = mac in own if child_id is None else mac in own | of_strip
            if is_same and (child_id is None or any(one.endswith(child_id) for one in ids)):
                return entry.title
    return None


def proposed_entities(hass: HomeAssistant, statistic_id: str) -> dict[str, str]:
    """Return the entities of the same device that show the other readings, by reading field.

    A device with several of a kind, such as a strip, tells not which of them belongs to the meter:
    one whose id begins like the meter's is taken, otherwise none.
    """
    registry = er.async_get(hass)
    registered = registry.async_get(statistic_id)
    if registered is None or registered.device_id is None:
        return {}
    siblings = _siblings(hass, registry, registered, registered.device_id)
    found: dict[str, str] = {}
    for field, (domain, device_class) in FIELDS.items():
        fitting = [
            one.entity_id
            for one in siblings
            if one.domain == domain
            and one.entity_id != statistic_id
            and (device_class is None or _device_class(hass, one) == device_class)
        ]
        if len(fitting) > 1:
            fitting = _alike(statistic_id, fitting)
        if len(fitting) == 1:
            found[field] = fitting[0]
    return found


def _siblings(
    hass: HomeAssistant, registry: er.EntityRegistry, entity: er.RegistryEntry, device_id: str
) -> list[er.RegistryEntry]:
    """Return what belongs to the same device; a strip may have the switches of its sockets."""
    found = er.async_entries_for_device(registry, device_id)
    device, strip = _device_and_strip(hass, entity)
    if device is None or strip is None:
        return found
    ids = [one[1] for one in device.identifiers]
    of_strip = er.async_entries_for_device(registry, strip.id)
    return found + [one for one in of_strip if any(each.endswith(one.unique_id) for each in ids)]


def _device_class(hass: HomeAssistant, entity: er.RegistryEntry) -> str | None:
    state = hass.states.get(entity.entity_id)
    shown = None if state is None else state.attributes.get(ATTR_DEVICE_CLASS)
    return shown or entity.device_class or entity.original_device_class


def _alike(entity_id: str, others: list[str]) -> list[str]:
    """Return the one whose id has the longest beginning in common with another id."""
    own = entity_id.partition(".")[2]

    def common(other: str) -> int:
        length = 0
        for mine, theirs in zip(own, other.partition(".")[2], strict=False):
            if mine != theirs:
                break
            length += 1
        return length

    longest = max(common(other) for other in others)
    best = [other for other in others if common(other) == longest]
    return best if longest > 0 and len(best) == 1 else []


def new_meter(hass: HomeAssistant, one: Proposed, name: str) -> dict[str, Any]:
    """Return a meter as a config entry holds it; `name` is for one that is given none."""
    registered = er.async_get(hass).async_get(one.statistic_id)
    entities = proposed_entities(hass, one.statistic_id)
    if one.power is not None and is_entity(one.power):
        entities["power_w"] = one.power
    return {
        "name": one.name or name,
        CONF_ROLE: one.role.value,
        CONF_RATED_POWER: None,
        CONF_STATISTIC_ID: one.statistic_id,
        CONF_REGISTRY_ID: None if registered is None else registered.id,
        CONF_FORMER: [],
        CONF_ENTITIES: entities,
    }
