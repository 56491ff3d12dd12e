"""How a destination stands, as doors show it live. Times are UTC with `Z`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_ID, CONF_TYPE

from ..answers import utc
from ..const import CONF_DATA, CONF_INTERVAL
from ..destinations.registry import DESTINATIONS
from .entry import destination_entries
from .runtime import CONF_ENABLED

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .runtime import DestinationEntry


def destination_standings(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return how each destination stands, loaded or not, by name."""
    found = [_standing(hass, entry) for entry in destination_entries(hass)]
    return sorted(found, key=lambda one: (one["name"].casefold(), one["id"]))


def _standing(hass: HomeAssistant, entry: DestinationEntry) -> dict[str, Any]:
    """Return one's state and last run; those of one that is not loaded are not known.

    `problem` is why it is not loaded, `asks_for_login` whether it waits for a new secret.
    """
    standing: dict[str, Any] = {
        "id": entry.data[CONF_ID],
        "entry_id": entry.entry_id,
        "name": entry.title,
        "type": entry.data[CONF_TYPE],
        "model": DESTINATIONS[entry.data[CONF_TYPE]].model,
        "data": list(entry.data[CONF_DATA]),
        "interval": int(entry.data[CONF_INTERVAL]),
        "enabled": bool(entry.options.get(CONF_ENABLED, True)) and entry.disabled_by is None,
        "loaded": entry.state is ConfigEntryState.LOADED,
        "disabled": entry.disabled_by is not None,
        "problem": entry.reason,
        "asks_for_login": any(entry.async_get_active_flows(hass, {SOURCE_REAUTH})),
    }
    if entry.state is not ConfigEntryState.LOADED:
        return standing | {"state": None}
    runtime = entry.runtime_data
    return standing | {
        "state": runtime.state.value,
        "progress": runtime.progress,
        "last_started": utc(runtime.last_started),
        "last_success": utc(runtime.last_success),
        "last_records": runtime.last_records,
        "last_error": runtime.last_error,
        "backlog": runtime.backlog,
    }
