"""The ledger as Home Assistant's long-term statistics have it, and the check of all its sums."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .household import APPLIANCES, PARIS, PDL, midnight
from .output import DemoError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from tests.real_home import HomeClient

CONSUMPTION: Final = f"med_exporter:consumption_{PDL}"
COST: Final = f"med_exporter:cost_{PDL}"
PRODUCTION: Final = f"med_exporter:production_{PDL}"
ENERGY: Final = (
    CONSUMPTION,
    PRODUCTION,
    *(f"med_exporter:energy_{one.mac.replace(':', '').lower()}" for one in APPLIANCES),
)

_CHECK: Final = Path(__file__).resolve().parents[1] / "check_sums"
_WRITTEN_SECONDS: Final = 240


async def wait_for_statistics(client: HomeClient, since: date, ids: Iterable[str]) -> None:
    """Wait until the statistics have hours of each id. Raises DemoError, and RequestError."""
    missing = wanted = set(ids)
    for _ in range(_WRITTEN_SECONDS):
        if not (missing := wanted - set(await _statistics(client, since, wanted, "month"))):
            return
        await asyncio.sleep(1)
    raise DemoError(f"the ledger has not written {', '.join(sorted(missing))}")


async def months(client: HomeClient, since: date, statistic_id: str) -> dict[str, float]:
    """Return the growth of a statistic by local month, such as 2026-03. Raises RequestError."""
    rows = (await _statistics(client, since, {statistic_id}, "month")).get(statistic_id, [])
    return {
        f"{datetime.fromtimestamp(row['start'] / 1000, PARIS):%Y-%m}": row["change"] for row in rows
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


async def _statistics(
    client: HomeClient, since: date, ids: Iterable[str], period: str
) -> dict[str, list[dict[str, Any]]]:
    answer: dict[str, list[dict[str, Any]]] = await client.command(
        "recorder/statistics_during_period",
        start_time=midnight(since).isoformat(),
        statistic_ids=sorted(ids),
        period=period,
        types=["change"],
    )
    return answer
