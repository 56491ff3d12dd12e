"""What can be exported: each device with readings, and the entities that hold them.

This is data. Nothing here knows how a reading comes about, so any device of Home Assistant can
be described the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from ..const import CONF_HOSTS, CONF_PDL, CONF_PLUGS, CONF_RATED_POWER, CONF_ROLE, DOMAIN, PlugRole
from ..engine.former_entities import FormerEntities
from ..engine.lazy_dataclass import dataclass
from ..engine.outside import LONGEST_NAME, clean
from ..entries.finding import metering_point_entries
from .left_states import async_note_left_states, left_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

# Reading field → platform and key of the entity that holds it.
FIELD_ENTITIES: Final[Mapping[str, tuple[str, str]]] = {
    "power_w": ("sensor", "power"),
    "energy_total_kwh": ("sensor", "energy"),
    "voltage": ("sensor", "voltage"),
    "current": ("sensor", "current"),
    "is_on": ("binary_sensor", "relay"),
}


class UnknownDeviceError(Exception):
    """No device goes by this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class AmbiguousDeviceError(Exception):
    """Several devices go by this name; `ids` lists them."""

    def __init__(self, name: str, ids: list[str]) -> None:
        super().__init__(name)
        self.name = name
        self.ids = ids


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportDevice:
    """A device with readings.

    `device_id` is Home Assistant's, `address` is `host`, or `host:port` where the port is not
    the usual one, `rated_power` is in W, `entities` maps a reading field to an entity id,
    `plug_id` is how the ledger knows it, None when it does not, `model` and `firmware` are what it
    says of itself, `statistic_ids` the statistics that tell of it, the present one first,
    `former` what stood in its place before, the oldest first, `left` where states of its own
    entities stand under former ids. `mac` and `address` are empty for
    what has none.
    """

    device_id: str
    name: str
    device_type: Literal["plug", "strip_socket", "meter"]
    mac: str
    address: str
    pdl: str
    role: PlugRole
    rated_power: float | None
    entities: Mapping[str, str]
    plug_id: str | None = None
    statistic_ids: tuple[str, ...] = ()
    former: tuple[FormerEntities, ...] = ()
    left: tuple[FormerEntities, ...] = ()
    model: str | None = None
    firmware: str | None = None


def export_devices(hass: HomeAssistant) -> list[ExportDevice]:
    """Return all devices with readings, by name; also those that are not answering now."""
    entities = er.async_get(hass)
    devices = dr.async_get(hass)
    found = [
        device
        for entry in metering_point_entries(hass)
        for device in _of_entry(entry, devices, entities)
    ]
    return sorted(found, key=lambda device: (device.name.casefold(), device.device_id))


@callback
def async_follow_states(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remember where states of a metering point's devices stay whose entities are renamed."""
    registry = er.async_get(hass)

    def entities_of(plug_id: str) -> Mapping[str, str]:
        return _entities(plug_id, entry.data[CONF_PLUGS][plug_id], registry)

    async_note_left_states(hass, entry, entities_of)


def select_devices(
    devices: Iterable[ExportDevice], names: Iterable[str] | Literal["all"]
) -> list[ExportDevice]:
    """Return the devices that go by the names, each once, in the order asked for.

    A name is a device id, entity id, statistic id, MAC, IP, `host:port`, name or pdl. A strip's
    address or MAC stands for all its sockets, a pdl for all plugs of its metering point.

    Raises UnknownDeviceError and AmbiguousDeviceError.
    """
    devices = list(devices)
    if names == "all":
        return devices
    chosen: dict[str, ExportDevice] = {}
    for name in names:
        chosen.update((device.device_id, device) for device in _named(devices, name))
    return list(chosen.values())


def _type_of(plug: Mapping[str, Any]) -> Literal["plug", "strip_socket", "meter"]:
    """Return what a device is; one without a hardware address is what Home Assistant measures."""
    if "mac" not in plug:
        return "meter"
    return "strip_socket" if plug.get("child_id") else "plug"


def _of_entry(
    entry: ConfigEntry, devices: dr.DeviceRegistry, entities: er.EntityRegistry
) -> Iterable[ExportDevice]:
    """Describe what counts in a metering point, by its entry's `plugs`.

    Each may name its `entities` by reading field; without, they are this integration's own.
    """
    by_plug = {
        key: device
        for device in dr.async_entries_for_config_entry(devices, entry.entry_id)
        for domain, key in device.identifiers
        if domain == DOMAIN
    }
    hosts = entry.data.get(CONF_HOSTS, {})
    for plug_id, plug in entry.data[CONF_PLUGS].items():
        if (device := by_plug.get(plug_id)) is None:
            continue
        yield ExportDevice(
            device_id=device.id,
            name=clean(device.name_by_user or device.name or plug["name"], LONGEST_NAME),
            device_type=_type_of(plug),
            mac=(mac := plug.get("mac", "")),
            address=hosts[mac]["host"] if mac in hosts else "",
            pdl=entry.data[CONF_PDL],
            role=PlugRole(plug[CONF_ROLE]),
            rated_power=plug.get(CONF_RATED_POWER),
            plug_id=plug_id,
            statistic_ids=_statistic_ids(plug),
            former=_former(plug),
            left=left_states(plug),
            model=device.model and clean(device.model, LONGEST_NAME),
            firmware=device.sw_version and clean(device.sw_version, LONGEST_NAME),
            entities=_entities(plug_id, plug, entities),
        )


def _entities(
    plug_id: str, plug: Mapping[str, Any], entities: er.EntityRegistry
) -> Mapping[str, str]:
    """Return the entities of a plug or meter, by reading field."""
    told: Mapping[str, str] | None = plug.get("entities")
    return told or {
        field: entity_id
        for field, (platform, key) in FIELD_ENTITIES.items()
        if (entity_id := entities.async_get_entity_id(platform, DOMAIN, f"{plug_id}_{key}"))
    }


def _statistic_ids(plug: Mapping[str, Any]) -> tuple[str, ...]:
    if "statistic_id" not in plug:
        return ()
    former = [one["statistic_id"] for one in plug.get("former", ())]
    return tuple(dict.fromkeys([plug["statistic_id"], *former]))


def _former(plug: Mapping[str, Any]) -> tuple[FormerEntities, ...]:
    return tuple(
        FormerEntities(
            until=one["until"],
            entities={**one.get("entities", {}), "energy_total_kwh": one["statistic_id"]},
        )
        for one in plug.get("former", ())
    )


def _named(devices: list[ExportDevice], name: str) -> list[ExportDevice]:
    """Return what one name stands for, trying the more exact kinds of names first."""
    mac = "".join(c for c in name.lower() if c not in ":-. ")
    address = name.strip().lower().removesuffix(":9999")
    groups = (
        [d for d in devices if d.device_id == name],
        [d for d in devices if name in (*d.statistic_ids, *d.entities.values())],
        [d for d in devices if mac and d.mac == mac],
        [d for d in devices if address and d.address.lower() == address],
        [d for d in devices if d.pdl == name],
    )
    if found := next(filter(None, groups), None):
        return found
    # Several plugs may share a host on ports of their own, and several may share a name.
    on_host = [d for d in devices if address and d.address.lower().partition(":")[0] == address]
    called = [d for d in devices if d.name.casefold() == name.strip().casefold()]
    if len({d.mac for d in on_host}) > 1 or len(called) > 1:
        raise AmbiguousDeviceError(name, [d.device_id for d in on_host or called])
    if found := on_host or called:
        return found
    raise UnknownDeviceError(name)
