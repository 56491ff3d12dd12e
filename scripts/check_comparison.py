#!/usr/bin/env python3
"""Checks from outside, to the cent, what a comparison of contracts says.

Opens the SQLite database of a Home Assistant for reading only, prices what a metering point has
used and produced, under its own contracts and those that were asked for, by quarter-hour, or by
minute where hours of a contract begin within one. Compares the amounts of each month, the totals
and what moving a tenth to cheap hours would bring with a file `contract_comparison` in JSON. Tiers
are left out. Ends with status 1 where amounts differ: by more than a cent in a month, whose
amounts are rounded so that they add up, by more than half a cent in all. Shares no code with the
integration.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sqlite3
import struct
import sys
from calendar import monthrange
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scripts.sum_table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MINUTE, QUARTER, HOUR, DAY = 60, 900, 3600, 86_400
MWH = 1_000_000
UNKNOWN = -(2**31)
ROLES = ("consumption", "production")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTH_CENT, CENT = 0.01, 0.005

type Slots = dict[str, list[tuple[int, int, float]]]
type Price = Callable[[datetime, float], float | None]


class Facts:
    """What the database tells of a metering point.

    `slots` are start, seconds and kWh of what was used and produced, by role.
    """

    def __init__(self, connection: sqlite3.Connection, point: str) -> None:
        self._connection = connection
        own = connection.execute(
            "SELECT contracts, colours, time_zone FROM med_exporter_tariffs"
            " WHERE metering_point = ?",
            (point,),
        ).fetchone()
        contracts, colours, zone = own or ("[]", "{}", "UTC")
        self.contracts: list[dict[str, Any]] = json.loads(contracts)
        self.colours: dict[str, str] = json.loads(colours)
        self.zone = ZoneInfo(zone)
        self.slots: Slots = {role: sorted(self._slots(point, role)) for role in ROLES}

    def shown(self, entity_id: str) -> dict[int, float]:
        """Return what an entity's kWh cost by quarter-hour."""
        rows = self._connection.execute(
            "SELECT day, prices FROM med_exporter_prices WHERE entity_id = ?", (entity_id,)
        )
        return {
            day * DAY + place * QUARTER: price
            for day, packed in rows
            for place, price in enumerate(struct.unpack("<96d", packed))
            if not math.isnan(price)
        }

    def _slots(self, point: str, role: str) -> Iterator[tuple[int, int, float]]:
        first = math.inf
        rows = self._connection.execute(
            "SELECT day, energy FROM med_exporter_quarters"
            " JOIN med_exporter_accounts ON id = account_id"
            " WHERE metering_point = ? AND role = ?",
            (point, role),
        )
        for day, energy in rows:
            numbers = struct.unpack("<96i" if len(energy) == 4 * 96 else "<96q", energy)
            for place, mwh in enumerate(numbers):
                if mwh != UNKNOWN:
                    start = day * DAY + place * QUARTER
                    first = min(first, start)
                    yield start, QUARTER, mwh / MWH
        has = "SELECT 1 FROM sqlite_master WHERE name = 'statistics'"
        if self._connection.execute(has).fetchone() is None:
            return
        before = 0.0
        hours = self._connection.execute(
            "SELECT start_ts, sum FROM statistics JOIN statistics_meta ON"
            " statistics_meta.id = metadata_id WHERE statistic_id = ? ORDER BY start_ts",
            (f"med_exporter:{role}_{point}",),
        )
        for start, total in hours:
            # The hour in which the ledger begins is in it from there on only.
            if start < first // HOUR * HOUR if first < math.inf else True:
                yield int(start), HOUR, max(total - before, 0.0)
            before = total


@dataclass(slots=True)
class Amounts:
    """What a stretch costs and brings."""

    energy_cost: float = 0.0
    standing_charge: float = 0.0
    feed_in: float = 0.0


