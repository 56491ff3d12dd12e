"""Checks of exported files for scripts/check_sums: their costs and energies, worked out again.

Shares no code with the integration.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from zoneinfo import ZoneInfo

OWN_MONEY = 0.001


class Prices(NamedTuple):
    """What files are compared with.

    `quarters` are quarter-hours of the ledger: local start, role, kWh. `price` gives the price of a
    kWh by local time and role; `compare` takes series, what, when, two amounts, how far these may
    lie apart, and the unit.
    """

    zone: ZoneInfo
    quarters: list[tuple[datetime, str, float]]
    price: Callable[[datetime, str], float]
    compare: Callable[[str, str, str, float, float, float, str], None]


def check_files(ledger: Prices, readings: Path | None, analysis: Path | None) -> None:
    """Check an hourly CSV of device_data and a daily CSV of cost_analysis, where there are any."""
    if readings is not None:
        check_readings(ledger, readings)
    if analysis is not None:
        check_analysis(ledger, analysis)


def check_readings(ledger: Prices, path: Path) -> None:
    """Compare the costs of an hourly export of readings with the quarter-hours, by day.

    What a plug produces costs less than nothing.
    """
    theirs: defaultdict[str, float] = defaultdict(float)
    names: set[str] = set()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["cost"]:
                begin = datetime.fromisoformat(row["timestamp"]).astimezone(ledger.zone)
                theirs[str(begin.date())] += float(row["cost"])
                names.add(row["device_name"])
    ours: defaultdict[str, float] = defaultdict(float)
    for local, role, kwh in ledger.quarters:
        if role != "ignored":
            sign = 1 if role == "consumption" else -1
            ours[str(local.date())] += sign * kwh * ledger.price(local, role)
    what = "readings' cost by day = quarter-hours, priced here"
    for day, cost in sorted(theirs.items()):
        # Counters show whole watt-hours, at either end of a day.
        ledger.compare("device_data", what, day, cost, ours[day], OWN_MONEY * len(names), "money")


def check_analysis(ledger: Prices, path: Path) -> None:
    """Compare a daily analysis of costs with the quarter-hours, by day and as a whole."""
    columns = {"energy_kwh": 0, "energy_cost": 1, "feed_in": 2}
    theirs: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    lines: defaultdict[str, int] = defaultdict(int)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = str(datetime.fromisoformat(row["period_start"]).date())
            lines[day] += 1
            for name, place in columns.items():
                theirs[day][place] += float(row[name] or 0)
    ours: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for local, role, kwh in ledger.quarters:
        day = str(local.date())
        if day in theirs and role != "ignored":
            consumed = role == "consumption"
            ours[day][1 if consumed else 2] += kwh * ledger.price(local, role)
            ours[day][0] += kwh * consumed
    for name, place in columns.items():
        most, unit = (0.001, "kWh") if place == 0 else (0.01, "money")
        what = f"{name} = quarter-hours"
        for day in sorted(theirs):
            # Each line is rounded to the cent, energy to the watt-hour.
            allowed = most * lines[day]
            one, other = theirs[day][place], ours[day][place]
            ledger.compare("cost_analysis", what, day, one, other, allowed, unit)
        one = sum(days[place] for days in theirs.values())
        other = sum(days[place] for days in ours.values())
        allowed = most * max(lines.values(), default=0)
        ledger.compare("cost_analysis", what, "as a whole", one, other, allowed, unit)
