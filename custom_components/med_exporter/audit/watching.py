"""Everything that is recorded by watching Home Assistant, without patching it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .controls import async_watch_controls
from .logins import async_watch_failures, async_watch_successes

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .log import AuditLog


async def async_watch(hass: HomeAssistant, log: AuditLog) -> None:
    """Record logins and actions on plugs from now on."""
    await async_watch_successes(hass, log)
    async_watch_failures(hass, log)
    async_watch_controls(hass, log)
