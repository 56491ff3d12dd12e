"""How long the recorder's thread is held by a work of ours."""

from __future__ import annotations

from time import monotonic, thread_time


class Held:
    """The time since a work began in the recorder's thread, where this is made and asked.

    Args:
        short: seconds of the processor that it may take.
        late: seconds by the clock that it may take, with what others do meanwhile.

    """

    def __init__(self, short: float, late: float) -> None:
        self._short, self._late = short, late
        self._begun, self._worked = monotonic(), thread_time()

    @property
    def share(self) -> float:
        """How much of what it may take it has taken; more than 1 is too long."""
        return max(
            (thread_time() - self._worked) / self._short, (monotonic() - self._begun) / self._late
        )
