"""Everything that is recorded by watching Home Assistant, without patching it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.helpers.event import async_track_time_interval

from ..const import DOMAIN
from ..database import DatabaseUnavailableError
from ..destinations.registry import DESTINATIONS
from .changes import async_watch_destinations
from .controls import async_watch_controls
from .logins import async_watch_failures, async_watch_successes

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.core import HomeAssistant

    from .log import AuditLog

_PURGE_EVERY: Final = timedelta(days=1)


async def async_watch(hass: HomeAssistant, log: AuditLog) -> None:
    """Record logins, actions on plugs and changes of destinations from now on, and clean up."""
    await async_watch_successes(hass, log)
    async_watch_failures(hass, log)
    async_watch_controls(hass, log)
    async_watch_destinations(hass, log, frozenset(DESTINATIONS))

    async def purge(_: datetime) -> None:
        try:
            await log.async_purge()
        except DatabaseUnavailableError:
            # It is in the log, and tomorrow makes up for it.
            return

    async_track_time_interval(
        hass, purge, _PURGE_EVERY, name=f"{DOMAIN} retention of the audit", cancel_on_shutdown=True
    )
