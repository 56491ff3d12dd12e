"""The ledger as Home Assistant's long-term statistics have it, and the check of all its sums."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .file_export import TOLERANCE_KWH
from .household import APPLIANCES, PARIS, PDL, midnight
from .output import DemoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.real_home import HomeClient

    from .household import Household

_ROLES: Final = {role: f"med_exporter:{role}_{PDL}" for role in ("consumption", "production")}
_COST: Final = f"med_exporter:cost_{PDL}"
_ALL: Final = (
    *_ROLES.values(),
    *(f"med_exporter:energy_{one.mac.replace(':', '').lower()}" for one in APPLIANCES),
    _COST,
)

_CHECK: Final = Path(__file__).resolve().parents[1] / "check_sums"
_WRITTEN_SECONDS: Final = 240


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthSum:
    """A month in the statistics: `kwh` by role, the cost in euros, and what contradicts plugs."""

    month: str
    kwh: dict[str, float]
    cost: float
    mistakes: list[str]


async def month_sums(client: HomeClient, household: Household) -> list[MonthSum]:
    """Return each month of the closed hours, once they are written. Raises DemoError."""
    since = household.counted_since
    by_role = {
        role: await _months(client, since, statistic_id) for role, statistic_id in _ROLES.items()
    }
    costs = await _months(client, since, _COST)
    sums = []
    for month in sorted(set().union(*by_role.values())):
        kwh = {role: months.get(month, 0.0) for role, months in by_role.items()}
        mistakes = [
            f"{role} of {month} is {kwh[role]:.3f} kWh, the plugs have counted {counted:.3f} kWh"
            for role, counted, most in _counted(household, month)
            if abs(kwh[role] - counted) > most
        ]
        cost = costs.get(month, 0.0)
        sums.append(MonthSum(month=month, kwh=kwh, cost=cost, mistakes=mistakes))
    return sums


async def wait_for_statistics(client: HomeClient, since: date) -> None:
    """Wait until the ledger and the costs stand in the statistics. Raises DemoError."""
    missing = set(_ALL)
    for _ in range(_WRITTEN_SECONDS):
        if not (missing := set(_ALL) - set(await _statistics(client, since, _ALL))):
            return
        await asyncio.sleep(1)
    raise DemoError(f"the ledger has not written {', '.join(sorted(missing))}")


async def running_costs(client: HomeClient) -> dict[str, str]:
    """Return what the metering point costs today and this month, and what it cost last month.

    Raises DemoError where some energy has no price.
    """
    states = await client.states()
    today, month = (states[f"sensor.med_{PDL}_cost_{length}"] for length in ("daily", "monthly"))
    for one in (today, month):
        if one["attributes"].get("unpriced_kwh"):
            raise DemoError(f"{one['entity_id']} lacks prices: {one['attributes']}")
    return {
        "today": _euros(today["state"]),
        "this month": _euros(month["state"]),
        "last month": _euros(month["attributes"]["last_period"]),
    }


async def check_sums(database: Path, *options: str) -> tuple[int, list[str]]:
    """Run scripts/check_sums; return its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_CHECK),
        str(database),
        "--time-zone",
        str(PARIS),
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return await process.wait(), output.decode().splitlines()


async def _months(client: HomeClient, since: date, statistic_id: str) -> dict[str, float]:
    rows = (await _statistics(client, since, [statistic_id]))[statistic_id]
    return {
        f"{datetime.fromtimestamp(row['start'] / 1000, PARIS):%Y-%m}": row["change"] for row in rows
    }


async def _statistics(
    client: HomeClient, since: date, ids: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    answer: dict[str, list[dict[str, Any]]] = await client.command(
        "recorder/statistics_during_period",
        start_time=midnight(since).isoformat(),
        statistic_ids=sorted(ids),
        period="month",
        types=["change"],
    )
    return answer


def _counted(household: Household, month: str) -> list[tuple[str, float, float]]:
    """Return role, counted kWh and their tolerance for a month that is over."""
    first = max(date.fromisoformat(f"{month}-01"), household.counted_since)
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    if after > datetime.now(PARIS).date():
        return []
    most = TOLERANCE_KWH * len(household.plugs)
    return [(role, household.kwh(role, first, midnight(after)), most) for role in _ROLES]


def _euros(amount: str | float | None) -> str:
    if amount is None or amount in ("unknown", "unavailable"):
        return "unknown"
    return f"{float(amount):.2f} €"
