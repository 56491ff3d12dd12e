"""Three files at once, of many readings, and how late Home Assistant's loop is meanwhile."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from scripts.demo_home.household import midnight
from tests.live.bench import FIELDS, STEP, give_past
from tests.live.conftest import FRIDGE, today
from tests.measured_page import HOUSE

from .plugs import add_plugs, watched_home
from .probe import Seen, look

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real_home import RealHome

_FORMATS = ("csv", "excel", "json")


async def measure(folder: Path, readings: int = 100_000) -> None:
    """Fill the recorder's database, and look at the loop while nothing and much is made."""
    begin = midnight(today()).timestamp() - readings * STEP
    plug = FRIDGE.plug(midnight(today()))
    await plug.connect("127.0.0.1", 0)
    try:
        async with watched_home(folder) as home:
            await add_plugs(home, [plug])
            await give_past(home, begin, readings)
            pairs = [await _pair(home, begin, readings) for _ in range(3)]
    finally:
        plug.disconnect()
    # Others use the machine too: the pair that they held up least.
    idle, busy = min(pairs, key=lambda pair: pair[1].lag.nearly - pair[0].lag.nearly)
    HOUSE.write_section(
        "Three files at once",
        [f"CSV, Excel and JSON of {readings:,} readings each, the best of three pairs.", ""],
        [
            ("figure", "idle", "meanwhile", "goal"),
            _row("the loop is late, 99 %", idle.lag.nearly, busy.lag.nearly, "idle + 1 ms"),
            _row("it computes at a time, at most", idle.held.most, busy.held.most, "20 ms"),
        ],
    )


def _row(name: str, idle: float, busy: float, goal: str) -> tuple[str, ...]:
    return name, f"{idle:.1f} ms", f"{busy:.1f} ms", goal


async def _pair(home: RealHome, begin: float, readings: int) -> tuple[Seen, Seen]:
    await look(home)
    await asyncio.sleep(15)
    idle = await look(home)
    bounds = [
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin + seconds))
        for seconds in (0, readings * STEP)
    ]

    async def make(file_format: str) -> None:
        status = await home.post("/api/exports/create", {
            "export_type": "device_data", "format": file_format, "fields": FIELDS,
            "date_range": {"start": bounds[0], "end": bounds[1]},
        })  # fmt: skip
        while status["status"] in ("queued", "running"):
            await asyncio.sleep(1)
            status = await home.get(f"/api/exports/{status['export_id']}", wait="0")
        assert status["status"] == "completed", status

    await asyncio.gather(*map(make, _FORMATS))
    busy = await look(home)
    print(idle.lag, busy.lag, idle.held, busy.held, sep="\n")  # noqa: T201
    return idle, busy
