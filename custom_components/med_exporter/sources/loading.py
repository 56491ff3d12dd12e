"""Loading of python-kasa, outside the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.helpers.importlib import async_import_module

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


async def async_load_kasa(hass: HomeAssistant) -> None:
    """Make `sources.kasa` ready to be imported without delay."""
    await async_import_module(hass, f"{__package__}.kasa")
