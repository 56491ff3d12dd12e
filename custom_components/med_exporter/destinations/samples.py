"""Values that a connection test may send: those that a run would end with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Container

    from homeassistant.core import HomeAssistant

    from .base import Intake
    from .measurements import Measurement

type LatestPeriods = Callable[[Intake, Collection[str]], Awaitable[list[Measurement]]]
"""Returns the last values of each series that a run would send of some data types, closed first."""

DATA_LATEST: HassKey[LatestPeriods] = HassKey(f"{DOMAIN}_latest_periods")
_DATA_GIVEN: HassKey[set[tuple[str, str, int]]] = HassKey(f"{DOMAIN}_given_by_tests")


class Samples:
    """What tests of a destination may send, and what they have sent.

    A run that finds what a test has sent counts it as its own.

    Args:
        hass: Home Assistant.
        address: where the destination is.
        intake: what it takes.
        data: the data types that it receives.

    """

    def __init__(
        self, hass: HomeAssistant, address: str, intake: Intake, data: Collection[str]
    ) -> None:
        self._hass = hass
        self._address = address
        self._intake = intake
        self._data = data
        self._given = hass.data.setdefault(_DATA_GIVEN, set())

    async def async_latest(self) -> list[Measurement]:
        """Return the last values of each series, closed first; none where nothing is known."""
        latest = self._hass.data.get(DATA_LATEST)
        return [] if latest is None else await latest(self._intake, self._data)

    def note(self, series: str, stamp: int) -> None:
        """Take note that a test has sent the period of a series that has this stamp."""
        self._given.add((self._address, series, stamp))

    def take(self, series: str, stamps: Container[int]) -> set[int]:
        """Return which of some stamps of a series tests have sent since this was last asked."""
        taken = {
            one for one in self._given if one[:2] == (self._address, series) and one[2] in stamps
        }
        self._given.difference_update(taken)
        return {stamp for _, _, stamp in taken}
