"""Which time zone a clock is in that shows a certain time now, and where two zones differ."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ...engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, tzinfo

_LOOK_BACK: Final = timedelta(days=400)
_STEP: Final = timedelta(hours=1)
_QUARTER: Final = timedelta(minutes=15)
_HOUR: Final = timedelta(hours=1)
# They leave their summer time for the month of Ramadan: nothing but that month could rule them out.
_NOT_GUESSED: Final = frozenset({"Africa/Casablanca", "Africa/El_Aaiun"})
# What a clock that is kept by the network may be off, and the answer be late.
_EXACT: Final = timedelta(minutes=2)
# What one that nobody keeps may be off: no zone of the neighbourhood is nearer.
_ROUGH: Final = timedelta(minutes=29)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a clock showed: how far it was ahead of UTC at a moment (UTC).

    `is_exact` tells that its difference to UTC is that of its own clock to itself, so that it
    does not count how wrong that clock is.
    """

    at: datetime
    ahead: timedelta
    is_exact: bool

    def fits(self, zone: tzinfo) -> bool:
        """Return whether a clock of this zone may have shown that."""
        tolerance = _EXACT if self.is_exact else _ROUGH
        return abs(_ahead(zone, self.at) - self.ahead) <= tolerance

    def settled(self) -> Shown:
        """Return it without the error of the clock: in whole hours, unless it is very near.

        A clock that is off by a quarter-hour is likelier than a zone that is.
        """
        near = round(self.ahead / _QUARTER) * _QUARTER
        if abs(near - self.ahead) > _EXACT or not _is_somewhere(near, self.at):
            near = round(self.ahead / _HOUR) * _HOUR
        return Shown(self.at, near, is_exact=True)


def zones_like(shown: Sequence[Shown]) -> list[str]:
    """Return the names of all zones whose clocks show all that, oldest first in `shown`.

    Reads the zones from disk. Where no zone fits all, the oldest say nothing any more: the zone
    was changed.
    """
    for first in range(len(shown)):
        fitting = [name for name, zone in _zones() if all(one.fits(zone) for one in shown[first:])]
        if fitting:
            return sorted(fitting)
    return []


def agree_since(names: Sequence[str], now: datetime) -> datetime | None:
    """Return from when on (UTC) the clocks of these zones show the same; None: for long."""
    zones = [ZoneInfo(name) for name in names]
    moment = now.replace(minute=0, second=0, microsecond=0)
    oldest = moment - _LOOK_BACK
    kinds = {_offsets(zone, moment, oldest): zone for zone in zones}
    since = None
    while len(kinds) > 1 and moment > oldest:
        if len({_ahead(zone, moment) for zone in kinds.values()}) > 1:
            since = moment + _STEP
            break
        moment -= _STEP
    return since


def differences(
    one: tzinfo, other: tzinfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of time (UTC) in which two zones' clocks differ, the latest first."""
    until: datetime | None = None
    moment = end
    while moment > start:
        differs = _ahead(one, moment) != _ahead(other, moment)
        if differs and until is None:
            until = moment
        elif not differs and until is not None:
            yield moment, until
            until = None
        moment -= _STEP
    if until is not None:
        yield start, until


def _ahead(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _offsets(zone: tzinfo, latest: datetime, oldest: datetime) -> tuple[timedelta, ...]:
    days = range(0, (latest - oldest).days, 7)
    return tuple(_ahead(zone, latest - timedelta(days=day)) for day in days)


def _is_somewhere(ahead: timedelta, moment: datetime) -> bool:
    return any(_ahead(zone, moment) == ahead for _, zone in _zones())


def _zones() -> Iterator[tuple[str, ZoneInfo]]:
    for name in available_timezones() - _NOT_GUESSED:
        # Fixed distances are nobody's setting.
        if name == "UTC" or ("/" in name and not name.startswith(("Etc/", "SystemV/", "posix/"))):
            try:
                yield name, ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
