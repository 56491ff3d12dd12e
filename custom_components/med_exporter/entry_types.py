"""What each kind of config entry sets up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from homeassistant.const import Platform

from .const import EntryType
from .delivery.account import async_setup_account
from .destinations.registry import DESTINATIONS
from .grid.coordinator import async_remove_grid, async_setup_grid
from .installation.entry import async_setup_installation
from .metering.metering_point import async_remove_metering_point, async_setup_metering_point
from .pushes.runtime import (
    async_remove_destination,
    async_setup_destination,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant


async def _nothing(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove nothing: the entry keeps nothing on disk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryKind:
    """The platforms of a kind of entry, what makes its `runtime_data`, and what cleans up."""

    platforms: tuple[Platform, ...]
    async_setup: Callable[[HomeAssistant, ConfigEntry], Awaitable[Any]]
    async_remove: Callable[[HomeAssistant, ConfigEntry], Awaitable[None]] = _nothing


ENTRY_TYPES: Final = {
    EntryType.KASA: EntryKind(
        platforms=(Platform.BINARY_SENSOR, Platform.SENSOR),
        async_setup=async_setup_metering_point,
        async_remove=async_remove_metering_point,
    ),
    EntryType.GRID: EntryKind(
        platforms=(Platform.SENSOR,),
        async_setup=async_setup_grid,
        async_remove=async_remove_grid,
    ),
    EntryType.INSTALLATION: EntryKind(
        platforms=(Platform.CALENDAR, Platform.EVENT),
        async_setup=async_setup_installation,
    ),
    EntryType.EMAIL: EntryKind(platforms=(), async_setup=async_setup_account),
    **dict.fromkeys(
        DESTINATIONS,
        EntryKind(
            platforms=(Platform.BUTTON, Platform.SENSOR, Platform.SWITCH),
            async_setup=async_setup_destination,
            async_remove=async_remove_destination,
        ),
    ),
}
