"""The event entity that tells of every export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.event import EventEntity
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..history.records import (
    SIGNAL_DELIVERY_FAILED,
    SIGNAL_EXPORT_FINISHED,
    ExportStatus,
    export_event_data,
)

if TYPE_CHECKING:
    from ..history.records import ExportRecord
    from .entry import Installation

_EVENT_TYPES: Final = {
    ExportStatus.COMPLETED: "success",
    ExportStatus.FAILED: "error",
    ExportStatus.INTERRUPTED: "interrupted",
}


def installation_events(installation: Installation) -> list[ExportEvent]:
    """Return the event entities of the installation."""
    return [ExportEvent(installation)]


class ExportEvent(EventEntity):
    """Fires for every push and every file that ends, and for a file that cannot be delivered.

    A cancelled export is no event.
    """

    _attr_has_entity_name = True
    _attr_translation_key = "export"

    def __init__(self, installation: Installation) -> None:
        self._attr_event_types = list(_EVENT_TYPES.values())
        self._attr_unique_id = f"{installation.entry.entry_id}_export"
        self._attr_device_info = installation.device_info

    async def async_added_to_hass(self) -> None:
        """Listen to the history."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_dispatcher_connect(self.hass, SIGNAL_EXPORT_FINISHED, self._finished)
        )

        self.async_on_remove(
            async_dispatcher_connect(self.hass, SIGNAL_DELIVERY_FAILED, self._not_delivered)
        )

    @callback
    def _not_delivered(self, data: dict[str, Any]) -> None:
        self._trigger_event("error", data)
        self.async_write_ha_state()

    @callback
    def _finished(self, record: ExportRecord) -> None:
        if (event_type := _EVENT_TYPES.get(record.status)) is not None:
            self._trigger_event(event_type, export_event_data(record))
            self.async_write_ha_state()
