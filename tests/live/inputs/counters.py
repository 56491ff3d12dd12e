"""Plugs, meters and clocks that tell what is not so: what is counted is what was used."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import EmulatedSmartPlug

from .house import connected, house, plug_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from .house import House, Plug
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
_EMETER = {("emeter", name) for name in ("get_realtime", "get_daystat", "get_monthstat")}
# A plug shows whole watt-hours, and is read every five seconds at 1 kW.
_WITHIN = 0.004
_TOTAL = 500_010
_AWAY = datetime(2026, 10, 3, 10, 12, tzinfo=PARIS) - datetime(2026, 11, 26, 10, 12, tzinfo=PARIS)
_AWAY_SECONDS = 240


@dataclass
class Case:
    """A plug, what is done to it, and how that is undone."""

    what: str
    plug: Plug
    press: Callable[[], Awaitable[object] | None]
    ease: Callable[[], Awaitable[object] | None]


async def press_readings(table: Table, folder: Path) -> None:
    """Press what plugs may tell, on 26 November, and then what the machine's clock may."""
    now = datetime(2026, 11, 26, 10, 10, tzinfo=PARIS)
    async with house(folder, now) as here, AsyncExitStack() as stack:
        cases = _cases(here)
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
        truth = {plug_id(one): _used(one, *here.bounds(today)) for one in plugs}
        table.add(
            "3 October for four minutes: growth of all plugs together, 1 kW each",
            sum(_used(one, since, here.clock()) for one in plugs),
            within=_WITHIN * len(plugs),
            entity=sum([await here.of_plug(one, "energy") - before[plug_id(one)] for one in plugs]),
        )
        month = await here.of_point("p0", "consumption_monthly")
        table.add("the month of the first of them", _month(plugs[0], here), entity=month[0])

        await here.sleep_off(now + timedelta(hours=20))
        await here.are_read(plugs, 3)
        await here.push()
        for number, one in enumerate(cases):
            await _compare_day(table, here, f"{one.what}: its day", f"p{number}", one.plug, today,
                               truth[plug_id(one.plug)])  # fmt: skip
        here.look_at_log(table, "readings")


def _cases(here: House) -> list[Case]:
    made: list[Case] = []

    def add(what: str, plug: Plug, press: Callable, ease: Callable = lambda: None) -> None:
        made.append(Case(what, plug, press, ease))

    def older(name: str = "") -> EmulatedPlug:
        return EmulatedPlug(
            mac=f"50:C7:BF:00:0A:{len(made):02X}",
            alias=name or f"Plug {len(made)}",
            load=1000.0,
            clock=here.clock,
            timezone=PARIS,
            installed_at=datetime(2026, 11, 1, tzinfo=PARIS),
        )

    def misreads(outlet, *totals) -> None:
        """Show these totals in turn, the last one from then on; numbers or made of the truth."""
        left = list(totals)

        def shown(wh: float) -> float:
            total = left.pop(0) if len(left) > 1 else left[0]
            return total(wh) if callable(total) else total

        outlet.misreads = shown

    for steps in ((_TOTAL, _TOTAL - 1), (_TOTAL, _TOTAL - 10),
                  (_TOTAL, _TOTAL - 1, _TOTAL, _TOTAL - 1, _TOTAL)):  # fmt: skip
        plug = older()
        plug.set_load(0)
        misreads(plug.outlet, _TOTAL)
        told = ", ".join(f"{one / 1000:.3f}" for one in steps)
        add(f"total {told}", plug, lambda plug=plug, steps=steps: misreads(plug.outlet, *steps))
    falsehoods = {
        "a total of zero, once": (0.0,),
        "a total of zero, four times": (0.0,) * 4,
        "a spike of 900 MWh, once": (9e8,),
        "three spikes, each another": (9e8, 3e9, 7.5e8),
        "a spike of 3 kWh, which a socket could not pass": (lambda wh: wh + 3000,),
    }
    for what, totals in falsehoods.items():
        plug = older()
        add(what, plug,
            lambda plug=plug, totals=totals: misreads(plug.outlet, *totals, lambda wh: wh))  # fmt: skip
    plug = older()
    add("energy queries fail while it answers", plug,
        lambda plug=plug: plug.refused.update(_EMETER), plug.refused.clear)  # fmt: skip
    plug = older()
    add("the total's query alone fails", plug,
        lambda plug=plug: plug.refused.add(("emeter", "get_realtime")), plug.refused.clear)  # fmt: skip
    for times in (1, 2, 3):
        plug = older()

        def reboot(plug: EmulatedPlug = plug, times: int = times) -> None:
            for _ in range(times):
                plug.reboot()

        add(f"restarts between two polls: {times}", plug, reboot)
    plug = older()

    async def remove(number: int = len(made)) -> None:
        await here.remove(f"p{number}")

    async def add_again(number: int = len(made), plug: EmulatedPlug = plug) -> None:
        await asyncio.sleep(5)
        await here.add(f"p{number}", plug)

    async def swap() -> None:
        await remove()
        await add_again()

    add("removed and added again", plug, swap)
    plug = older("silent")
    add("says nothing, then all at once", plug, plug.silence, plug.heal)
    plug = older()
    add("each answer is three seconds late", plug, lambda plug=plug: plug.slow(3), plug.heal)
    plug = older()

    def wrap(plug: EmulatedPlug = plug) -> None:
        top = plug.outlet.total_wh + 4
        plug.outlet.misreads = lambda wh: wh % top

    add("the total begins again at its limit", plug, wrap)
    newer = EmulatedSmartPlug(
        host="127.0.81.1", mac="5C:62:8B:81:00:01", alias="Newer", load=1000.0, clock=here.clock,
        timezone=PARIS, installed_at=datetime(2026, 11, 1, tzinfo=PARIS),
    )  # fmt: skip
    add("a newer plug whose energy queries fail", newer,
        lambda: newer.refused.update({"get_energy_usage", "get_emeter_data"}),
        newer.refused.clear)  # fmt: skip
    return made


