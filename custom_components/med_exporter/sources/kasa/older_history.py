"""The days and months that older plugs list."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from kasa import Device, Module
from kasa.iot.modules import Emeter

from ..plug import PlugStatistics
from .plug_time import PlugTime

if TYPE_CHECKING:
    from collections.abc import Iterable


async def of_older(plug: Device, since: date, today: date) -> PlugStatistics:
    """Return what an older plug has counted from one local date to another, both included."""
    clock = PlugTime.of(plug)
    since, today = clock.first_day(since), max(today, clock.day(clock.now()))
    energy = plug.modules[Module.Energy]
    assert isinstance(energy, Emeter)
    months = await months_of_older(energy, since, today)
    days: dict[date, float] = {}
    for first in months:
        rows = (await energy.get_raw_daystat(year=first.year, month=first.month))["day_list"]
        listed = (first.replace(day=row["day"]) for row in rows)
        days |= {day: day_kwh(rows, day) for day in listed}
    return PlugStatistics(
        days={day: kwh for day, kwh in sorted(days.items()) if since <= day <= today},
        months=months,
        zone=clock.zone_of_days(),
    )


async def months_of_older(energy: Emeter, since: date, today: date) -> dict[date, float]:
    """Return the months of these dates, both included, as an older plug lists them."""
    months: dict[date, float] = {}
    for year in range(since.year, today.year + 1):
        rows = (await energy.get_raw_monthstat(year=year))["month_list"]
        for number in sorted({row["month"] for row in rows}):
            first = date(year, number, 1)
            if since.replace(day=1) <= first <= today:
                months[first] = month_kwh(rows, first)
    return months


def day_kwh(rows: Iterable[dict[str, Any]], day: date) -> float:
    """Return the kWh of a day, 0 where a plug lists none: rows of another month are no answer."""
    return _kwh(rows, {"year": day.year, "month": day.month, "day": day.day})


def month_kwh(rows: Iterable[dict[str, Any]], month: date) -> float:
    """Return the kWh of the month of a date, 0 where a plug lists none."""
    return _kwh(rows, {"year": month.year, "month": month.month})


def _kwh(rows: Iterable[dict[str, Any]], period: dict[str, int]) -> float:
    for row in rows:
        if period.items() <= row.items():
            # Firmwares differ in the unit.
            return float(row["energy_wh"] / 1000 if "energy_wh" in row else row["energy"])
    return 0.0
