"""A real Home Assistant with emulated plugs and weeks behind them."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from scripts.demo_home.history import (
    NotRecordedError,
    first_live_state,
    past_readings,
    write_readings,
)
from scripts.demo_home.household import APPLIANCES, PARIS, midnight
from scripts.demo_home.installation import plug_entity_ids
from tests.plug_emulator import ConstantLoad, EmulatedPlug
from tests.real_home import RealHome

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from tests.plug_emulator import Load

PDL = "12345678901234"
FRIDGE = APPLIANCES[0]


async def until[T](ask: Callable[[], Awaitable[T]], seconds: float = 30) -> T:
    """Ask again and again until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := await ask()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        await asyncio.sleep(0.05)
    return answer


def today() -> date:
    return datetime.now(PARIS).date()


@asynccontextmanager
async def connected(plugs: Sequence[EmulatedPlug]) -> AsyncGenerator[None]:
    """Let plugs answer on ports of their own."""
    for plug in plugs:
        await plug.connect("127.0.0.1", 0)
    try:
        yield
    finally:
        for plug in plugs:
            plug.disconnect()


@asynccontextmanager
async def plugs_on_loopback(*loads: Load) -> AsyncGenerator[list[EmulatedPlug]]:
    """Plugs on ports of their own, in use since 40 days."""
    installed_at = midnight(today() - timedelta(days=40))
    plugs = [
        EmulatedPlug(
            mac=f"50:C7:BF:00:01:{number:02X}",
            alias=f"Plug {number}",
            load=load,
            installed_at=installed_at,
        )
        for number, load in enumerate(loads, 1)
    ]
    async with connected(plugs):
        yield plugs


@asynccontextmanager
async def home_with(
    folder, plugs: list[EmulatedPlug], *more: str
) -> AsyncGenerator[tuple[RealHome, str]]:
    """A Home Assistant with a metering point of these plugs, and the id of its entry.

    `more` are integrations to set up beside the usual ones.
    """
    usual = ("api", "config", "history", "logbook")
    async with RealHome(folder, integrations=(*usual, *more)) as home:
        await home.onboard()
        entry = await home.flow(
            "med_exporter",
            {"next_step_id": "kasa"},
            {"name": "House", "pdl": PDL, "hosts": [plug.address for plug in plugs]},
            {},
        )
        yield home, entry["entry_id"]


@asynccontextmanager
async def home_with_history(
    folder, days: int, *more: str
) -> AsyncGenerator[tuple[RealHome, EmulatedPlug]]:
    """A Home Assistant that has read one fridge for this many days, and has `more` integrations."""
    installed_at = midnight(today() - timedelta(days=days + 2))
    plug = FRIDGE.plug(installed_at)
    await plug.connect("127.0.0.1", 0)
    try:
        async with home_with(folder, [plug], *more) as (home, _):
            ids = await plug_entity_ids(home, [FRIDGE])

            async def recorded() -> datetime | None:
                try:
                    return first_live_state(home.database, ids[FRIDGE.name])
                except NotRecordedError:
                    return None

            end = await until(recorded)
            readings = past_readings(FRIDGE, installed_at, today() - timedelta(days=days), end)
            await asyncio.to_thread(write_readings, home.database, readings, ids[FRIDGE.name])
            yield home, plug
    finally:
        plug.disconnect()


def constant(*watts: float) -> list[ConstantLoad]:
    return [ConstantLoad(one) for one in watts]
