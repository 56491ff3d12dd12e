"""The grid, as other rooms find it and follow it while its entry comes, reloads and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryState
from homeassistant.const import CONF_TYPE
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import DOMAIN, EntryType
from ..entries.finding import entries_of_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.config_entries import ConfigEntry, ConfigEntryChange
    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from .coordinator import GridCoordinator


def loaded_grid(hass: HomeAssistant) -> GridCoordinator | None:
    """Return what reads the grid; None where no grid is set up, or it is not loaded."""
    for entry in entries_of_type(hass, EntryType.GRID):
        if entry.state is ConfigEntryState.LOADED:
            grid: GridCoordinator = entry.runtime_data
            return grid
    return None


@callback
def async_on_grid_entry_change(hass: HomeAssistant, action: Callable[[], None]) -> CALLBACK_TYPE:
    """Call action whenever a grid's entry is added, loaded, unloaded, changed or removed.

    Returns what ends this.
    """

    @callback
    def on_entry_change(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN and entry.data.get(CONF_TYPE) == EntryType.GRID:
            action()

    return async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_entry_change)


@callback
def async_follow_grid(hass: HomeAssistant, action: Callable[[], None]) -> CALLBACK_TYPE:
    """Call action whenever what the grid tells may have changed: a reading, a midnight, an entry.

    Returns what ends this. `action` takes the values from `loaded_grid`.
    """
    followed: GridCoordinator | None = None
    stop_following: CALLBACK_TYPE | None = None

    @callback
    def attach() -> None:
        nonlocal followed, stop_following
        grid = loaded_grid(hass)
        if grid is followed:
            return
        if stop_following is not None:
            stop_following()
        followed = grid
        stop_following = None if grid is None else grid.async_add_listener(action)

    @callback
    def on_entry_change() -> None:
        attach()
        action()

    attach()
    stop_watching = async_on_grid_entry_change(hass, on_entry_change)

    @callback
    def stop() -> None:
        stop_watching()
        if stop_following is not None:
            stop_following()

    return stop
