"""Rounding of amounts that are told apart in several ways and still add up to the same total.

What a range costs is added up exactly and rounded once, where it is shown, by the same rule
everywhere: so nobody sees another cent of it elsewhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

_NOISE_DIGITS = 6
"""Digits behind the last one shown that count; what is further back is noise of additions."""


def rounded(amount: float, decimals: int) -> float:
    """Return an amount by itself, as an `Apportioning` shows the total of several."""
    return _shown(_whole(amount, decimals), decimals)


def to_digits(value: float, decimals: int) -> float:
    """Return a value rounded by itself; without digits after the point it is a whole number."""
    # Adding 0.0 turns -0.0 into 0.0.
    return round(value, decimals) + 0.0 if decimals else round(value)


class Apportioning[K: Hashable]:
    """Rounds the amounts of several owners so that all of them add up to the rounded grand total.

    Each owner's amounts are rounded by their running total: they add up to its own total, rounded
    up or down such that the owners' totals add up to the grand one (largest remainders). So the
    sum of a column does not depend on how finely its amounts are told apart, and what an owner is
    shown is less than one unit of the last digit away from what it has.

    Args:
        decimals: digits after the point.
        totals: the exact total of each owner.

    """

    def __init__(self, decimals: int, totals: Mapping[K, float]) -> None:
        self._unit: int = 10**decimals
        self._decimals = decimals
        exact = {owner: self._units(total) for owner, total in totals.items()}
        whole = _whole(math.fsum(totals.values()), decimals)
        left = whole - sum(math.floor(units) for units in exact.values())
        self.total = _shown(whole, decimals)
        """The grand total, rounded."""
        # What is added to a running total before it is cut.
        self._push: dict[K, float] = {}
        for owner in sorted(exact, key=lambda one: -(exact[one] % 1)):
            part = exact[owner] % 1
            if left > 0:
                self._push[owner] = 0.5 if part >= 0.5 else 1 - part / 2
            else:
                self._push[owner] = 0.5 if part < 0.5 else (1 - part) / 2
            left -= 1
        self._running: dict[K, tuple[float, int]] = {}

    def rounded(self, owner: K, amount: float) -> float:
        """Return the next amount of an owner as it is shown."""
        running, shown = self._running.get(owner, (0.0, 0))
        running += amount
        units = math.floor(self._units(running) + self._push[owner])
        self._running[owner] = (running, units)
        return _shown(units - shown, self._decimals)

    def _units(self, amount: float) -> float:
        return round(amount * self._unit, _NOISE_DIGITS)


def _shown(units: int, decimals: int) -> float:
    """Return so many units of the last digit as an amount; a whole number without digits."""
    unit: int = 10**decimals
    return units / unit if decimals else units


def _whole(amount: float, decimals: int) -> int:
    """Return how many units of the last digit an amount has."""
    unit: int = 10**decimals
    return round(round(amount * unit, _NOISE_DIGITS))