def price_of(contract: dict[str, Any], facts: Facts, colours: dict[str, str]) -> Price:
    """Return what tells the price of a kWh by local time and UTC second. Raises ValueError."""
    match contract["kind"]:
        case "flat" | "base":
            return lambda _local, _moment: float(contract["price"])
        case "peak_off_peak":
            return lambda local, _: _of_hours(contract, local)
        case "time_of_use":
            return lambda local, _: _of_period(contract, local)
        case "tempo":
            return lambda local, _: _of_colour(contract, colours, local)
        case "sensor_price":
            shown = facts.shown(contract["entity_id"])
            factor, fixed = contract.get("factor", 1), contract.get("fixed", 0)
            tax = 1 + contract.get("tax", 0) / 100

            def spot(_: datetime, moment: float) -> float | None:
                price = shown.get(int(moment // QUARTER) * QUARTER)
                return None if price is None else (price * factor + fixed) * tax

            return spot
    raise ValueError(f"cannot price {contract['kind']}")


def _holds(hours: dict[str, Any], local: datetime) -> bool:
    """Tell whether hours, which may pass midnight, hold at a local time."""
    start, end = (time.fromisoformat(hours[edge]) for edge in ("start", "end"))
    days = hours.get("days", WEEK)
    now, today = local.time().replace(second=0), WEEK[local.weekday()]
    yesterday = WEEK[local.weekday() - 1]
    if start < end:
        return today in days and start <= now < end
    return (today in days and now >= start) or (yesterday in days and now < end)


def _of_hours(contract: dict[str, Any], local: datetime) -> float:
    is_cheap = any(_holds(hours, local) for hours in contract["off_peak_hours"])
    return float(contract["off_peak_price" if is_cheap else "peak_price"])


def _of_period(contract: dict[str, Any], local: datetime) -> float:
    return next(float(one["price"]) for one in contract["periods"] if _holds(one, local))


def _of_colour(contract: dict[str, Any], colours: dict[str, str], local: datetime) -> float | None:
    day = local.date() if local.hour >= 6 else local.date() - timedelta(days=1)
    if (colour := colours.get(str(day))) is None:
        return None
    hours = "peak" if 6 <= local.hour < 22 else "off_peak"
    return float(contract["prices"][colour][hours])


class Priced:
    """A contract's amounts, worked out step by step."""

    def __init__(
        self, facts: Facts, zone: ZoneInfo, contracts: list[dict[str, Any]], colours: dict[str, str]
    ) -> None:
        self._zone = zone
        self._facts = facts
        self._contracts = sorted(contracts, key=lambda one: str(one.get("valid_from", "")))
        self._prices = [price_of(one, facts, colours) for one in self._contracts]
        times = re.findall(r'"[0-9]{2}:([0-9]{2})', json.dumps(contracts))
        self._step = MINUTE if any(int(minute) % 15 for minute in times) else QUARTER
        self.months: defaultdict[str, Amounts] = defaultdict(Amounts)
        self.saving = 0.0

    def read(self, start: float, end: float) -> None:
        """Add up everything from start to end (UTC seconds)."""
        day = self._local(start).date()
        while (midnight := self._midnight(day)) < end:
            following = self._midnight(day + timedelta(days=1))
            place = self._place(day)
            if place is not None:
                charge = self._contracts[place].get("standing_charge", 0)
                share = (min(end, following) - max(start, midnight)) / (following - midnight)
                days = monthrange(day.year, day.month)[1]
                self.months[f"{day:%Y-%m}"].standing_charge += share * charge / days
                self._read_day(day, place, (midnight, following), (start, end))
            day += timedelta(days=1)

    def _read_day(
        self, day: date, place: int, whole: tuple[int, int], stretch: tuple[float, float]
    ) -> None:
        month, price = self.months[f"{day:%Y-%m}"], self._prices[place]
        prices = {at: price(self._local(at), at) for at in range(*whole, self._step)}
        used = self._by_step("consumption", whole, stretch)
        for at, kwh in used.items():
            month.energy_cost += kwh * (prices[at] or 0.0)
        feed_in = self._contracts[place].get("feed_in", 0)
        month.feed_in += feed_in * sum(self._by_step("production", whole, stretch).values())
        known = sorted(one for one in prices.values() if one is not None)
        cheapest = known[: 6 * HOUR // self._step]
        if cheapest:
            cheap = sum(cheapest) / len(cheapest)
            dear = ((at, one) for at, one in prices.items() if one is not None and one > cheap)
            self.saving += sum(0.1 * used.get(at, 0.0) * (one - cheap) for at, one in dear)

    def _by_step(
        self, role: str, whole: tuple[int, int], stretch: tuple[float, float]
    ) -> dict[int, float]:
        found: defaultdict[int, float] = defaultdict(float)
        for start, seconds, kwh in self._of_day(role, whole):
            for at in range(start, start + seconds, self._step):
                if max(whole[0], stretch[0]) <= at < min(whole[1], stretch[1]):
                    found[at] += kwh * self._step / seconds
        return found

    def _of_day(self, role: str, whole: tuple[int, int]) -> Iterator[tuple[int, int, float]]:
        slots = self._facts.slots[role]
        low, high = 0, len(slots)
        while low < high:
            middle = (low + high) // 2
            if slots[middle][0] + HOUR <= whole[0]:
                low = middle + 1
            else:
                high = middle
        while low < len(slots) and slots[low][0] < whole[1]:
            yield slots[low]
            low += 1

    def _place(self, day: date) -> int | None:
        began = [
            place
            for place, one in enumerate(self._contracts)
            if str(one.get("valid_from", "")) <= str(day)
        ]
        return began[-1] if began else None

    def _local(self, moment: float) -> datetime:
        return datetime.fromtimestamp(moment, UTC).astimezone(self._zone)

    def _midnight(self, day: date) -> int:
        return int(datetime.combine(day, time(), self._zone).timestamp())


def check(table: Table, name: str, priced: Priced, said: dict[str, Any]) -> None:
    """Compare one contract's months, totals and saving with what the file says."""
    kinds = ("energy_cost", "standing_charge", "feed_in")
    rows = [row for row in said["contract_months"] if row["contract"] == name]
    table.compare(name, "months", "all", len(rows), len(priced.months), 0, "months")
    for row in rows:
        month = priced.months[row["period_start"][:7]]
        for kind in kinds:
            when = row["period_start"][:7]
            table.compare(name, kind, when, row[kind], getattr(month, kind), MONTH_CENT, "money")
    (total,) = [row for row in said["contracts"] if row["contract"] == name]
    exact = {kind: sum(getattr(one, kind) for one in priced.months.values()) for kind in kinds}
    for kind in kinds:
        table.compare(name, f"{kind} in all", "all", total[kind], exact[kind], CENT, "money")
    shown = round(sum((1, 1, -1)[place] * total[kind] for place, kind in enumerate(kinds)), 2)
    table.compare(name, "total = its parts", "all", total["total"], shown, 0, "money")
    saved = total["shift_saving"]
    table.compare(name, "a tenth moved to cheap hours", "all", saved, priced.saving, CENT, "money")


def main() -> int:
    """Check a comparison and return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/check_comparison.py", description=__doc__)
    parser.add_argument("database", type=Path, help="the recorder's SQLite file")
    parser.add_argument("comparison", type=Path, help="a file contract_comparison in JSON")
    parser.add_argument("point", help="the metering point's slug")
    parser.add_argument(
        "--contracts", type=Path, required=True, help="JSON: the contracts that were asked for"
    )
    parser.add_argument("--end", required=True, help="when the range ends, with its offset")
    parser.add_argument("--colours", type=Path, help="JSON: colours of Tempo by date")
    arguments = parser.parse_args()
    try:
        said = _read(arguments.comparison)
        offers = _read(arguments.contracts)
        uri = f"{arguments.database.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            facts = Facts(connection, arguments.point)
            colours = facts.colours | (_read(arguments.colours) if arguments.colours else {})
            contracts = {one.get("name") or one["kind"]: [one] for one in offers}
            if facts.contracts:
                contracts["own"] = facts.contracts
            start = min(datetime.fromisoformat(m["period_start"]) for m in said["contract_months"])
            end = datetime.fromisoformat(arguments.end)
            table = Table()
            for name, own in contracts.items():
                priced = Priced(facts, facts.zone, own, colours)
                priced.read(start.timestamp(), end.timestamp())
                check(table, name, priced, said)
    except (OSError, ValueError, KeyError, sqlite3.Error) as error:
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    table.show()
    return 1 if table.differences else 0


def _read(path: Path) -> Any:  # noqa: ANN401 (JSON)
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
