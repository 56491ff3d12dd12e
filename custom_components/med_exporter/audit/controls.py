"""Actions of users on plugs, whichever integration owns the entity they use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import (
    ATTR_DOMAIN,
    ATTR_SERVICE,
    ATTR_SERVICE_DATA,
    EVENT_CALL_SERVICE,
    Platform,
)
from homeassistant.core import DOMAIN as HA_DOMAIN
from homeassistant.core import callback, split_entity_id
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..metering.devices import export_devices
from .events import EventType
from .targets import referenced

if TYPE_CHECKING:
    from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant

    from .log import AuditLog

# Looking at a device is no control of it.
_HARMLESS: Final = frozenset({("homeassistant", "update_entity")})
_READ_ONLY: Final = frozenset({Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR})
# Their actions are for entities of the domain alone, whatever else a target holds.
_ENTITY_DOMAINS: Final = frozenset(Platform)


@callback
def async_watch_controls(hass: HomeAssistant, log: AuditLog) -> CALLBACK_TYPE:
    """Record each action by a user on a plug or on what switches a meter; return what ends this."""

    async def record(event: Event[Any], user_id: str, devices: list[str]) -> None:
        user = await hass.auth.async_get_user(user_id)
        action = f"{event.data[ATTR_DOMAIN]}.{event.data[ATTR_SERVICE]}"
        for name in devices:
            log.record(
                EventType.DEVICE_CONTROLLED,
                user=user,
                subject=name,
                details={"action": action},
                time=event.time_fired,
            )

    @callback
    def on_call(event: Event[Any]) -> None:
        user_id = event.context.user_id
        domain, service = event.data[ATTR_DOMAIN], event.data[ATTR_SERVICE]
        if user_id is None or domain == DOMAIN or (domain, service) in _HARMLESS:
            return
        if devices := _controlled(hass, domain, event.data[ATTR_SERVICE_DATA]):
            # In this very context, since it may know the address.
            hass.async_create_task(record(event, user_id, devices), f"{DOMAIN} audit of an action")

    return hass.bus.async_listen(EVENT_CALL_SERVICE, on_call)


def _controlled(hass: HomeAssistant, action_domain: str, data: dict[str, Any]) -> list[str]:
    """Return the names of the devices that an action's data reaches.

    These are devices with a plug's MAC, and those of the switches of meters; a switch without a
    device goes by its meter's name.
    """
    try:
        entity_ids, device_ids = referenced(hass, data)
    except (TypeError, ValueError):
        # A target that is none: the action itself refuses it.
        return []
    if not entity_ids and not device_ids:
        return []
    entities, devices = er.async_get(hass), dr.async_get(hass)
    # Actions of other integrations may be about a device itself.
    reached = device_ids if action_domain not in {HA_DOMAIN, *_ENTITY_DOMAINS} else set()
    alone: set[str] = set()
    for entity_id in entity_ids:
        if not _acts_on(action_domain, split_entity_id(entity_id)[0]):
            continue
        entry = entities.async_get(entity_id)
        if entry is not None and entry.device_id is not None:
            reached.add(entry.device_id)
        else:
            alone.add(entity_id)
    if not reached and not alone:
        return []
    plugs = export_devices(hass)
    macs = {(dr.CONNECTION_NETWORK_MAC, dr.format_mac(plug.mac)) for plug in plugs if plug.mac}
    switches = {plug.entities["is_on"]: plug.name for plug in plugs if "is_on" in plug.entities}
    own: set[str | None] = {plug.device_id for plug in plugs}
    own |= {entry.device_id for one in switches if (entry := entities.async_get(one)) is not None}
    named = {
        device.name_by_user or device.name or device.id
        for device in map(devices.async_get, reached)
        if device is not None
        and (device.id in own or not macs.isdisjoint(_connections(devices, device)))
    }
    return sorted(named | {switches[one] for one in alone & switches.keys()})


def _acts_on(action_domain: str, entity_domain: str) -> bool:
    if entity_domain in _READ_ONLY:
        return False
    return action_domain == entity_domain or action_domain not in _ENTITY_DOMAINS


def _connections(devices: dr.DeviceRegistry, device: dr.AnyDeviceEntry) -> set[tuple[str, str]]:
    """Return the connections of a device, and of the strip that it is a socket of."""
    found: set[tuple[str, str]] = set()
    if isinstance(device, dr.DeviceEntry):
        found |= device.connections
        strip_id = device.via_device_id
    else:
        # A child of another device has no connections of its own.
        strip_id = device.parent_device_id
    strip = None if strip_id is None else devices.async_get(strip_id)
    return found | strip.connections if isinstance(strip, dr.DeviceEntry) else found
