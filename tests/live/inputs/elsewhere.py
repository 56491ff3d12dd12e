"""Plugs whose clocks show another time than their house's, at the end of a month.

All use 1 kW, all the time.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import NO_HISTORY, EmulatedSmartPlug

from .counters import OFF, compare_day, used_by
from .house import connected, house
from .zones import check_sums

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plug_emulator.smart import EnergyHistory

    from .house import House, Plug
    from .table import Table

# A month's end of each house.
_ENDS = {
    "Europe/Paris": (2026, 10, 1),
    "Asia/Kolkata": (2026, 10, 1),
    "Asia/Kathmandu": (2026, 11, 1),
    "America/St_Johns": (2026, 11, 1),
    "Australia/Lord_Howe": (2026, 5, 1),
}
_MINUTE = timedelta(minutes=1)
_AFTER = 7 * _MINUTE
_QUARTER = timedelta(minutes=15)
# How far each plug's clock is ahead, in seconds, and its zone where it is another one.
_NEWER: dict[str, tuple[float, str | None, EnergyHistory | None]] = {
    "two minutes ahead": (120, None, None),
    "an hour behind": (-3600, None, None),
    "on New York's time": (0, "America/New_York", None),
    "on Kathmandu's or Paris' time": (0, "Asia/Kathmandu", None),
    "on Auckland's time, two minutes ahead": (120, "Pacific/Auckland", None),
    "on New York's time, tells no hours": (0, "America/New_York", NO_HISTORY),
}
# What they used until their own month ends is known while they are asked, and not after.
_FORGETS = {what for what, (_, _, history) in _NEWER.items() if history is NO_HISTORY}
_OLDER: dict[str, tuple[float, str | None]] = {
    "with a total, two minutes ahead": (120, None),
    "with a total, on New York's time": (0, "America/New_York"),
}


async def press_elsewhere(table: Table, folder: Path, only: str = "") -> None:
    """Live over a month's end in each house, and let all places tell day, month and growth.

    `only` is a part of the names of the zones whose houses are to be pressed.
    """
    ends = {
        place: datetime(*day, tzinfo=ZoneInfo(name))
        for place, (name, day) in enumerate(_ENDS.items(), 1)
        if only in name
    }
    assert ends, f"{only}: in none of {', '.join(_ENDS)}"
    # So long before the end all plugs can be added, and before those that are two minutes ahead
    # end their day.
    early = (3.5 + len(ends) / 2) * _MINUTE
    await asyncio.gather(*[_press(table, folder, end, early, place) for place, end in ends.items()])


async def _press(table: Table, folder: Path, end: datetime, early: timedelta, place: int) -> None:
    zone = end.tzinfo
    assert isinstance(zone, ZoneInfo)
    folder /= zone.key.replace("/", "_")
    async with house(folder, end - early) as here, AsyncExitStack() as stack:
        plugs = _plugs(here, place, end - timedelta(days=40))
        for pdl, plug in plugs.items():
            await stack.enter_async_context(connected(plug))
            await here.add(pdl, plug)
        await here.are_read([*plugs.values()])
        since = {pdl: here.clock() for pdl in plugs}
        before = {pdl: await here.of_plug(plug, "energy") for pdl, plug in plugs.items()}
        await here.sleep_until(end + timedelta(seconds=15))
        for pdl, plug in plugs.items():
            shown, ended = await here.of_point(pdl, "consumption_daily")
            passed = (here.clock() - end).total_seconds() / 3600
            what = f"{zone.key}, {plug.alias}: the new day"
            table.add(what, passed, entity=shown, within=OFF)
            if plug.alias not in _FORGETS:
                table.add(f"{what}'s eve", _eve(plug, end), entity=ended, within=OFF)
        await here.sleep_until(end + _AFTER)
        for pdl, plug in plugs.items():
            grown = await here.of_plug(plug, "energy") - before[pdl]
            lived = (here.clock() - since[pdl]).total_seconds() / 3600
            table.add(f"{zone.key}, {plug.alias}: growth", lived, entity=grown, within=OFF)
        # Until each plug has begun a day of its own.
        for hours in (5, 12, 23, 30):
            await here.sleep_off((end.astimezone(UTC) + timedelta(hours=hours)).astimezone(zone))
            await here.are_read([*plugs.values()], 3)
        await here.push()
        for pdl, plug in plugs.items():
            if plug.alias in _FORGETS:
                continue
            grown = await here.of_plug(plug, "energy") - before[pdl]
            lived = (here.clock() - since[pdl]).total_seconds() / 3600
            what = f"{zone.key}, {plug.alias}"
            table.add(f"{what}: growth over a day", lived, entity=grown, within=OFF)
            month = await here.of_point(pdl, "consumption_monthly")
            new_month = (here.clock() - end).total_seconds() / 3600
            table.add(f"{what}: the new month", new_month, entity=month[0], within=OFF)
            day = end.date()
            used = used_by(plug, *here.bounds(day))
            within = OFF + _told_beside(plug, zone)
            await compare_day(table, here, f"{what}: the day after", pdl, plug, day, used, within)
            _compare_quarters(table, here, what, plug, since[pdl], end)
        await check_sums(table, here)
        here.look_at_log(table, zone.key)


def _plugs(here: House, place: int, installed_at: datetime) -> dict[str, Plug]:
    plugs: dict[str, Plug] = {}
    for number, (what, (ahead, other, history)) in enumerate(_NEWER.items(), 1):
        plug = EmulatedSmartPlug(
            host=f"127.0.85.{place * 16 + number}", mac=f"5C:62:8B:85:{place:02X}:{number:02X}",
            alias=what, load=1000.0, clock=here.clock, timezone=_zone(here, other),
            installed_at=installed_at, history=history,
        )  # fmt: skip
        plug.clock.offset = timedelta(seconds=ahead)
        plugs[f"n{number}"] = plug
    for number, (what, (ahead, other)) in enumerate(_OLDER.items(), 1):
        older = plugs[f"o{number}"] = EmulatedPlug(
            mac=f"50:C7:BF:13:{place:02X}:{number:02X}", alias=what, load=1000.0,
            clock=here.clock, timezone=_known_zone(here, other), installed_at=installed_at,
        )  # fmt: skip
        older.clock.offset = timedelta(seconds=ahead)
    return plugs


def _eve(plug: Plug, end: datetime) -> float:
    """Return what a plug that joins on the eve is known to have used on it, in kWh.

    An older plug tells days alone, and how far its clock is off is no part of its zone.
    """
    midnight = datetime.combine(end.date() - timedelta(days=1), time(), end.tzinfo)
    if isinstance(plug, EmulatedPlug):
        midnight -= plug.clock.offset
    return (end - midnight).total_seconds() / 3600


def _told_beside(plug: Plug, zone: ZoneInfo) -> float:
    """Return what an older plug of another zone tells on the wrong one of its days, in kWh.

    Its days are known to end on a quarter-hour, and end some minutes beside it by a clock that is
    off.
    """
    if not isinstance(plug, EmulatedPlug) or plug.clock.timezone == zone:
        return 0.0
    return abs(plug.clock.offset.total_seconds()) / 3600


def _zone(here: House, other: str | None) -> ZoneInfo:
    if other is None:
        return here.zone
    return ZoneInfo("Europe/Paris" if other == here.zone.key else other)


def _known_zone(here: House, other: str | None) -> ZoneInfo:
    """Return a zone that older plugs can be set to: none knows Lord Howe's."""
    if other is None and here.zone.key == "Australia/Lord_Howe":
        return ZoneInfo("Australia/Adelaide")
    return _zone(here, other)


def _compare_quarters(
    table: Table, here: House, what: str, plug: Plug, since: datetime, end: datetime
) -> None:
    """Compare each quarter-hour of a day that has begun and ended since."""
    first = int((end - timedelta(hours=1)).timestamp())
    booked = here.quarters(plug)
    stretch = range(first, first + 24 * 3600, 900)
    off = [abs(booked.get(at, 0.0) - 0.25) for at in stretch if at >= since.timestamp()]
    table.add(f"{what}: the worst of {len(off)} quarter-hours is off by", 0.0,
              ledger=max(off), within=OFF)  # fmt: skip
