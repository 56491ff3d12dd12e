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
        async with watched_states(home.database) as idly_late:
            await asyncio.sleep(30)
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

    def row(name: str, before: float, meanwhile: float, goal: str) -> tuple[str, ...]:
        return name, f"{before:.0f} ms", f"{meanwhile:.0f} ms", goal

    HOUSE.write_section(
        f"{count} plugs added at once, a year of each",
        [
            f"All of it is booked and in the long-term statistics after {seconds:.0f} s. Times are",
            "the longest; beside them those of the same home before anything was added.",
            "",
        ],
        [
            ("figure", "30 s before", "until it is done", "goal"),
            row("the loop computes at a time", idle.held.most, most.held, "20 ms"),
            row("Python collects garbage at a time", idle.swept.most, most.swept, ""),
            row("the loop is late, 99 %", idle.lag.nearly, most.lag_99, ""),
            row("the recorder's thread computes for one thing", idle.worked.most, most.worked, ""),
            row("it does one thing, by the clock", idle.busy.most, most.busy, "1000 ms"),
            row("what is queued for the recorder waits", idle.waited.most, most.waited, ""),
            (
                "a state of the house is recorded after",
                *(f"{one.worst:.1f} s" for one in (idly_late, late)),
                "2 s",
            ),
            (
                "written to files, by what is kept",
                "",
                f"{written / grown:.1f} ({grown / 1e6:.0f} MB)",
                "3",
            ),
            ("processor", "", f"{after.processor - before.processor:.0f} s", ""),
            ("memory more than before", "", f"{(after.memory - before.memory) / 2**20:.0f} MB", ""),
            ("errors in the log", "", len(errors), "0"),
        ],
    )
    for one in errors:
        print(one)  # noqa: T201
    for kind, what in most.what.items():
        print(kind, what)  # noqa: T201
