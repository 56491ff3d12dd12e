"""How much a counter has grown, as Home Assistant's long-term statistics decide it."""

from __future__ import annotations

from typing import Final

_RESTARTED_BELOW: Final = 0.9
"""Of the number before: a greater fall is a restart, from 0."""


def growth[Number: (int, float)](before: Number, value: Number) -> Number:
    """Return how much a counter that only grows has grown from one number to the next."""
    return value if value < _RESTARTED_BELOW * before else value - before


def growth_of_total[Number: (int, float)](
    before: Number, value: Number, last_reset: float | None, reset: float | None
) -> Number:
    """Return how much a counter has grown that may fall, and says itself when it begins anew.

    Args:
        before: what it showed.
        value: what it shows now, in the same unit.
        last_reset: when it said last to have begun anew (UTC seconds), None for never.
        reset: what it says of that now; None where it says nothing, and has not.

    """
    return value if reset not in (None, last_reset) else value - before
