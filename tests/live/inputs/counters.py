"""Plugs, meters and clocks that tell what is not so: what is counted is what was used."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.live.conftest import until
from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import EmulatedSmartPlug

from .cases import PARIS, cases_for
from .house import connected, house, plug_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date
    from pathlib import Path

    from .cases import Case
    from .house import House, Plug
    from .table import Table

# A plug shows whole watt-hours, and is read every five seconds at 1 kW.
_WITHIN = 0.004
# Where a day or a month ends is known to 20 s and a poll.
OFF = 0.012
_AWAY = datetime(2026, 10, 3, 10, 12, tzinfo=PARIS) - datetime(2026, 11, 26, 10, 12, tzinfo=PARIS)
_AWAY_SECONDS = 240


async def press_readings(table: Table, folder: Path) -> None:
    """Press what plugs may tell, on 26 November, and then what the machine's clock may."""
    now = datetime(2026, 11, 26, 10, 10, tzinfo=PARIS)
    async with house(folder, now) as here, AsyncExitStack() as stack:
        cases = cases_for(here)
        plugs = [one.plug for one in cases]
        for number, one in enumerate(cases):
            await stack.enter_async_context(connected(one.plug))
            await here.add(f"p{number}", one.plug)
        await here.are_read(plugs, 3)
        before = {plug_id(one): await here.of_plug(one, "energy") for one in plugs}
        since = here.clock()
        for one in cases:
            await _do(one.press)
        await here.are_read([one for one in plugs if one.alias not in ("silent", "Newer")], 3)
        for one in cases:
            await _do(one.ease)
        await here.are_read(plugs, 4)
        await _compare_growth(table, here, cases, before, since)

        here.clock.put_wrong(_AWAY)
        await asyncio.sleep(_AWAY_SECONDS)
        here.clock.put_wrong(timedelta())
        await here.are_read(plugs, 3)
        for one in plugs:
            one.outlets[0].set_load(0)
        await here.are_read(plugs, 3)
        today = here.clock().astimezone(PARIS).date()
        truth = {plug_id(one): used_by(one, *here.bounds(today)) for one in plugs}
        table.add(
            "3 October for four minutes: growth of all plugs together, 1 kW each",
            sum(used_by(one, since, here.clock()) for one in plugs),
            within=_WITHIN * len(plugs),
            entity=sum([await here.of_plug(one, "energy") - before[plug_id(one)] for one in plugs]),
        )
        month = await here.of_point("p0", "consumption_monthly")
        table.add("the month of the first of them", _month(plugs[0], here), entity=month[0])

        async def is_booked() -> bool:
            return all(here.ledger(one, today) > truth[plug_id(one)] - OFF for one in plugs)

        # A stop before that would have it spread over the night; it is posted every five minutes.
        with suppress(AssertionError):
            await until(is_booked, 330)
        for one in cases:
            booked, used = here.ledger(one.plug, today), truth[plug_id(one.plug)]
            table.add(f"{one.what}: booked before the stop", used, ledger=booked, within=OFF)
        await here.sleep_off(now + timedelta(hours=20))
        await here.are_read(plugs, 3)
        await here.push()
        for number, one in enumerate(cases):
            await compare_day(table, here, f"{one.what}: its day", f"p{number}", one.plug, today,
                               truth[plug_id(one.plug)])  # fmt: skip
        here.look_at_log(table, "readings")


