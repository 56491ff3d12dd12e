"""Values that a connection test may send: those that a run would end with."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Container, Iterator

    from homeassistant.core import HomeAssistant

    from .base import Intake
    from .measurements import Measurement

type LatestPeriods = Callable[[Intake, Collection[str]], Awaitable[list[Measurement]]]
"""Returns the last values of each series that a run would send of some data types, closed first."""

DATA_LATEST: HassKey[LatestPeriods] = HassKey(f"{DOMAIN}_latest_periods")


class Given:
    """What is sent of the series of one server, by tests of destinations and by runs."""

    def __init__(self) -> None:
        self._stamps: set[tuple[str, int]] = set()
        self._pushed: Counter[str] = Counter()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def note(self, series: str, stamp: int) -> None:
        """Take note that a test has sent the period of a series that has this stamp."""
        self._stamps.add((series, stamp))

    def take(self, series: str, stamps: Container[int]) -> set[int]:
        """Return which of some stamps of a series tests have sent since this was last asked."""
        taken = {one for one in self._stamps if one[0] == series and one[1] in stamps}
        self._stamps.difference_update(taken)
        return {stamp for _, stamp in taken}

    def turn(self, series: str) -> asyncio.Lock:
        """Return what is held while something of a series is sent."""
        return self._turns[series]

    @contextmanager
    def pushing(self, series: str) -> Iterator[None]:
        """Let tests leave a series alone: what a run sends may not be readable yet."""
        self._pushed[series] += 1
        try:
            yield
        finally:
            self._pushed[series] -= 1

    def is_pushed(self, series: str) -> bool:
        """Return whether a run is pushing a series."""
        return self._pushed[series] > 0


_DATA_GIVEN: HassKey[defaultdict[str, Given]] = HassKey(f"{DOMAIN}_given_by_tests")


class Samples:
    """What tests of a destination may send, and what they have sent.

    A run that finds what a test has sent counts it as its own.

    Args:
        hass: Home Assistant.
        address: where the destination is.
        intake: what it takes.
        data: the data types that it receives.

    Attributes:
        given: what is sent to that address.

    """

    def __init__(
        self, hass: HomeAssistant, address: str, intake: Intake, data: Collection[str]
    ) -> None:
        self._hass = hass
        self._intake = intake
        self._data = data
        self.given = hass.data.setdefault(_DATA_GIVEN, defaultdict(Given))[address]

    async def async_latest(self) -> list[Measurement]:
        """Return the last values of each series, closed first; none where nothing is known."""
        latest = self._hass.data.get(DATA_LATEST)
        return [] if latest is None else await latest(self._intake, self._data)
