"""Websocket commands: what the panel asks and follows. The same checks and rights as all doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from . import costs, destinations, files, history, overview, schedules
from .base import register_command
from .feed import register_feed

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


ROOMS: Final = (overview, destinations, files, schedules, history, costs)


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Register all commands. Called once, when the integration is set up."""
    for room in ROOMS:
        for name, handler in room.COMMANDS.items():
            register_command(hass, name, handler)
        for name, feed in room.FEEDS.items():
            register_feed(hass, name, feed)
