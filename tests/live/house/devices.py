"""What asking for the devices costs Home Assistant, beside asking for what it has at hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.measured_page import HOUSE

from .plugs import add_plugs, plugs_in_use, watched_home
from .probe import used

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real_home import RealHome

_PLUGS = 10


async def measure(folder: Path, times: int = 100) -> None:
    """Ask again and again, and write the processor time of one answer."""
    async with plugs_in_use(_PLUGS, days=30) as plugs, watched_home(folder) as home:
        await add_plugs(home, plugs)
        await asyncio.sleep(30)
        await home.get("/api/exports/devices")
        beside = await _ask(home, "/api/config", times)
        asking = await _ask(home, "/api/exports/devices", times)
    HOUSE.write_section(
        "The list of devices",
        [f"{times} times, {_PLUGS} plugs with five recorded entities each.", ""],
        [
            ("figure", "measured", "goal"),
            ("processor of one answer", f"{1000 * asking:.1f} ms", "20 ms"),
            ("of `/api/config`, to compare", f"{1000 * beside:.1f} ms", ""),
        ],
    )


async def _ask(home: RealHome, path: str, times: int) -> float:
    before = used(home.pid).processor
    for _ in range(times):
        await home.get(path)
    return (used(home.pid).processor - before) / times
