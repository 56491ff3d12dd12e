"""Changes of destinations, whichever way they are made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.const import CONF_TYPE
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..audit.events import EventType
from ..const import DOMAIN
from ..destinations.registry import DESTINATIONS
from .entry import destination_entries

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from ..audit.log import AuditLog

_CHANGED: Final = "changed"


@callback
def async_watch_destinations(hass: HomeAssistant, log: AuditLog) -> CALLBACK_TYPE:
    """Record each destination that is added, changed or removed; return what ends this.

    What was changed is named, values are not.
    """
    known = {entry.entry_id: _parts(entry) for entry in destination_entries(hass)}

    def changed_parts(entry: ConfigEntry) -> list[str]:
        before, now = known.get(entry.entry_id, {}), _parts(entry)
        return sorted(key for key in before.keys() | now if before.get(key) != now.get(key))

    @callback
    def on_change(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain != DOMAIN or entry.data.get(CONF_TYPE) not in DESTINATIONS:
            return
        details: dict[str, object] = {
            "change": change.value if change is not ConfigEntryChange.UPDATED else _CHANGED,
            "type": entry.data[CONF_TYPE],
        }
        if change is ConfigEntryChange.REMOVED:
            known.pop(entry.entry_id, None)
        else:
            parts = changed_parts(entry)
            known[entry.entry_id] = _parts(entry)
            if change is ConfigEntryChange.UPDATED:
                # An entry that loads or unloads is updated too.
                if not parts:
                    return
                details["changed"] = parts
        log.record(EventType.DESTINATION_CHANGED, subject=entry.title, details=details)

    return async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_change)


def _parts(entry: ConfigEntry) -> dict[str, str]:
    """Return what can be changed of an entry, comparable, by name."""
    parts = {**entry.data, **entry.options, "name": entry.title, "disabled": entry.disabled_by}
    return {key: json.dumps(value, default=str, sort_keys=True) for key, value in parts.items()}
