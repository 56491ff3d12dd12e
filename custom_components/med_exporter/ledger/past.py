"""What a plug itself tells of the time before it was read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..engine.lazy_dataclass import dataclass
from ..engine.times import day_of, day_start
from .posting import check_told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, tzinfo
    from zoneinfo import ZoneInfo

    from ..engine.energy import HourKwh
    from .series import LedgerPlug

# How much of a past is booked at once.
_MONTHS_AT_ONCE = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class PlugHistory:
    """What a plug itself has counted in hours, on local days and in months, in kWh; read together.

    Hours go by their begin, aware and on a quarter-hour; months by their first day. Days and months
    end in `day_zone`, for None in the house's. Each is empty for a plug that keeps no such
    statistics. `is_all` says that nothing more follows.
    Raises ValueError for what is no energy, or no time.
    """

    plug: LedgerPlug
    hour_kwh: Mapping[datetime, HourKwh] = field(default_factory=dict)
    day_kwh: Mapping[date, float] = field(default_factory=dict)
    month_kwh: Mapping[date, float] = field(default_factory=dict)
    day_zone: tzinfo | None = None
    is_all: bool = True

    def __post_init__(self) -> None:
        check_told(hour_kwh=self.hour_kwh, day_kwh=self.day_kwh, month_kwh=self.month_kwh)

    def parts(self, zone: ZoneInfo) -> list[PlugHistory]:
        """Return the history of a few months of the plug each, oldest first; `zone` is the house's.

        Booked one after the other they come to the same as the whole: what a plug tells of a month
        goes to days of that month.
        """
        zone_of_days = self.day_zone or zone
        hours, days, months = (defaultdict[int, dict[Any, Any]](dict) for _ in range(3))
        for at, hour in self.hour_kwh.items():
            hours[_part_of(day_of(at.timestamp(), zone_of_days))][at] = hour
        for day, kwh in self.day_kwh.items():
            days[_part_of(day)][day] = kwh
        for month, kwh in self.month_kwh.items():
            months[_part_of(month)][month] = kwh
        *before, last = sorted(hours.keys() | days.keys() | months.keys()) or [0]
        return [
            replace(
                self,
                hour_kwh=hours[number],
                day_kwh=days[number],
                month_kwh=months[number],
                is_all=number == last,
            )
            for number in (*before, last)
        ]

    def stretch(self, zone: tzinfo) -> tuple[int, int]:
        """Return from when to when it may tell something, in UTC seconds, in the zone of days."""
        dates = [*self.day_kwh, *self.month_kwh]
        dates += [day_of(at.timestamp(), zone) for at in self.hour_kwh]
        if not dates:
            return 0, 0
        end = max(dates).replace(day=1) + timedelta(days=32)
        return day_start(min(dates), zone), day_start(end, zone)


def _part_of(day: date) -> int:
    return (12 * day.year + day.month) // _MONTHS_AT_ONCE
