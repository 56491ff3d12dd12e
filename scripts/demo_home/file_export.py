"""Exports to files over the HTTP API, as any client does it, and the sums in them."""

from __future__ import annotations

import asyncio
import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from .output import DemoError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real_home import HomeClient

    from .household import Household

# Counters show whole watt-hours, so a day's growth is right to one of them at either end.
TOLERANCE_KWH: Final = 0.002

_FINAL: Final = ("completed", "failed", "cancelled", "interrupted", "expired")


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedFile:
    """A file that was downloaded, and what the server said of it."""

    path: Path
    status: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class DaySum:
    """One plug's energy of one day in kWh: as the file has it and as the plug counted it."""

    name: str
    day: date
    in_file: float
    counted: float

    @property
    def agrees(self) -> bool:
        """Whether both are the same to the watt-hours that a counter shows."""
        return abs(self.in_file - self.counted) <= TOLERANCE_KWH


async def export_to_file(
    client: HomeClient, household: Household, path: Path, **order: object
) -> ExportedFile:
    """Ask for the full days of the history as CSV, wait, and download.

    `order` is what the request names beside that. Raises DemoError.
    """
    days = household.full_days
    created = await client.post(
        "/api/exports/create",
        {
            "export_type": "device_data",
            "format": "csv",
            "date_range": {"start": days[0].isoformat(), "end": days[-1].isoformat()},
            "devices": "all",
            **order,
        },
    )
    status = created
    while status["status"] not in _FINAL:
        # The answer is held back for a while as long as the export runs.
        status = await client.get(f"/api/exports/{created['export_id']}")
    if status["status"] != "completed":
        raise DemoError(f"the export {path.stem} ended as {status['status']}: {status}")
    content: bytes = await client.request("GET", status["download_url"])
    if len(content) != status["file_size"]:
        raise DemoError(f"the export {path.stem} has not the size that was said: {status}")
    await asyncio.to_thread(path.write_bytes, content)
    return ExportedFile(path=path, status=status)


def sum_days(path: Path, household: Household) -> list[DaySum]:
    """Add up the rows of a CSV by device and local day, for each full day of each plug."""
    sums: defaultdict[tuple[str, date], float] = defaultdict(float)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = datetime.fromisoformat(row["timestamp"]).date()
            sums[row["device_name"], day] += float(row["energy_kwh"] or 0)
    return [
        DaySum(name=name, day=day, in_file=sums.get((name, day), 0.0), counted=plug.day_kwh(day))
        for name, plug in household.plugs.items()
        for day in household.full_days
    ]
