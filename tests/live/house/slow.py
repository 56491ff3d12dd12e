"""A Home Assistant that has a tenth of a processor, as a small board has beside this machine."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from tests.live.conftest import until
from tests.measured_page import HOUSE

from .database import is_written, kept, watched_states
from .plugs import add_plugs, plugs_in_use, watched_home
from .probe import Most, look, used

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SLICE = 0.005
_SHARE = 10


@contextmanager
def a_tenth_of_a_processor(group: int) -> Iterator[None]:
    """Let the processes of a group run for a tenth of the time only."""
    ended = threading.Event()

    def limit() -> None:
        while not ended.is_set():
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGCONT)
                time.sleep(_SLICE)
                os.killpg(group, signal.SIGSTOP)
            ended.wait(_SLICE * (_SHARE - 1))
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGCONT)

    thread = threading.Thread(target=limit)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


async def measure(folder: Path, count: int = 10) -> None:
    """Add plugs and make a file, at full speed and with a tenth, and write both."""
    fast, slow = [await _run(folder / str(share), count, share) for share in (1, _SHARE)]
    HOUSE.write_section(
        f"A tenth of a processor, {count} plugs with a year",
        ["Home Assistant and the engine run 5 ms of every 50; the loop is late by the pauses.", ""],
        [("figure", "all of it", "a tenth"), *((name, fast[name], slow[name]) for name in fast)],
    )


async def _run(folder: Path, count: int, share: int) -> dict[str, str]:
    async with plugs_in_use(count) as plugs, watched_home(folder) as home:
        await asyncio.sleep(10)
        limit = a_tenth_of_a_processor(home.pid) if share > 1 else nullcontext()
        most, before, there = Most(), used(home.pid), kept(home.database)
        with limit:
            await look(home)
            async with watched_states(home.database) as late:
                begun = time.monotonic()
                await add_plugs(home, plugs)

                async def is_done() -> bool:
                    most.add(await look(home))
                    await asyncio.sleep(1)
                    return await asyncio.to_thread(is_written, home.database, count)

                await until(is_done, 1500)
                booked = time.monotonic() - begun
                begun = time.monotonic()
                status = await home.post("/api/exports/create", {
                    "export_type": "device_data", "format": "csv", "aggregation": "hourly",
                    "date_range": "last_30_days",
                })  # fmt: skip
                while status["status"] in ("queued", "running"):
                    status = await home.get(f"/api/exports/{status['export_id']}")
                made = time.monotonic() - begun
        after = used(home.pid)
        written = (after.written - before.written) / (kept(home.database) - there)
        errors = [one for one in home.complaints() if one.level == "ERROR"]
    return {
        "booked and in the statistics after": f"{booked:.0f} s",
        "processor": f"{after.processor - before.processor:.1f} s",
        "the loop computes at a time, at most": f"{most.held:.0f} ms",
        "the recorder's thread does one thing, at most": f"{most.busy:.0f} ms",
        "a state of the house is recorded after, at most": f"{late.worst:.1f} s",
        "written to files, by what is kept": f"{written:.1f}",
        "a file of 30 days by the hour": f"{status['status']} after {made:.1f} s",
        "errors in the log": str(len(errors)),
    }
