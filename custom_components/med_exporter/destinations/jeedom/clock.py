"""Times as Jeedom wants them: local, without offset, one value per second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import tzinfo

_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
_LENGTH: Final = len("2026-11-20 14:30:00")
_SECOND: Final = timedelta(seconds=1)


class JeedomClock:
    """The clock of a Jeedom in its time zone.

    Jeedom's local times are ambiguous in the hour that the change to winter time repeats, and a
    value replaces another one of the same second. Whatever falls on a full minute the second time
    is therefore written one second later: `02:30:00`, then `02:30:01`.

    Attributes:
        zone: Jeedom's time zone, or one whose clocks show the time that Jeedom's shows.
        certain_since: from when on (UTC) that is known for sure; None where it always is.

    """

    def __init__(self, zone: tzinfo, certain_since: datetime | None = None) -> None:
        self.zone = zone
        self.certain_since = certain_since

    def is_certain_of(self, moment: datetime) -> bool:
        """Return whether what Jeedom's clock showed at an aware time is known."""
        return self.certain_since is None or moment >= self.certain_since

    def stamp(self, moment: datetime) -> str:
        """Return the `datetime` of an event at an aware time."""
        local = moment.astimezone(UTC).astimezone(self.zone)
        if local.fold and not local.second:
            local += _SECOND
        return local.strftime(_FORMAT)

    def instant(self, stamp: str) -> datetime | None:
        """Return the UTC time of a value in Jeedom's history; None for what is no time."""
        try:
            local = datetime.strptime(stamp[:_LENGTH], _FORMAT)  # noqa: DTZ007 (zone follows)
        except ValueError:
            return None
        shifted = (local - _SECOND).replace(tzinfo=self.zone, fold=1)
        if local.second == 1 and shifted.utcoffset() != shifted.replace(fold=0).utcoffset():
            return shifted.astimezone(UTC)
        return local.replace(tzinfo=self.zone).astimezone(UTC)
