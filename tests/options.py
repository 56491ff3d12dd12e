"""Filling in the options of an entry as a person does, through the real options flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant


async def start_options(hass: HomeAssistant, entry: ConfigEntry, *menu: str) -> dict[str, Any]:
    """Open the options of an entry, and choose from one menu after the other."""
    flow = await hass.config_entries.options.async_init(entry.entry_id)
    for choice in menu:
        flow = await choose(hass, flow, choice)
    return flow


async def choose(hass: HomeAssistant, flow: dict[str, Any], choice: str) -> dict[str, Any]:
    """Choose from the menu that a flow shows."""
    assert choice in flow["menu_options"]
    return await fill_in(hass, flow, {"next_step_id": choice})


async def fill_in(
    hass: HomeAssistant, flow: dict[str, Any], user_input: dict[str, Any]
) -> dict[str, Any]:
    """Fill in the form that a flow shows."""
    return await hass.config_entries.options.async_configure(flow["flow_id"], user_input)
