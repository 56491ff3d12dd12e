"""The event entity that tells of every export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.event import EventEntity
from homeassistant.core import callback

from ..history.records import EVENT_EXPORT, ExportStatus

if TYPE_CHECKING:
    from homeassistant.core import Event

    from .entry import Installation

_EVENT_TYPES: Final = {
    ExportStatus.COMPLETED: "success",
    ExportStatus.FAILED: "error",
    ExportStatus.INTERRUPTED: "interrupted",
}
_TOLD: Final = frozenset(
    {"export_id", "kind", "status", "trigger", "records", "duration", "error_code"}
)


def installation_events(installation: Installation) -> list[ExportEvent]:
    """Return the event entities of the installation."""
    return [ExportEvent(installation)]


class ExportEvent(EventEntity):
    """Fires for every push and every file that ends, and for a file that cannot be delivered.

    A cancelled export is no event. Whoever may read the entity is told how an export ended, not
    whose it was, what was in it, nor where it went.
    """

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_translation_key = "export"

    def __init__(self, installation: Installation) -> None:
        self._attr_event_types = list(_EVENT_TYPES.values())
        self._attr_unique_id = f"{installation.entry.entry_id}_export"
        self._attr_device_info = installation.device_info

    async def async_added_to_hass(self) -> None:
        """Listen to what is told of exports."""
        await super().async_added_to_hass()
        self.async_on_remove(self.hass.bus.async_listen(EVENT_EXPORT, self._told))

    @callback
    def _told(self, event: Event[dict[str, Any]]) -> None:
        if (event_type := _EVENT_TYPES.get(event.data["status"])) is not None:
            # The logbook then says of the state what it says of the event: which export it was.
            self.async_set_context(event.context)
            told = {name: one for name, one in event.data.items() if name in _TOLD}
            self._trigger_event(event_type, told)
            self.async_write_ha_state()
