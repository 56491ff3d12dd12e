"""Figures for Home Assistant's system health page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.core import HomeAssistant, callback

from .answers import size_text, utc
from .database import DatabaseUnavailableError
from .exports.jobs import DATA_JOBS
from .history.history import DATA_HISTORY
from .history.records import ExportKind
from .installation.retention import DATA_RETENTION
from .pushes.entry import destinations

if TYPE_CHECKING:
    from homeassistant.components.system_health import SystemHealthRegistration


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register the figures."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return how many exports there are, what they take, and what waits.

    Home Assistant shows the page to all who may log in: it names nothing.
    """
    history = hass.data[DATA_HISTORY]
    try:
        _, files = await history.async_list(kind=ExportKind.FILE, limit=1)
        _, pushes = await history.async_list(kind=ExportKind.PUSH, limit=1)
    except DatabaseUnavailableError:
        return {"file_exports": {"type": "failed", "error": "database"}}
    cleaning = hass.data[DATA_RETENTION].last
    return {
        "file_exports": files,
        "file_bytes": size_text(await hass.data[DATA_JOBS].files.async_size()),
        "pushes": pushes,
        "backlog": sum(runtime.backlog or 0 for runtime in destinations(hass)),
        "last_cleaning": None if cleaning is None else utc(cleaning.ended_at),
    }
