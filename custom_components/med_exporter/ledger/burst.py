"""Many plugs that bring their pasts at once, as where a whole house is added."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# In seconds: how long after the last past none is expected any more, and how long all that is
# waited for.
_QUIET: Final = 5.0
_PATIENCE: Final = 900.0
# So many pasts may come before it is worth while to wait for the next.
_FEW: Final = 10


class Burst:
    """Tells when no more pasts come.

    Each changes the sums of its metering point for a whole year: written after each of them, they
    would be written anew hundreds of times.

    Args:
        clock: returns seconds, as the event loop's.

    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count = self._open = 0
        self._last_at = float("-inf")

    def begin(self) -> None:
        """Note that a past has come, and is to be booked."""
        now = self._clock()
        goes_on = self._open or now - self._last_at <= _QUIET
        self._count = self._count + 1 if goes_on else 1
        self._open += 1
        self._last_at = now

    def end(self) -> None:
        """Note that a past is booked, or given up."""
        self._open -= 1
        self._last_at = self._clock()

    async def async_over(self) -> None:
        """Wait until no more come, and all that came are booked, however slow the recorder is.

        Not at all where few have come, and for minutes at most.
        """
        until = self._clock() + _PATIENCE
        while True:
            left = min(until - self._clock(), self._left())
            if left <= 0:
                return
            await asyncio.sleep(left)

    @property
    def goes_on(self) -> bool:
        """Tell whether many have come, and more may."""
        return self._left() > 0

    def _left(self) -> float:
        """Return for how long more are expected at least, in seconds."""
        if self._count <= _FEW:
            return 0.0
        return _QUIET if self._open else self._last_at + _QUIET - self._clock()