async def press_month_ends(table: Table, folder: Path) -> None:
    """Press the end of a month for plugs whose clocks are off: 1 kW steady, all of the month."""
    end = datetime(2026, 10, 1, tzinfo=PARIS)
    async with house(folder, end - timedelta(minutes=3)) as here, AsyncExitStack() as s:
        plugs: dict[str, Plug] = {}
        for number, ahead in enumerate((-20, 0, 20, 3600, -3600, 7), 1):
            plugs[f"s{number}"] = EmulatedSmartPlug(
                host=f"127.0.82.{number}", mac=f"5C:62:8B:82:00:{number:02X}", alias=f"{ahead} s",
                load=1000.0, clock=_off(here, ahead), timezone=PARIS,
                installed_at=datetime(2026, 8, 20, tzinfo=PARIS),
            )  # fmt: skip
        plugs["o1"] = EmulatedPlug(
            mac="50:C7:BF:00:0B:01", alias="-20 s, with a total", load=1000.0, clock=_off(here, -20),
            timezone=PARIS, installed_at=datetime(2026, 8, 20, tzinfo=PARIS),
        )  # fmt: skip
        before: dict[str, float] = {}
        began: dict[str, datetime] = {}
        for pdl, plug in plugs.items():
            await s.enter_async_context(connected(plug))
            await here.add(pdl, plug)
        await here.are_read([*plugs.values()])
        for pdl, plug in plugs.items():
            before[pdl], began[pdl] = await here.of_plug(plug, "energy"), here.clock()
        await here.sleep_until(end + timedelta(seconds=12))
        for pdl, plug in plugs.items():
            day, month = [await here.of_point(pdl, f"consumption_{one}") for one in ("daily", "monthly")]
            since = (here.clock() - end).total_seconds() / 3600
            table.add(f"{plug.alias}: the new month {since * 3600:.0f} s later", since, entity=month[0], within=0.012)
            table.add(f"{plug.alias}: the month that ended", 720.0, entity=month[1], within=0.012)
            table.add(f"{plug.alias}: the new day", since, entity=day[0], within=0.012)
        await here.sleep_until(end + timedelta(seconds=60))
        for pdl, plug in plugs.items():
            grown = await here.of_plug(plug, "energy") - before[pdl]
            lived = (here.clock() - began[pdl]).total_seconds() / 3600
            table.add(f"{plug.alias}: growth over the end", lived, entity=grown, within=0.012)
        await here.sleep_off(end + timedelta(hours=6, minutes=10))
        await here.are_read([*plugs.values()], 3)
        await here.push()
        september, last = (end - timedelta(days=30)).date(), (end - timedelta(days=1)).date()
        for pdl, plug in plugs.items():
            await _compare_day(table, here, f"{plug.alias}: 30 September", pdl, plug, last, 24.0)
            sent = here.in_mqtt(pdl, "monthly", "2026-09")
            stored = await here.in_victoriametrics(pdl, "monthly")
            hours = await here.statistics(f"med_exporter:consumption_{pdl}", september, last)
            table.add(
                f"{plug.alias}: September", 720.0,
                entity=(await here.of_point(pdl, "consumption_monthly"))[1],
                ledger=here.ledger(plug, september, last),
                statistics=sum(hours.values()),
                file=await here.file_kwh(plug, september, last),
                mqtt=sent[-1] if sent else None,
                victoriametrics=stored.get(here.bounds(september)[0], [None])[-1],
                within=0.012,
            )  # fmt: skip
        here.look_at_log(table, "month's end")


def _off(here: House, seconds: float) -> Callable[[], datetime]:
    return lambda: here.clock() + timedelta(seconds=seconds)


async def _do(work: Callable[[], Awaitable[object] | None]) -> None:
    if (doing := work()) is not None:
        await doing


def _used(plug: Plug, start: datetime, end: datetime) -> float:
    """Return what was truly used between times of the house that are over or run, in kWh."""
    off = plug.clock.offset
    until = min(end, plug.clock() - off)
    return plug.outlets[0].energy_between(start + off, until + off)


def _month(plug: Plug, here: House) -> float:
    now = here.clock().astimezone(PARIS)
    return _used(plug, now.replace(day=1, hour=0, minute=0, second=0, microsecond=0), now)


async def _compare_growth(
    table: Table, here: House, cases: list[Case], before: dict[str, float], since: datetime
) -> None:
    for one in cases:
        used = _used(one.plug, since, here.clock())
        grown = await here.of_plug(one.plug, "energy") - before[plug_id(one.plug)]
        table.add(f"{one.what}: growth", used, entity=grown, within=_WITHIN)


async def _compare_day(
    table: Table, here: House, what: str, pdl: str, plug: Plug, day, expected: float
) -> None:
    hours = await here.statistics(f"med_exporter:consumption_{pdl}", day)
    sent = here.in_mqtt(pdl, "daily", str(day))
    stored = await here.in_victoriametrics(pdl, "daily")
    table.add(
        what, expected,
        entity=(await here.of_point(pdl, "consumption_daily"))[1],
        ledger=here.ledger(plug, day),
        statistics=sum(hours.values()),
        file=await here.file_kwh(plug, day),
        mqtt=sent[-1] if sent else None,
        victoriametrics=stored.get(here.bounds(day)[0], [None])[-1],
        within=0.012,
    )  # fmt: skip
