"""Emulated plugs that have counted for a while, and a Home Assistant that is watched."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from scripts.demo_home.household import midnight
from tests.live.conftest import PDL, connected, today
from tests.plug_emulator import ConstantLoad, EmulatedPlug
from tests.real_home import RealHome

from .probe import NAME, install_probe

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from pathlib import Path


@asynccontextmanager
async def plugs_in_use(count: int, days: int = 365) -> AsyncGenerator[list[EmulatedPlug]]:
    """Plugs on ports of their own that have counted for some days."""
    installed_at = midnight(today() - timedelta(days=days))
    plugs = [
        EmulatedPlug(
            mac=f"50:C7:BF:{number >> 16:02X}:{number >> 8 & 255:02X}:{number & 255:02X}",
            alias=f"Plug {number}",
            load=ConstantLoad(20 + number % 300),
            installed_at=installed_at,
        )
        for number in range(1, count + 1)
    ]
    async with connected(plugs):
        yield plugs


@asynccontextmanager
async def watched_home(folder: Path) -> AsyncGenerator[RealHome]:
    """A Home Assistant that is looked at from within, without a metering point yet."""
    install_probe(folder)
    async with RealHome(folder, integrations=("api", "config", "history", NAME)) as home:
        await home.onboard()
        yield home


async def add_plugs(home: RealHome, plugs: Iterable[EmulatedPlug]) -> str:
    """Add a metering point of these plugs by its flow, and return the id of its entry."""
    entry = await home.flow(
        "med_exporter",
        {"next_step_id": "kasa"},
        {"name": "House", "pdl": PDL, "hosts": [plug.address for plug in plugs]},
        {},
    )
    return str(entry["entry_id"])
