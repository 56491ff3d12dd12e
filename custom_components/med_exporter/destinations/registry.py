"""The kinds of destinations: what makes each of them from its config entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..const import EntryType
from .home_assistant.destination import async_create_home_assistant
from .jeedom.entry import async_create_jeedom
from .mqtt.entry import (
    async_create_mqtt,
    async_remove_mqtt,
)
from .victoriametrics.entry import async_create_victoriametrics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from .base import Destination

# A new kind of destination is one line here.
DESTINATIONS: Final[
    dict[EntryType, Callable[[HomeAssistant, ConfigEntry], Awaitable[Destination]]]
] = {
    EntryType.HOME_ASSISTANT: async_create_home_assistant,
    EntryType.JEEDOM: async_create_jeedom,
    EntryType.MQTT: async_create_mqtt,
    EntryType.VICTORIAMETRICS: async_create_victoriametrics,
}

REMOVALS: Final[dict[EntryType, Callable[[HomeAssistant, ConfigEntry], Awaitable[None]]]] = {
    EntryType.MQTT: async_remove_mqtt,
}
"""What takes back what a destination left outside, when its entry is removed."""
