"""Home Assistant is stopped, killed and started in mid-polling, on a machine that is busy."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.live.conftest import until
from tests.plug_emulator import EmulatedPlug

from .house import connected, house, plug_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from .house import House
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
SINCE = datetime(2026, 11, 1, tzinfo=PARIS)
SEED = 1047
_LOADS = (2000.0, 1000.0, 333.0, 77.0, 5.0)
_ENDS = 6
_QUARTER = timedelta(minutes=15)
# Whole watt-hours of one plug.
_WITHIN = 0.003
# Where a slot ends is known to some polls, and a busy machine polls late.
_OFF = 0.015


async def press_jitter(table: Table, folder: Path) -> None:
    """End Home Assistant at any moment, in order and by force, for seconds and for minutes."""
    chance, now = random.Random(SEED), datetime(2026, 11, 26, 21, 40, tzinfo=PARIS)
    async with house(folder, now) as here, AsyncExitStack() as stack:
        plugs = []
        for number, load in enumerate(_LOADS):
            plug = EmulatedPlug(
                mac=f"50:C7:BF:00:12:{number:02X}", alias=f"{load:.0f} W", load=load,
                clock=here.clock, timezone=PARIS, installed_at=SINCE,
            )  # fmt: skip
            await stack.enter_async_context(connected(plug))
            await here.add(f"j{number}", plug)
            plugs.append(plug)
        await here.are_read(plugs, 2)
        since = here.clock()
        before = {plug_id(one): await here.of_plug(one, "energy") for one in plugs}
        async with _busy():
            for number in range(_ENDS):
                await asyncio.sleep(chance.uniform(1, 12))
                if number % 2:
                    await here.home.kill(children=True)
                else:
                    await here.home.stop()
                here.clock.move_to(here.clock() + timedelta(minutes=chance.choice((0, 4, 31))))
                await here.home.start()
                await here.home.wait_until_running()
                await here.are_read(plugs, chance.choice((1, 3)))
            for one in plugs:
                one.outlets[0].set_load(0)
            await here.are_read(plugs, 3)
        for one in plugs:
            await _compare(table, here, one, since, before[plug_id(one)])
        here.look_at_log(table, "jitter")


async def _compare(
    table: Table, here: House, plug: EmulatedPlug, since: datetime, before: float
) -> None:
    now, truly = here.clock().astimezone(PARIS), plug.outlets[0].energy_between
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    grown = await here.of_plug(plug, "energy") - before
    table.add(f"{plug.alias}: its total", truly(since, now), entity=grown, within=_WITHIN)
    pdl = f"j{plug.mac[-1]}"
    for key, start in (("daily", midnight), ("monthly", midnight.replace(day=1))):
        shown, _ = await here.of_point(pdl, f"consumption_{key}")
        table.add(f"{plug.alias}: {key}", truly(start, now), entity=shown, within=_OFF)
    first = min(since, midnight).astimezone(PARIS).date()

    async def is_booked() -> bool:
        return (
            abs(here.ledger(plug, first, now.date()) - truly(here.bounds(first)[0], now)) < _WITHIN
        )

    # It is posted every five minutes.
    await until(is_booked, 330)
    booked = here.quarters(plug)
    slot = since - (since - here.bounds(first)[0]) % _QUARTER
    while slot < now:
        kwh = truly(slot, min(slot + _QUARTER, now))
        found = booked.get(int(slot.timestamp()), 0.0)
        told = slot.astimezone(PARIS)
        table.add(f"{plug.alias}: {told:%H:%M}", kwh, ledger=found, within=_OFF)
        slot += _QUARTER


@asynccontextmanager
async def _busy() -> AsyncGenerator[None]:
    """Let other processes compute all the time, one to a processor."""
    loop = (sys.executable, "-c", "while True: pass")
    burning = [await asyncio.create_subprocess_exec(*loop) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for one in burning:
            one.kill()
            await one.wait()
