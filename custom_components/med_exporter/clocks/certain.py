"""The time that it is at least, by what Home Assistant has lived through."""

from __future__ import annotations

import ctypes
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..formats import FormatTooNewError, VersionedStore
from .local import add_clock

if TYPE_CHECKING:
    from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant

# A clock that is off by less is followed, in seconds: a restart takes some minutes.
_FOLLOWED: Final = 300.0
# Within so many seconds without a jump, a time server would have put it right.
_BELIEVED_AFTER: Final = 3600.0
_KEEP_EVERY: Final = timedelta(minutes=5)
# What adjtimex returns where no time server has set the clock, and room for its answer.
_NOT_SET: Final = 5
_TIMEX_BYTES: Final = 1024
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def is_set_by_time_server() -> bool:
    """Return whether the system says that a time server keeps its clock; False if it does not."""
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (AttributeError, OSError):
        return False
    return 0 <= state < _NOT_SET


def machine_run() -> tuple[str, float] | None:
    """Return which run of the machine this is, and the seconds it has lasted; None if not known.

    Reads a file.
    """
    try:
        return _BOOT_ID.read_text(encoding="utf-8").strip(), time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError, ValueError):
        return None


async def async_machine_run(hass: HomeAssistant) -> tuple[str, float] | None:
    """Return what `machine_run` does, outside the event loop."""
    return await hass.async_add_executor_job(machine_run)


class CertainClock:
    """Go on from the time that was lived through, over a stop too, and do not follow every jump.

    A machine may start with its clock ahead, and a long stop looks the same. Until somebody else
    confirms the clock, no time has passed but what has been lived through since: a time server of
    the system, another clock, or an hour in which nobody has put it right. How long a stop lasted
    is known where the machine itself went on.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._store = VersionedStore(hass, "certain_clock")
        # Up to where time has gone, in UTC seconds; None where nothing was lived through.
        self._time: float | None = None
        self._ticks = hass.loop.time()
        self._offset: float | None = None
        self._steady_since = self._ticks
        self._ends: list[CALLBACK_TYPE] = []

    async def async_setup(self) -> None:
        """Go on from what was lived before, and let `certain_now` ask."""
        with suppress(FormatTooNewError):
            if (stored := await self._store.async_load()) is not None:
                run = await async_machine_run(self._hass)
                self._time, self._ticks = stored["time"], self._hass.loop.time()
                if run is not None and run[0] == stored["machine_run"]:
                    self._time += max(run[1] - stored["machine_seconds"], 0.0)
        self.now()

        async def keep(_: datetime) -> None:
            await self._async_keep()

        async def stop(_: Event) -> None:
            await self.async_stop()

        self._ends = [
            add_clock(self._hass, self.now),
            async_track_time_interval(self._hass, keep, _KEEP_EVERY, cancel_on_shutdown=True),
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, stop),
        ]

    async def async_stop(self) -> None:
        """Keep what has been lived through, and be asked no more."""
        while self._ends:
            self._ends.pop()()
        await self._async_keep()

    @callback
    def now(self) -> datetime:
        """Return the time, in UTC."""
        wall, ticks = dt_util.utcnow().timestamp(), self._hass.loop.time()
        if self._offset is None or abs(wall - ticks - self._offset) > _FOLLOWED:
            self._steady_since = ticks
        self._offset = wall - ticks
        lived = wall if self._time is None else self._time + ticks - self._ticks
        if (
            abs(wall - lived) <= _FOLLOWED
            or ticks - self._steady_since >= _BELIEVED_AFTER
            or is_set_by_time_server()
        ):
            lived = wall
        self._time, self._ticks = lived, ticks
        return datetime.fromtimestamp(lived, UTC)

    @callback
    def confirm(self, told: datetime) -> None:
        """Take it that it is as late as another clock shows, aware, unless ours shows less."""
        lived, wall = self.now().timestamp(), dt_util.utcnow().timestamp()
        at_least = wall if wall - told.timestamp() <= _FOLLOWED else told.timestamp()
        if lived < at_least:
            self._time = at_least

    @callback
    def told(self, moment: datetime, within: float = _FOLLOWED) -> datetime:
        """Return a moment that was now once; now, where the clock was ahead then.

        Args:
            moment: aware.
            within: how far ahead it may lie, in seconds.

        """
        now = self.now()
        return now if (moment - now).total_seconds() > within else moment

    async def _async_keep(self) -> None:
        if not self._hass.config_entries.async_entries(DOMAIN, include_ignore=False):
            # Nothing is left behind by whom nothing is there any more.
            return
        run = await async_machine_run(self._hass) or (None, 0.0)
        lived = {
            "time": self.now().timestamp(),
            "machine_run": run[0],
            "machine_seconds": run[1],
        }
        try:
            await self._store.async_save(lived)
        except OSError as err:
            LOGGER.warning("How far time has gone cannot be written: %s", err)


DATA_CERTAIN_CLOCK: Final[HassKey[CertainClock]] = HassKey(f"{DOMAIN}_certain_clock")


@callback
def certain_time(hass: HomeAssistant) -> CertainClock:
    """Return the time that this Home Assistant has lived through."""
    if DATA_CERTAIN_CLOCK not in hass.data:
        hass.data[DATA_CERTAIN_CLOCK] = CertainClock(hass)
    return hass.data[DATA_CERTAIN_CLOCK]
