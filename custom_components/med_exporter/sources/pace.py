"""How often a server may be asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .web import SourceError

_FIRST_PAUSE: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_LONGEST_WAIT: Final = timedelta(days=1)
# Only the user can mend these, and mending them starts afresh.
_ACCOUNT_PAUSE: Final = timedelta(hours=6)
ACCOUNT_CODES: Final = frozenset({"invalid_auth", "not_subscribed"})


def growing_pause(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: 5, 10, 20 minutes … an hour."""
    return min(_FIRST_PAUSE * (1 << min(max(failures - 1, 0), 10)), _LONGEST_PAUSE)


class Pace:
    """When one server may be asked again.

    `interval` is the least time between two questions, whatever came of them.
    """

    def __init__(self, interval: timedelta = timedelta(0)) -> None:
        self._interval = interval
        self._failures = 0
        self.error: SourceError | None = None
        self.until: datetime | None = None

    def may_ask(self, now: datetime) -> bool:
        """Return whether the server may be asked now."""
        # Nothing waits longer than a day, unless the clock was wrong when the wait began.
        return self.until is None or not now < self.until <= now + _LONGEST_WAIT

    def answered(self, now: datetime) -> None:
        """Note an answer."""
        self._failures = 0
        self.error = None
        self.until = now + self._interval

    def failed(self, now: datetime, error: SourceError) -> None:
        """Note a failure: wait longer each time, and as long as the server asks."""
        self._failures += 1
        self.error = error
        pause = _ACCOUNT_PAUSE if error.code in ACCOUNT_CODES else growing_pause(self._failures)
        self.until = now + max(pause, self._interval, error.retry_after or timedelta(0))

    @property
    def failing(self) -> bool:
        """Return whether the latest answer was none."""
        return self._failures > 0

    def to_stored(self) -> dict[str, Any] | None:
        """Return what a restart goes on with; nothing for errors of the account."""
        if self.until is None or (self.error is not None and self.error.code in ACCOUNT_CODES):
            return None
        return {"until": self.until.isoformat(), "failures": self._failures}

    def restore(self, stored: Mapping[str, Any] | None) -> None:
        """Wait as `to_stored` told."""
        if stored is not None:
            self.until = datetime.fromisoformat(stored["until"])
            self._failures = stored["failures"]
