"""When a destination exports by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol
from zlib import crc32

from homeassistant.core import callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..clocks.due import async_track_due
from ..const import DOMAIN, LOGGER
from ..grid.link import loaded_grid
from .outage import LONGEST_PAUSE
from .request import EVERYTHING
from .runner import AlreadyRunningError
from .target import Target

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from .outage import Outage
    from .request import PushRequest
    from .runner import PushRunner

TRIGGER_AUTOMATIC: Final = "automatic"

# Plugs and brokers get a moment after a start before the first automatic export.
_SETTLING_TIME: Final = timedelta(seconds=30)
_DAILY_HOUR: Final = 6
_SPREAD_SECONDS: Final = 120
# Tempo and EcoWatt may change within the same reading.
_AT_ONCE: Final = timedelta(seconds=5)
_GRID_LIMIT: Final = 60


class Scheduled(Target, Protocol):
    """A destination as its schedule sees it; `last_started` is when its last run began, UTC."""

    entry: ConfigEntry[Any]
    interval: timedelta
    last_started: datetime | None
    outage: Outage

    @property
    def enabled(self) -> bool:
        """Return whether automatic export is on."""


class PushSchedule:
    """Starts exports: at the interval, after the daily sync, and when the grid tells another value.

    Nothing is started before Home Assistant has started, nor while automatic export is off. While
    a destination is down, it is tried after pauses that grow, and at the daily sync.
    """

    def __init__(self, hass: HomeAssistant, pushes: PushRunner, runtime: Scheduled) -> None:
        self._hass = hass
        self._pushes = pushes
        self._runtime = runtime
        self._started = False
        self._missed = False
        self._timer: CALLBACK_TYPE | None = None
        self._soon: CALLBACK_TYPE | None = None
        self._resume: CALLBACK_TYPE | None = None
        self._ends: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Keep the times from now on."""

        @callback
        def started(_: HomeAssistant) -> None:
            self._started = True
            self.plan()

        self._ends = [
            async_track_due(self._hass, self._daily, hour=_DAILY_HOUR, minute=0),
            self._pushes.on_grid_change(self._at_once),
            async_at_started(self._hass, started),
        ]

    @callback
    def async_stop(self) -> None:
        """Start nothing any more."""
        self._started = False
        self._cancel()
        for end in self._ends:
            end()
        self._ends = []

    @callback
    def plan(self) -> None:
        """Plan the next export: an interval after the last one, over restarts too."""
        self._cancel()
        runtime = self._runtime
        if not self._is_on:
            return
        now = dt_util.utcnow()
        soonest = now + _SETTLING_TIME
        due, longest = runtime.outage.retry_at(runtime.interval), LONGEST_PAUSE
        if due is None:
            last, longest = runtime.last_started, timedelta()
            due = soonest if self._missed or last is None else last + runtime.interval
        self._missed = False
        # What is further away was told by a clock that was wrong then, or is now.
        pause = min(max(due, soonest) - now, max(runtime.interval, longest))
        self._timer = async_call_later(self._hass, pause, self._export)

    @callback
    def take_up(self, request: PushRequest) -> None:
        """Run again soon what was cut short, since the destination is well now."""

        @callback
        def run(_: datetime) -> None:
            self._resume = None
            self._export(request=request)

        if self._is_on and self._resume is None:
            self._resume = async_call_later(self._hass, _AT_ONCE.total_seconds(), run)

    @property
    def _is_on(self) -> bool:
        return self._started and self._runtime.enabled and self._hass.is_running

    def _cancel(self) -> None:
        for cancel in (self._timer, self._soon, self._resume):
            if cancel is not None:
                cancel()
        self._timer = self._soon = self._resume = None

    @callback
    def _daily(self, _: datetime) -> None:
        """Wait for a moment of the destination's own, so that not all start at once."""
        if self._is_on:
            spread = crc32(self._runtime.id.encode()) % _SPREAD_SECONDS
            self._later(spread, with_grid=True)

    @callback
    def _at_once(self) -> None:
        # A destination that is down gets the value with the next try.
        if self._is_on and self._runtime.outage.since is None:
            self._later(_AT_ONCE.total_seconds(), with_grid=False)

    def _later(self, seconds: float, *, with_grid: bool) -> None:
        if self._soon is not None:
            self._soon()

        @callback
        def run(_: datetime) -> None:
            self._soon = None
            if with_grid:
                self._runtime.entry.async_create_background_task(
                    self._hass, self._async_after_grid(), f"{DOMAIN} daily export"
                )
            else:
                self._export()

        self._soon = async_call_later(self._hass, seconds, run)

    async def _async_after_grid(self) -> None:
        """Let the grid read what is due first, within a limit."""
        if (grid := loaded_grid(self._hass)) is not None:
            try:
                async with asyncio.timeout(_GRID_LIMIT):
                    await grid.async_refresh()
            except TimeoutError:
                LOGGER.debug("The grid takes its time; the daily export goes without")
        self._export()

    @callback
    def _export(self, _: datetime | None = None, request: PushRequest = EVERYTHING) -> None:
        if not self._is_on:
            return
        try:
            self._pushes.start(self._runtime, request, trigger=TRIGGER_AUTOMATIC)
        except AlreadyRunningError:
            # The end of that run plans another one.
            self._missed = True
