"""The time as a plug sees it: by this it cuts the past that it tells."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Final, Self
from zoneinfo import ZoneInfo

from kasa import Module
from kasa.smart.smartmodule import SmartModule

from ...clocks.local import local_zone
from ...engine.energy import HourKwh
from ...engine.lazy_dataclass import dataclass
from ...engine.times import QUARTER
from ..plug import CLOCK_IS_RIGHT
from .configuration import FAILURES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from kasa import Device

# A clock that is further off says nothing of how far it was off before.
_MOST_OFF: Final = timedelta(days=2)
_HOUR: Final = timedelta(hours=1)
_WATT_HOUR: Final = 0.001
# python-kasa 0.10 takes Eastern time, which older plugs tell by a number, for one without summer
# time.
_SUMMERLESS: Final = "EST"
_EASTERN: Final = ZoneInfo("America/New_York")


def shown_by(plug: Device) -> datetime | None:
    """Return the time, aware, that a plug showed when it was read; None where it told none."""
    module = plug.modules.get(Module.Time)
    try:
        shown = None if module is None else module.time
    except (*FAILURES, OverflowError):
        return None
    if shown is not None and getattr(shown.tzinfo, "key", None) == _SUMMERLESS:
        return shown.replace(tzinfo=_EASTERN)
    return shown


@dataclass(frozen=True, kw_only=True, slots=True)
class PlugTime:
    """A plug's clock: `ahead` of the true time, in a time zone of its own."""

    ahead: timedelta
    zone: tzinfo

    @classmethod
    def of(cls, plug: Device) -> Self:
        """Return the clock of a plug that was read just now."""
        house, now = local_zone(), datetime.now(UTC)
        clock = shown_by(plug)
        if clock is not None and not isinstance(plug.modules.get(Module.Time), SmartModule):
            # An older plug tells no more than what it shows, which it may show twice in a night.
            clock = min((clock, clock.replace(fold=1)), key=lambda one: abs(one - now))
        if clock is None or abs(clock - now) > _MOST_OFF:
            return cls(ahead=timedelta(0), zone=house)
        # A zone without a name has no summer time: that of the house is likelier.
        is_house = not isinstance(clock.tzinfo, ZoneInfo) and (
            clock.utcoffset() == now.astimezone(house).utcoffset()
        )
        # An answer takes its time: a few seconds are none.
        ahead = timedelta(seconds=round((clock - now).total_seconds(), -1))
        return cls(
            ahead=ahead if abs(ahead) > CLOCK_IS_RIGHT else timedelta(0),
            zone=house if is_house or clock.tzinfo is None else clock.tzinfo,
        )

    def zone_of_days(self) -> tzinfo:
        """Return a zone in which its days end where they do, to a quarter-hour."""
        if quarters := round(self.ahead.total_seconds() / QUARTER):
            offset = datetime.now(UTC).astimezone(self.zone).utcoffset() or timedelta(0)
            return timezone(offset + quarters * timedelta(seconds=QUARTER))
        return self.zone

    def now(self) -> datetime:
        """Return the time that it shows, in UTC."""
        return datetime.now(UTC) + self.ahead

    def day(self, at: datetime) -> date:
        """Return its date when it shows a time."""
        return at.astimezone(self.zone).date()

    def first_day(self, since: date) -> date:
        """Return the date that it showed when a day of the house began."""
        return self.day(datetime.combine(since, time(), local_zone()).astimezone(UTC) + self.ahead)

    def midnight(self, day: date) -> datetime:
        """Return the beginning of one of its days as it shows it, in UTC."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def hours_of(self, day: date) -> int:
        """Return how many whole hours a date of the plug has."""
        return (self.midnight(day + timedelta(days=1)) - self.midnight(day)) // _HOUR

    def is_in_hours(self, day: date) -> bool:
        """Tell whether a date of the plug has no other hours than whole ones."""
        return not (self.midnight(day + timedelta(days=1)) - self.midnight(day)) % _HOUR

    def offset(self, day: date) -> timedelta | None:
        """Return how far its zone is from UTC when a day begins."""
        return self.midnight(day).astimezone(self.zone).utcoffset()

    def true_hours(self, hours: Mapping[datetime, float]) -> dict[datetime, HourKwh]:
        """Return what was used in hours that begin nearest to its own, on a quarter-hour.

        What of its own lies beside them, less than half a quarter-hour, is shared out by time; the
        last one ends now. Where that is a watt-hour or more beyond a half-hour of the house, it is
        told, too, from when on four quarter-hours are the whole that nobody can split: a quarter of
        an hour towards where it was shared to, so that they lie on both sides.
        """
        if not self.ahead:
            return {at: HourKwh(kwh) for at, kwh in hours.items()}
        true: dict[datetime, float] = defaultdict(float)
        wholes: dict[datetime, datetime] = {}
        house, now = local_zone(), datetime.now(UTC)
        for shown, kwh in hours.items():
            start = shown - self.ahead
            end = max(min(start + _HOUR, now), start + timedelta(seconds=1))
            place = datetime.fromtimestamp(round(start.timestamp() / QUARTER) * QUARTER, UTC)
            towards = 1 if place <= start else -1
            length = end - start
            outside = max(place - start, end - place - _HOUR, timedelta(0))
            share = min(1.0, outside / length)
            true[place] += kwh * (1 - share)
            if share:
                true[place + towards * _HOUR] += kwh * share
            if kwh * share >= _WATT_HOUR and not place.astimezone(house).minute % 30:
                wholes[place] = place + towards * timedelta(seconds=QUARTER)
        return {at: HourKwh(kwh, wholes.get(at)) for at, kwh in sorted(true.items())}
