"""What is too old goes: files, the history of exports, the audit log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from homeassistant.core import HassJob, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..clocks.lived import lived_time
from ..const import DOMAIN, LOGGER
from ..database import DatabaseUnavailableError
from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from ..audit import AuditLog
    from ..exports.jobs import JobManager
    from ..history.history import History

_EVERY: Final = timedelta(hours=1)
# A start has enough to do.
_AFTER_START: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleaning:
    """One cleaning: when it ended (UTC), and how many files, runs and events it removed."""

    ended_at: datetime
    files: int
    exports: int
    events: int


class Retention:
    """Cleans up a minute after Home Assistant has started, and every hour after its set-up.

    `last` is the latest cleaning that got through, None before the first. How long things are
    kept are options of the installation, which hold from the next cleaning on.
    """

    def __init__(
        self, hass: HomeAssistant, jobs: JobManager, history: History, audit: AuditLog
    ) -> None:
        self._hass = hass
        self._jobs = jobs
        self._history = history
        self._audit = audit
        self.last: Cleaning | None = None

    def async_setup(self) -> None:
        """Clean up from now on."""

        async def clean(_: object) -> None:
            try:
                await self.async_clean()
            except (DatabaseUnavailableError, OSError) as err:
                LOGGER.warning("Not everything that is too old could be removed: %s", err)

        soon = HassJob(clean, f"{DOMAIN} first retention", cancel_on_shutdown=True)

        @callback
        def started(_: HomeAssistant) -> None:
            async_call_later(self._hass, _AFTER_START, soon)

        # Not before: the recorder does nothing until then.
        async_at_started(self._hass, started)
        async_track_time_interval(
            self._hass, clean, _EVERY, name=f"{DOMAIN} retention", cancel_on_shutdown=True
        )

    async def async_clean(self) -> Cleaning:
        """Remove what is too old. Raises DatabaseUnavailableError and OSError."""
        files = await self._jobs.files.async_expire()
        exports = await self._history.async_purge()
        events = await self._audit.async_purge()
        await lived_time(self._hass).async_go_on()
        self.last = Cleaning(ended_at=dt_util.utcnow(), files=files, exports=exports, events=events)
        return self.last


DATA_RETENTION: HassKey[Retention] = HassKey(f"{DOMAIN}_retention")
