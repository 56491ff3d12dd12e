"""Actions of users on plugs, whichever integration owns the entity they use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import (
    ATTR_DOMAIN,
    ATTR_SERVICE,
    ATTR_SERVICE_DATA,
    EVENT_CALL_SERVICE,
)
from homeassistant.core import callback
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


@callback
def async_watch_controls(hass: HomeAssistant, log: AuditLog) -> CALLBACK_TYPE:
    """Record each action by a user on a device with a plug's MAC; return what ends this."""

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
        if devices := _controlled(hass, event.data[ATTR_SERVICE_DATA]):
            # In this very context, since it may know the address.
            hass.async_create_task(record(event, user_id, devices), f"{DOMAIN} audit of an action")

    return hass.bus.async_listen(EVENT_CALL_SERVICE, on_call)


def _controlled(hass: HomeAssistant, data: dict[str, Any]) -> list[str]:
    """Return the names of the devices with a plug's MAC that an action's data reaches."""
    try:
        entity_ids, device_ids = referenced(hass, data)
    except (TypeError, ValueError):
        # A target that is none: the action itself refuses it.
        return []
    if not entity_ids and not device_ids:
        return []
    entities, devices = er.async_get(hass), dr.async_get(hass)
    reached = set(device_ids)
    for entity_id in entity_ids:
        entry = entities.async_get(entity_id)
        if entry is not None and entry.device_id is not None:
            reached.add(entry.device_id)
    plugs = export_devices(hass)
    macs = {(dr.CONNECTION_NETWORK_MAC, dr.format_mac(plug.mac)) for plug in plugs}
    own = {plug.device_id for plug in plugs}
    return sorted(
        device.name_by_user or device.name or device.id
        for device in map(devices.async_get, reached)
        if device is not None
        and (device.id in own or not macs.isdisjoint(getattr(device, "connections", ())))
    )
