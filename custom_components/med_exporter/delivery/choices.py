"""What there is to choose from when a file is to be delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..const import EntryType
from ..entries.finding import entries_of_type
from .request import METHODS, NOTIFY, SEND_MESSAGE

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


def delivery_choices(hass: HomeAssistant) -> dict[str, Any]:
    """Return the methods, the mail accounts by id and name, and the targets of notifications."""
    accounts = entries_of_type(hass, EntryType.EMAIL)
    actions = hass.services.async_services_for_domain(NOTIFY)
    targets = [f"{NOTIFY}.{name}" for name in actions if name != SEND_MESSAGE]
    targets += [state.entity_id for state in hass.states.async_all(NOTIFY)]
    return {
        "methods": list(METHODS),
        "accounts": [{"id": entry.entry_id, "name": entry.title} for entry in accounts],
        "targets": sorted(set(targets)),
    }
