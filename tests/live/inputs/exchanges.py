"""Plugs that are exchanged, moved and added, and ids that are put right, in the middle of days."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .generic import Generic
from .house import house
from .points import PARIS, ChangingPoints

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plug_emulator import EmulatedPlug

    from .table import Table

# What ends with it is a day and a month.
MIDNIGHT = datetime(2026, 11, 1, tzinfo=PARIS)
# A point whose hour Home Assistant tells later.
LATE = ("g1",)
DAY = (MIDNIGHT - timedelta(days=1)).date()


async def press_exchanges(table: Table, folder: Path) -> None:
    """Live the last day of a month with all kinds of exchanges, and look the morning after."""
    morning = MIDNIGHT - timedelta(hours=15, minutes=20)
    cellar = Generic("cellar")
    async with (
        house(folder, morning, settings=cellar.settings) as here,
        AsyncExitStack() as stack,
    ):
        points = ChangingPoints(here, table, stack)
        await _begin(points, cellar)
        await _wake(points, MIDNIGHT - timedelta(hours=11, minutes=50))
        away = await _change_at_noon(points, cellar)
        await points.compare_running("after noon")
        await _wake(points, MIDNIGHT - timedelta(hours=5, minutes=50))
        await _change_in_the_evening(points, cellar, away)
        await points.compare_running("in the evening")
        late = [await points.plug(500) for _ in range(2)]
        await _wake(points, MIDNIGHT - timedelta(minutes=2))
        await _change_at_midnight(points, late)
        await points.compare_ended("pushed at midnight", DAY, monthly=True, late=LATE)
        await _wake(points, MIDNIGHT + timedelta(hours=6, minutes=10))
        await here.push()
        await points.compare_ended("the morning after", DAY, monthly=True)
        await points.take("yd", "came the day after", away["xd"], past=False)
        await points.join("xe", away["xe"])
        await here.are_read(points.all_plugs, 3)
        await points.compare_running("the morning after")
        await _wake(points, MIDNIGHT + timedelta(hours=30, minutes=10))
        await here.push()
        await points.compare_ended("two days after", DAY, monthly=True)
        await points.compare_ended("the day after", MIDNIGHT.date(), monthly=False)
        here.look_at_log(table, "exchanges")


async def _begin(points: ChangingPoints, cellar: Generic) -> None:
    await points.add("x1", "exchanged at 23:59", 1000)
    await points.add("x2", "exchanged at 00:01", 1000)
    await points.add("x3", "exchanged twice in a day", 1000)
    await points.add("x4", "one of two exchanged", 1000, 300)
    await points.add("x5", "a plug leaves for x6", 1000, 400)
    await points.add("x6", "a plug comes from x5", 200)
    await points.add("x7", "a plug leaves for x8 and comes back", 1000, 400)
    await points.add("x8", "a plug comes from x7 and goes back", 200)
    await points.add("x9", "a plug leaves with its past for y9", 1000, 400)
    await points.add("xa", "exchanged, and back", 1000)
    await points.add("xb", "out at noon, in ya at six", 1000, 400)
    await points.add("xc", "joined with its past, without asking", 300)
    await points.add("xd", "out at noon, in yd the day after", 1000, 400)
    await points.add("xe", "out at noon, and back the day after", 400, 1000)
    await points.add("typo1", "mistyped id", 1000, 300)
    await points.add("typo2", "mistyped id, removed", 1000, 300)
    await points.add("typo3", "mistyped id, removed; no past is wished", 1000)
    await cellar.count(points.here, 100.0)
    await points.add_meter("g1", "an energy sensor, a plug, the sensor again", cellar)
    await points.meter("g1", cellar, 102.5)
    await points.here.are_read(points.all_plugs, 3)


async def _change_at_noon(points: ChangingPoints, cellar: Generic) -> dict[str, EmulatedPlug]:
    """Return the plugs that are away then, by what they are for."""
    away = {"x3": await points.plug(700)}
    await points.exchange("x3", await points.plug(500))
    await points.exchange("x4", await points.plug(600))
    await points.join("x6", await points.leave("x5"))
    await points.join("x8", await points.leave("x7"))
    nine = await points.leave("x9")
    await points.take("y9", "a plug came with its past from x9", nine, past=True)
    away["xa"] = await points.exchange("xa", await points.plug(500))
    away["xb"] = await points.leave("xb")
    away["xd"] = await points.leave("xd")
    away["xe"] = await points.leave("xe", 1)
    await points.rename("typo1", "right1")
    await points.re_add("typo2", "right2", "re-added with its past", past=True)
    await points.re_add("typo3", "right3", "re-added without its past", past=False)
    await points.join("xc", await points.plug(800), past=True)
    await points.plug_for_meter("g1", 900)
    await points.meter("g1", cellar, 103.5)
    await points.here.are_read(points.all_plugs, 3)
    return away


async def _change_in_the_evening(
    points: ChangingPoints, cellar: Generic, away: dict[str, EmulatedPlug]
) -> None:
    await points.exchange("x3", away["x3"])
    await points.join("x7", await points.leave("x8", 1))
    await points.exchange("xa", away["xa"])
    await points.take("ya", "came at six, was out since noon", away["xb"], past=False)
    await points.meter_for_plug("g1", cellar)
    await points.here.are_read(points.all_plugs, 3)


async def _change_at_midnight(points: ChangingPoints, late: list[EmulatedPlug]) -> None:
    here = points.here
    await here.sleep_until(MIDNIGHT - timedelta(minutes=1))
    await points.exchange("x1", late[0])
    await here.sleep_until(MIDNIGHT + timedelta(seconds=15))
    await points.compare_running("just after midnight")
    await asyncio.gather(here.push(LATE), here.sleep_until(MIDNIGHT + timedelta(minutes=1)))
    await points.exchange("x2", late[1])
    await here.are_read(points.all_plugs, 3)


async def _wake(points: ChangingPoints, now: datetime) -> None:
    await points.here.sleep_off(now)
    await points.here.are_read(points.all_plugs, 2)
