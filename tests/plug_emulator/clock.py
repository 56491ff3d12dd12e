"""The clock of a plug: a source of time, an offset and the plug's own time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Now = Callable[[], datetime]


def real_time() -> datetime:
    """Return the host's time; it follows freezegun where a test freezes it."""
    return datetime.now(UTC)


class Clock:
    """Time as one plug sees it.

    `source` gives an aware datetime. Another Clock is a source too: plugs that share
    one move together with it, and each can still be moved alone.
    """

    def __init__(
        self,
        source: Now = real_time,
        *,
        offset: timedelta = timedelta(0),
        timezone: ZoneInfo | None = None,
    ) -> None:
        self._source = source
        self.offset = offset
        self.timezone = timezone or ZoneInfo("Europe/Paris")

    def __call__(self) -> datetime:
        """Return now in UTC."""
        return self._source().astimezone(UTC) + self.offset

    def advance(self, by: timedelta) -> None:
        """Move the clock by `by`; a negative one moves it back."""
        self.offset += by

    def set(self, now: datetime) -> None:
        """Make the clock say `now` (aware) and go on from there."""
        self.offset += now - self()

    def local(self) -> datetime:
        """Return now in the plug's time zone."""
        return self().astimezone(self.timezone)

    def today(self) -> date:
        """Return the plug's local date."""
        return self.local().date()

    def day_start(self, day: date) -> datetime:
        """Return the local midnight at which `day` begins, in UTC."""
        return datetime.combine(day, time(), self.timezone).astimezone(UTC)