async def press_month_ends(table: Table, folder: Path) -> None:
    """Press the end of a month for plugs whose clocks are off: 1 kW steady, all of the month."""
    end = datetime(2026, 10, 1, tzinfo=PARIS)
    async with house(folder, end - timedelta(minutes=3)) as here, AsyncExitStack() as stack:
        plugs: dict[str, Plug] = {}
        for number, ahead in enumerate((-20, 0, 20, 3600, -3600, 7), 1):
            plugs[f"s{number}"] = EmulatedSmartPlug(
                host=f"127.0.82.{number}", mac=f"5C:62:8B:82:00:{number:02X}", alias=f"{ahead} s",
                load=1000.0, clock=_off(here, ahead), timezone=PARIS,
                installed_at=datetime(2026, 8, 20, tzinfo=PARIS),
            )  # fmt: skip
        plugs["o1"] = EmulatedPlug(
            mac="50:C7:BF:00:0B:01", alias="-20 s, with a total", load=1000.0,
            clock=_off(here, -20), timezone=PARIS, installed_at=datetime(2026, 8, 20, tzinfo=PARIS),
        )  # fmt: skip
        before: dict[str, float] = {}
        began: dict[str, datetime] = {}
        for pdl, plug in plugs.items():
            await stack.enter_async_context(connected(plug))
            await here.add(pdl, plug)
        await here.are_read([*plugs.values()])
        for pdl, plug in plugs.items():
            before[pdl], began[pdl] = await here.of_plug(plug, "energy"), here.clock()
        await here.sleep_until(end + timedelta(seconds=12))
        for pdl, plug in plugs.items():
            day = await here.of_point(pdl, "consumption_daily")
            month = await here.of_point(pdl, "consumption_monthly")
            seconds = (here.clock() - end).total_seconds()
            what = (
                f"{plug.alias}: the month that ended; the new one and its day {seconds:.0f} s later"
            )
            for expected, said in ((720.0, month[1]), (seconds / 3600, month[0]),
                                   (seconds / 3600, day[0])):  # fmt: skip
                table.add(what, expected, entity=said, within=OFF)
        await here.sleep_until(end + timedelta(seconds=60))
        for pdl, plug in plugs.items():
            grown = await here.of_plug(plug, "energy") - before[pdl]
            lived = (here.clock() - began[pdl]).total_seconds() / 3600
            table.add(f"{plug.alias}: growth over the end", lived, entity=grown, within=OFF)
        await here.sleep_off(end + timedelta(hours=6, minutes=10))
        await here.are_read([*plugs.values()], 3)
        await here.push()
        september, last = (end - timedelta(days=30)).date(), (end - timedelta(days=1)).date()
        for pdl, plug in plugs.items():
            await compare_day(table, here, f"{plug.alias}: 30 September", pdl, plug, last, 24.0)
            sent = here.in_mqtt(pdl, "monthly", "2026-09")
            hours = await here.statistics(f"med_exporter:consumption_{pdl}", september, last)
            table.add(
                f"{plug.alias}: September", 720.0,
                entity=(await here.of_point(pdl, "consumption_monthly"))[1],
                ledger=here.ledger(plug, september, last),
                statistics=sum(hours.values()),
                file=await here.file_kwh(plug, september, last),
                mqtt=sent[-1] if sent else None,
                victoriametrics=await here.stored(pdl, "monthly", here.bounds(september)[0]),
                within=OFF,
            )  # fmt: skip
        here.look_at_log(table, "month's end")


def _off(here: House, seconds: float) -> Callable[[], datetime]:
    return lambda: here.clock() + timedelta(seconds=seconds)


async def _do(work: Callable[[], Awaitable[object] | None]) -> None:
    if (doing := work()) is not None:
        await doing


def used_by(plug: Plug, start: datetime, end: datetime) -> float:
    """Return what was truly used between times of the house that are over or run, in kWh."""
    off = plug.clock.offset
    until = min(end, plug.clock() - off)
    return plug.outlets[0].energy_between(start + off, until + off)


def _month(plug: Plug, here: House) -> float:
    now = here.clock().astimezone(PARIS)
    return used_by(plug, now.replace(day=1, hour=0, minute=0, second=0, microsecond=0), now)


async def _compare_growth(
    table: Table, here: House, cases: list[Case], before: dict[str, float], since: datetime
) -> None:
    for one in cases:
        used = used_by(one.plug, since, here.clock())
        grown = await here.of_plug(one.plug, "energy") - before[plug_id(one.plug)]
        table.add(f"{one.what}: growth", used, entity=grown, within=_WITHIN)


async def compare_day(
    table: Table, here: House, what: str, pdl: str, plug: Plug, day: date, expected: float,
    within: float = OFF,
) -> None:  # fmt: skip
    """Compare what all places say of the day before the running one, in kWh."""
    hours = await here.statistics(f"med_exporter:consumption_{pdl}", day)
    sent = here.in_mqtt(pdl, "daily", str(day))
    table.add(
        what, expected,
        entity=(await here.of_point(pdl, "consumption_daily"))[1],
        ledger=here.ledger(plug, day),
        statistics=sum(hours.values()),
        file=await here.file_kwh(plug, day),
        mqtt=sent[-1] if sent else None,
        victoriametrics=await here.stored(pdl, "daily", here.bounds(day)[0]),
        within=within,
    )  # fmt: skip
