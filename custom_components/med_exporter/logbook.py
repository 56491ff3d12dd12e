"""Exports in Home Assistant's logbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import callback

from .const import DOMAIN
from .history.records import EVENT_EXPORT

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from homeassistant.core import Event, HomeAssistant

# The logbook has no translations for events: its own sentences are English too.
_MESSAGES: Final = {
    "completed": "finished",
    "failed": "failed",
    "interrupted": "was interrupted",
    "cancelled": "was cancelled",
}


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event[Any]], dict[str, str]]], None],
) -> None:
    """Describe the event of an export."""

    @callback
    def describe(event: Event[Any]) -> dict[str, str]:
        data = event.data
        what = data.get("destination_name") or " ".join(
            part for part in (data.get("export_type"), data.get("format")) if part
        )
        message = _MESSAGES.get(data["status"], data["status"])
        if data["status"] == "completed" and data.get("records") is not None:
            message += f" with {data['records']} records"
        if data.get("error_message"):
            message += f": {data['error_message']}"
        return {LOGBOOK_ENTRY_NAME: f"Export {what}".strip(), LOGBOOK_ENTRY_MESSAGE: message}

    async_describe_event(DOMAIN, EVENT_EXPORT, describe)
