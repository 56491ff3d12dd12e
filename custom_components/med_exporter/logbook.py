"""Exports in Home Assistant's logbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import callback

from .const import DOMAIN
from .history.records import EVENT_EXPORT, ExportKind
from .texts import counted, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from homeassistant.core import Event, HomeAssistant

_WORDS: Final = {
    "completed": "logged_completed_plain",
    "failed": "logged_failed",
    "interrupted": "logged_interrupted",
    "cancelled": "logged_cancelled",
}


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event[Any]], dict[str, str]]], None],
) -> None:
    """Describe the event of an export.

    Home Assistant shows its logbook to all who may log in: it tells how an export ended, not whose
    it was, what was in it, nor what a destination said. The history tells that to whom it concerns.
    """

    @callback
    def describe(event: Event[Any]) -> dict[str, str]:
        data = event.data
        if data["status"] == "completed" and data.get("records") is not None:
            is_file = data.get("kind") == ExportKind.FILE
            key = "logged_file_completed" if is_file else "logged_completed"
            message = counted(hass, key, data["records"])
        else:
            message = text_of(hass, _WORDS.get(data["status"], ""), {}) or data["status"]
        return {LOGBOOK_ENTRY_NAME: "Export", LOGBOOK_ENTRY_MESSAGE: message}

    async_describe_event(DOMAIN, EVENT_EXPORT, describe)
