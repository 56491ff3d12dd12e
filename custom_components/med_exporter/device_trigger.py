"""Device triggers: an export has ended, a file is ready, a destination is down for some time.

Devices of destinations have those of their own pushes; the installation's device has those of all.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.components.device_automation import DEVICE_TRIGGER_BASE_SCHEMA
from homeassistant.components.device_automation.exceptions import InvalidDeviceAutomationConfig
from homeassistant.const import (
    CONF_DEVICE_ID,
    CONF_DOMAIN,
    CONF_FOR,
    CONF_ID,
    CONF_PLATFORM,
    CONF_TYPE,
)
from homeassistant.core import HassJob, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN, EntryType
from .destinations.registry import DESTINATIONS
from .history.records import EVENT_EXPORT, ExportKind, ExportStatus
from .pushes.downtime import Downtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant
    from homeassistant.helpers.trigger import TriggerActionType, TriggerInfo
    from homeassistant.helpers.typing import ConfigType

    from .pushes.runtime import DestinationRuntime

_DOWN: Final = "destination_down"
_EVENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "export_succeeded": {"status": ExportStatus.COMPLETED.value},
    "export_failed": {"status": ExportStatus.FAILED.value},
    "export_interrupted": {"status": ExportStatus.INTERRUPTED.value},
    "file_ready": {"status": ExportStatus.COMPLETED.value, "kind": ExportKind.FILE.value},
}
"""What the event of an export says where a trigger fires."""

_OF_DESTINATION: Final = ("export_succeeded", "export_failed", "export_interrupted", _DOWN)
_OF_INSTALLATION: Final = (*_EVENTS, _DOWN)

_BASE: Final = DEVICE_TRIGGER_BASE_SCHEMA.extend({vol.Required(CONF_TYPE): vol.In([*_EVENTS])})
_BASE_DOWN: Final = DEVICE_TRIGGER_BASE_SCHEMA.extend(
    {vol.Required(CONF_TYPE): _DOWN, vol.Optional(CONF_FOR): cv.positive_time_period}
)


async def async_validate_trigger_config(hass: HomeAssistant, config: ConfigType) -> ConfigType:
    """Check a trigger. Raises InvalidDeviceAutomationConfig where its device has no such one."""
    schema = _BASE_DOWN if config.get(CONF_TYPE) == _DOWN else _BASE
    checked: ConfigType = schema(config)
    if checked[CONF_TYPE] not in _types(_entry(hass, checked[CONF_DEVICE_ID])):
        raise InvalidDeviceAutomationConfig(
            translation_domain=DOMAIN,
            translation_key="no_such_trigger",
            translation_placeholders={"type": checked[CONF_TYPE]},
        )
    return checked


async def async_get_triggers(hass: HomeAssistant, device_id: str) -> list[dict[str, Any]]:
    """Return the triggers of a device."""
    return [
        {
            CONF_PLATFORM: "device",
            CONF_DOMAIN: DOMAIN,
            CONF_DEVICE_ID: device_id,
            CONF_TYPE: trigger_type,
        }
        for trigger_type in _types(_entry(hass, device_id))
    ]


async def async_get_trigger_capabilities(
    _hass: HomeAssistant, config: ConfigType
) -> dict[str, vol.Schema]:
    """Return what can be said besides of a trigger: for how long a destination is down."""
    if config[CONF_TYPE] != _DOWN:
        return {}
    return {"extra_fields": vol.Schema({vol.Optional(CONF_FOR): cv.positive_time_period_dict})}


async def async_attach_trigger(
    hass: HomeAssistant,
    config: ConfigType,
    action: TriggerActionType,
    trigger_info: TriggerInfo,
) -> CALLBACK_TYPE:
    """Run an action when the trigger fires; return what ends this.

    The action is given `trigger.event`, and `trigger.down`, which tells whether a push failed
    because its destination cannot be used at all; or `trigger.destination`, `trigger.name` and
    `trigger.since` of a destination that is down.
    """
    entry = _entry(hass, config[CONF_DEVICE_ID])
    destination: str | None = None
    if entry is not None and entry.data[CONF_TYPE] in DESTINATIONS:
        destination = entry.data[CONF_ID]
    job = HassJob(action, f"{DOMAIN} device trigger")
    about = {**trigger_info["trigger_data"], CONF_PLATFORM: "device", CONF_TYPE: config[CONF_TYPE]}

    @callback
    def on_down(runtime: DestinationRuntime) -> None:
        values = {
            **about,
            "destination": runtime.id,
            "name": runtime.name,
            "since": runtime.outage.since,
            "description": f"{runtime.name} is down",
        }
        hass.async_run_hass_job(job, {"trigger": values})

    @callback
    def on_event(event: Event[Any]) -> None:
        kind = DESTINATIONS.get(event.data.get("destination", ""))
        values = {
            **about,
            "event": event,
            "down": kind is not None and kind.is_unusable(event.data.get("error_code")),
            "description": "the end of an export",
        }
        hass.async_run_hass_job(job, {"trigger": values}, event.context)

    if config[CONF_TYPE] == _DOWN:
        downtime = Downtime(hass, destination, config.get(CONF_FOR, timedelta()), on_down)
        downtime.async_start()
        return downtime.async_stop

    wanted = dict(_EVENTS[config[CONF_TYPE]])
    if destination is not None:
        wanted["destination_id"] = destination

    @callback
    def is_wanted(data: Mapping[str, Any]) -> bool:
        return all(data.get(key) == value for key, value in wanted.items())

    return hass.bus.async_listen(EVENT_EXPORT, on_event, event_filter=is_wanted)


def _entry(hass: HomeAssistant, device_id: str) -> ConfigEntry | None:
    """Return the config entry that a device stands for; None for a plug's, and for none."""
    device = dr.async_get(hass).async_get(device_id)
    for domain, key in () if device is None else device.identifiers:
        if domain == DOMAIN and (entry := hass.config_entries.async_get_entry(key)) is not None:
            return entry
    return None


def _types(entry: ConfigEntry | None) -> tuple[str, ...]:
    if entry is None:
        return ()
    if entry.data[CONF_TYPE] == EntryType.INSTALLATION:
        return _OF_INSTALLATION
    return _OF_DESTINATION if entry.data[CONF_TYPE] in DESTINATIONS else ()
