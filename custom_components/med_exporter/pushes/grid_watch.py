"""Tempo and EcoWatt as pushes see them: whether a value has changed, and what days had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.core import callback
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..grid.link import async_follow_grid, loaded_grid
from ..sources.tempo_calendar import ONE_DAY, paris_date

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from ..sources.ecowatt import EcoWattDay
    from ..sources.tempo_calendar import TempoColour

    type _Values = tuple[TempoColour | None, TempoColour | None, EcoWattDay | None]

_KEPT: Final = 7 * ONE_DAY


class GridWatch:
    """Compares what the grid tells with what it told before.

    `levels` holds EcoWatt's signals of the last days, each as it was last read: the sources
    themselves forget a day when it is over.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._listeners: list[Callable[[], None]] = []
        self._values: _Values | None = None
        self._end: CALLBACK_TYPE | None = None
        self.levels: dict[date, EcoWattDay] = {}

    @callback
    def async_setup(self) -> None:
        """Follow the grid once Home Assistant has started; what is known by then is no change."""

        @callback
        def started(_: HomeAssistant) -> None:
            self._values = self._read()
            async_follow_grid(self._hass, self._follow)

        async_at_started(self._hass, started)

    @callback
    def add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call a listener when a value changes that is pushed; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def _follow(self) -> None:
        values = self._read()
        # A grid that reloads is silent for a moment: nothing has changed by that.
        if loaded_grid(self._hass) is None or values == self._values:
            return
        self._values = values
        for listener in list(self._listeners):
            listener()

    def _read(self) -> _Values:
        grid = loaded_grid(self._hass)
        if grid is None:
            return None, None, None
        now = dt_util.utcnow()
        today, signal = paris_date(now), grid.data.ecowatt(now)
        if signal is not None:
            self.levels[today] = signal
        for day in [day for day in self.levels if day < today - _KEPT]:
            del self.levels[day]
        return grid.data.today(now), grid.data.tomorrow(now), signal
