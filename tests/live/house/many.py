"""Many plugs added at once, each with a year that it has counted itself."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.measured_page import HOUSE

from .database import is_written, kept, watched_states
from .plugs import add_plugs, plugs_in_use, watched_home
from .probe import Most, look, used

if TYPE_CHECKING:
    from pathlib import Path

_LIMIT = 1800


async def measure(folder: Path, count: int = 100) -> None:
    """Add plugs to a real Home Assistant, and write how it fared until all was booked."""
    async with plugs_in_use(count) as plugs, watched_home(folder) as home:
        await asyncio.sleep(10)
        await look(home)
        await asyncio.sleep(10)
        idle = await look(home)
        before, there, begun = used(home.pid), kept(home.database), time.monotonic()
        most = Most()
        async with watched_states(home.database) as late:
            await add_plugs(home, plugs)
            most.add(await look(home))
            async with asyncio.timeout(_LIMIT):
                while not await asyncio.to_thread(is_written, home.database, count):
                    await asyncio.sleep(2)
                    most.add(await look(home))
        seconds, after = time.monotonic() - begun, used(home.pid)
        errors = [one for one in home.complaints() if one.level == "ERROR"]
        written, grown = after.written - before.written, kept(home.database) - there
    HOUSE.write_section(
        f"{count} plugs added at once, a year of each",
        [f"All of it is booked and in the long-term statistics after {seconds:.0f} s.", ""],
        [
            ("figure", "measured", "goal"),
            ("the loop computes at a time, at most", f"{most.held:.0f} ms", "20 ms"),
            ("Python collects garbage at a time, at most", f"{most.swept:.0f} ms", ""),
            ("the loop is late, 99 %", f"{most.lag_99:.0f} ms (idle {idle.lag.nearly:.0f})", ""),
            ("the recorder's thread computes for one thing, at most", f"{most.worked:.0f} ms", ""),
            ("it does one thing, by the clock, at most", f"{most.busy:.0f} ms", "1000 ms"),
            ("what is queued for the recorder waits, at most", f"{most.waited:.0f} ms", ""),
            ("a state of the house is recorded after, at most", f"{late.worst:.1f} s", "2 s"),
            (
                "written to files, by what is kept",
                f"{written / grown:.1f} ({grown / 1e6:.0f} MB)",
                "3",
            ),
            ("processor", f"{after.processor - before.processor:.0f} s", ""),
            ("memory more than before", f"{(after.memory - before.memory) / 2**20:.0f} MB", ""),
            ("errors in the log", len(errors), "0"),
        ],
    )
    for kind, what in most.what.items():
        print(kind, what)  # noqa: T201
