"""The days and months that older plugs list."""

from __future__ import annotations

from datetime import date
from typing import Any

from kasa import Device, Module
from kasa.iot.modules import Emeter

from ..plug import PlugStatistics


async def of_older(plug: Device, since: date, today: date) -> PlugStatistics:
    """Return what an older plug has counted from one local date to another, both included."""
    energy = plug.modules[Module.Energy]
    assert isinstance(energy, Emeter)
    months = await months_of_older(energy, since, today)
    days: dict[date, float] = {}
    for first in months:
        rows = (await energy.get_raw_daystat(year=first.year, month=first.month))["day_list"]
        days |= {first.replace(day=row["day"]): period_kwh(rows, "day", row["day"]) for row in rows}
    return PlugStatistics(
        days={day: kwh for day, kwh in sorted(days.items()) if since <= day <= today},
        months=months,
    )


async def months_of_older(energy: Emeter, since: date, today: date) -> dict[date, float]:
    """Return the months of these dates, both included, as an older plug lists them."""
    months: dict[date, float] = {}
    for year in range(since.year, today.year + 1):
        rows = (await energy.get_raw_monthstat(year=year))["month_list"]
        for number in sorted({row["month"] for row in rows}):
            first = date(year, number, 1)
            if since.replace(day=1) <= first <= today:
                months[first] = period_kwh(rows, "month", number)
    return months


def period_kwh(rows: list[dict[str, Any]], period: str, number: int) -> float:
    """Return the kWh of a day or month; firmwares differ in the unit. 0 where there is none."""
    for row in rows:
        if row[period] == number:
            return float(row["energy_wh"] / 1000 if "energy_wh" in row else row["energy"])
    return 0.0
