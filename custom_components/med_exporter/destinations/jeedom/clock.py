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
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def stamp(self, moment: datetime) -> str:
        """Return the `datetime` of an event at an aware time."""
        local = moment.astimezone(UTC).astimezone(self._zone)
        if local.fold and not local.second:
            local += _SECOND
        return local.strftime(_FORMAT)

    def instant(self, stamp: str) -> datetime | None:
        """Return the UTC time of a value in Jeedom's history; None for what is no time."""
        try:
            local = datetime.strptime(stamp[:_LENGTH], _FORMAT)  # noqa: DTZ007 (zone follows)
        except ValueError:
            return None
        shifted = (local - _SECOND).replace(tzinfo=self._zone, fold=1)
        if local.second == 1 and shifted.utcoffset() != shifted.replace(fold=0).utcoffset():
            return shifted.astimezone(UTC)
        return local.replace(tzinfo=self._zone).astimezone(UTC)
