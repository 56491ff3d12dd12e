"""Websocket commands: what the panel asks and follows. The same checks and rights as all doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from ...later import Later
from .base import register_command
from .feed import register_feed

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

COMMANDS: Final = {
    "overview": ("overview",),
    "destinations": (
        "destinations/list",
        "destinations/run",
        "destinations/test",
        "destinations/change",
    ),
    "files": (
        "files/choices",
        "files/list",
        "files/create",
        "files/again",
        "files/formula",
        "files/preview",
        "files/cancel",
        "files/delete",
        "files/link",
    ),
    "schedules": (
        "schedules/list",
        "schedules/choices",
        "schedules/create",
        "schedules/update",
        "schedules/delete",
        "schedules/run",
    ),
    "history": ("history/list", "history/statistics"),
    "costs": ("costs/list", "costs/correct", "costs/compare", "costs/official"),
}
"""The commands of each room. Its module, loaded with the first of them, has them in `COMMANDS`,
and in `FEEDS` what is followed under the room's own name."""


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Register all commands. Called once, when the integration is set up."""
    for room, names in COMMANDS.items():
        commands = Later(__package__, room, "COMMANDS")
        for name in names:
            register_command(hass, name, commands)
        register_feed(hass, room, Later(__package__, room, "FEEDS"))
