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
# Until the plugs are polled, and nothing else is done, and how long that is looked at, in seconds.
_SETTLING = 20
_POLLING = 60


async def measure(folder: Path, count: int = 100, days: int = 365) -> None:
    """Add plugs to a real Home Assistant, and write how it fared until all was booked.

    What it does anyway, with so many entities and beside whatever the machine does, is looked at
    once all is booked, in the same run.
    """
    async with plugs_in_use(count, days) as plugs, watched_home(folder) as home:
        await asyncio.sleep(_SETTLING)
        # The probe looks 500 times a second, which is more than a hundred plugs take.
        idle = used(home.pid).processor
        await asyncio.sleep(_SETTLING)
        idle = (used(home.pid).processor - idle) / _SETTLING
        await look(home)
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
        await asyncio.sleep(_SETTLING)
        await look(home)
        polled, there, polling = used(home.pid), kept(home.database), Most()
        async with watched_states(home.database) as polling_late:
            await asyncio.sleep(_POLLING)
        polling.add(await look(home))
        still = used(home.pid)
        share = seconds / _POLLING
        written -= share * (still.written - polled.written)
        grown -= share * (kept(home.database) - there)

    def row(name: str, key: str, goal: str) -> tuple[str, ...]:
        return name, *(f"{getattr(one, key):.0f} ms" for one in (most, polling)), goal

    HOUSE.write_section(
        f"{count} plugs added at once, {'a year' if days == 365 else f'{days} days'} of each",
        [
            f"All of it is booked and in the long-term statistics after {seconds:.0f} s. Times",
            f"are the longest; beside them those of {_POLLING} s of the same home later, which",
            "polls the plugs and no more. What that writes is taken off what is written before,",
            "and what it takes to look on off the processor's time.",
            "",
        ],
        [
            ("figure", "until it is done", "then", "goal"),
            row("the loop computes at a time", "held", "20 ms"),
            row("Python collects garbage at a time", "swept", ""),
            row("the loop is late, 99 %", "lag_99", ""),
            row("the recorder's thread computes for one thing", "worked", ""),
            row("it does one thing, by the clock", "busy", "1000 ms"),
            row("what is queued for the recorder waits", "waited", ""),
            (
                "a state of the house is recorded after",
                *(f"{one.worst:.1f} s" for one in (late, polling_late)),
                "2 s",
            ),
            (
                "written to files, by what is kept",
                f"{written / grown:.1f} ({grown / 1e6:.0f} MB)",
                f"{(still.written - polled.written) / _POLLING / 1e6:.1f} MB/s",
                "3",
            ),
            (
                "processor",
                f"{after.processor - before.processor - idle * seconds:.0f} s",
                f"{(still.processor - polled.processor) / _POLLING - idle:.1%} of one",
                "",
            ),
            ("memory more than before", f"{(after.memory - before.memory) / 2**20:.0f} MB", "", ""),
            ("errors in the log", len(errors), "", "0"),
        ],
    )
    for one in errors:
        print(one)  # noqa: T201
    for kind, what in most.what.items():
        print(kind, what)  # noqa: T201
