"""What the demo's Home Assistant measures itself, for years: a second metering point.

A supplier's import brings the grid's meter both ways, the panels on the roof and two devices; the
Energy dashboard has them, and the integration takes them over from there.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tests.real_home import RequestError

from .output import DemoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real_home import HomeClient, RealHome

NAME: Final = "Whole house"
PDL: Final = "12345678901234"
YEARS: Final = 3

_SOURCE: Final = "supplier"
_METER: Final = "med_exporter:energy_meter_"
_NAMES: Final = {
    "grid": "Grid", "feed": "Fed in", "roof": "Roof", "car": "Car", "heating": "Heat pump",
}  # fmt: skip
_RECENT_HOURS: Final = 48
_LOCK_SECONDS: Final = 30
_WRITTEN_SECONDS: Final = 120


async def import_years(client: HomeClient, database: Path, *, is_new: bool) -> int:
    """Let there be hours of all five meters up to now; return how many.

    Home Assistant imports the last two days, which makes the statistics; what is older is written
    beside it, since an import of years keeps the recorder busy for minutes. Raises RequestError.
    """
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start = now - timedelta(days=365 * YEARS)
    hours = await asyncio.to_thread(lambda: list(_hours(start, now)))
    older, recent = hours[:-_RECENT_HOURS], hours[-_RECENT_HOURS:]
    for key, name in _NAMES.items():
        kind = {"mean_type": 0, "unit_class": "energy"} if is_new else {"has_mean": False}
        await client.command(
            "recorder/import_statistics",
            metadata={
                "statistic_id": f"{_SOURCE}:{key}", "source": _SOURCE, "name": name,
                "has_sum": True, "unit_of_measurement": "kWh", **kind,
            },
            stats=[
                {"start": start.isoformat(), "state": sums[key], "sum": sums[key]}
                for start, sums in recent
            ],
        )  # fmt: skip
    for _ in range(_LOCK_SECONDS * 10):
        if await asyncio.to_thread(_write, database, older):
            return len(hours) * len(_NAMES)
        await asyncio.sleep(0.1)
    raise DemoError("the recorder has not made the statistics of the whole house")


async def show_on_energy_dashboard(client: HomeClient) -> None:
    """Add the meters to the Energy dashboard. Raises RequestError."""
    preferences = await client.command("energy/get_prefs")
    ids = {key: f"{_SOURCE}:{key}" for key in _NAMES}
    devices = [{"stat_consumption": ids[key], "name": _NAMES[key]} for key in ("car", "heating")]
    roof = {"type": "solar", "stat_energy_from": ids["roof"], "config_entry_solar_forecast": None}
    unified = {"stat_energy_from": ids["grid"], "stat_energy_to": ids["feed"]}
    older = {
        "flow_from": [{"stat_energy_from": ids["grid"], **_no_price("cost")}],
        "flow_to": [{"stat_energy_to": ids["feed"], **_no_price("compensation")}],
    }
    for grid in (unified, older):
        sources = [{"type": "grid", "cost_adjustment_day": 0.0, **grid}, roof]
        try:
            await client.command(
                "energy/save_prefs",
                energy_sources=[*preferences["energy_sources"], *sources],
                device_consumption=[*preferences["device_consumption"], *devices],
            )
        except RequestError:
            # Each version of Home Assistant knows one way only to describe a grid.
            if grid is older:
                raise
        else:
            return


async def take_over(home: RealHome) -> None:
    """Take over what the dashboard has, as it is proposed. Raises FlowError."""
    await home.flow(
        "med_exporter",
        {"next_step_id": "meters"},
        {"name": NAME, "pdl": PDL, "take_over": True},
        {},
        {},
    )


async def wait_for_years(client: HomeClient) -> dict[str, float]:
    """Return the kWh of all years by role, once every hour is written. Raises DemoError."""
    sources = [f"{_SOURCE}:{key}" for key in _NAMES]
    roles = {role: f"med_exporter:{role}_{PDL}" for role in ("consumption", "production")}
    for _ in range(_WRITTEN_SECONDS):
        listed = await client.command("recorder/list_statistic_ids", statistic_type="sum")
        own = [one["statistic_id"] for one in listed if one["statistic_id"].startswith(_METER)]
        sums = await _sums(client, [*own, *sources, *roles.values()])
        written = sorted(sums[one] for one in own if one in sums)
        of_roles = [sums.get(one) for one in roles.values()]
        if written == sorted(sums[one] for one in sources) and of_roles == [
            sums[f"{_SOURCE}:{key}"] for key in ("grid", "feed")
        ]:
            return {role: sums[statistic_id] for role, statistic_id in roles.items()}
        await asyncio.sleep(1)
    raise DemoError(f"the years of the whole house are not written: {sums}")


async def _sums(client: HomeClient, ids: list[str]) -> dict[str, float]:
    """Return the last sum of each statistic, to the watt-hour."""
    found = await client.command(
        "recorder/statistics_during_period",
        start_time=(datetime.now(UTC) - timedelta(hours=6)).isoformat(),
        statistic_ids=ids,
        period="hour",
        types=["sum"],
    )
    return {name: round(rows[-1]["sum"], 3) for name, rows in found.items() if rows}


def _no_price(what: str) -> dict[str, Any]:
    return {f"stat_{what}": None, "entity_energy_price": None, "number_energy_price": None}


def _hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, dict[str, float]]]:
    """Yield the sum of each meter at the end of each hour, in kWh."""
    dice = random.Random(2026)
    sums = dict.fromkeys(_NAMES, 0.0)
    while start < end:
        season = math.cos(2 * math.pi * (start.timetuple().tm_yday - 15) / 365)
        sun = max(0.0, math.sin(math.pi * (start.hour - 6 + season) / (12 - 2 * season)))
        roof = round(sun * dice.uniform(0.2, 1) * (2.5 - 1.5 * season), 3) if sun > 0 else 0.0
        heating = round(max(0.0, 0.8 + season) * dice.uniform(0.5, 1.2), 3)
        car = 3.6 if start.hour < 3 and start.weekday() in (1, 4) else 0.0
        used = round(heating + car + dice.uniform(0.15, 0.9), 3)
        for key, kwh in {
            "grid": max(0.0, used - roof), "feed": max(0.0, roof - used), "roof": roof,
            "car": car, "heating": heating,
        }.items():  # fmt: skip
            sums[key] = round(sums[key] + kwh, 3)
        yield start, dict(sums)
        start += timedelta(hours=1)


def _write(database: Path, hours: list[tuple[datetime, dict[str, float]]]) -> bool:
    """Insert hours of all meters; return False while Home Assistant has not made them all."""
    with closing(sqlite3.connect(database, timeout=_LOCK_SECONDS, autocommit=True)) as connection:
        known = dict(
            connection.execute(
                "SELECT statistic_id, metadata_id FROM statistics JOIN statistics_meta"
                " ON statistics_meta.id = metadata_id WHERE source = ? GROUP BY metadata_id",
                (_SOURCE,),
            )
        )
        if len(known) < len(_NAMES):
            return False
        rows = (
            (known[f"{_SOURCE}:{key}"], start.timestamp(), start.timestamp(), total, total)
            for start, sums in hours
            for key, total in sums.items()
        )
        for chunk in itertools.batched(rows, 20_000, strict=False):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO statistics (metadata_id, created_ts, start_ts, state, sum)"
                " VALUES (?, ?, ?, ?, ?)",
                chunk,
            )
            connection.execute("COMMIT")
    return True
