"""Statistics that cannot be stored, or are written over: all others are, and each is named once."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack, closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.live.conftest import until
from tests.plug_emulator import EmulatedPlug

from .house import connected, house, plug_id

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from tests.real_home import RealHome

    from .house import House
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
_DAYS = 12
_REFUSE = """
CREATE TRIGGER refuse_{name} BEFORE {what} ON statistics WHEN NEW.metadata_id IN
 (SELECT id FROM statistics_meta WHERE statistic_id = '{statistic_id}')
 {also} BEGIN SELECT RAISE(ABORT, 'refused'); END
"""


async def press_refusals(table: Table, folder: Path) -> None:
    """Press what the recorder has or does to one statistic of each metering point but the first."""
    now = datetime(2026, 11, 20, 12, 40, tzinfo=PARIS)
    installed_at = datetime(2026, 11, 20 - _DAYS, tzinfo=PARIS)
    async with house(folder, now) as here, AsyncExitStack() as stack:
        plugs = {
            f"r{number}": EmulatedPlug(
                mac=f"50:C7:BF:00:0D:{number:02X}", alias=f"Plug {number}", load=100.0,
                clock=here.clock, timezone=PARIS, installed_at=installed_at,
            )
            for number in range(8)
        }  # fmt: skip
        at = [now.replace(minute=0) - timedelta(hours=hours) for hours in (3, 2)]
        await _import(here.home, "med_exporter:consumption_r1", "°C", [
            {"start": one.isoformat(), "mean": 20, "min": 19, "max": 21} for one in at
        ])  # fmt: skip
        await _import(here.home, "med_exporter:consumption_r2", "m³", [
            {"start": one.isoformat(), "state": 7, "sum": 7} for one in at
        ])  # fmt: skip
        hour = (now - timedelta(days=2)).replace(minute=0).timestamp()
        refused = {
            "r3": _REFUSE.format(name="all", what="INSERT", also="",
                                 statistic_id="med_exporter:consumption_r3"),
            "r4": _REFUSE.format(name="hour", what="INSERT", also=f"AND NEW.start_ts = {hour:.0f}",
                                 statistic_id=f"med_exporter:energy_{plug_id(plugs['r4'])}"),
        }  # fmt: skip
        with closing(sqlite3.connect(here.home.database, timeout=30)) as connection:
            for trigger in refused.values():
                connection.execute(trigger)
        for pdl, plug in plugs.items():
            await stack.enter_async_context(connected(plug))
            await here.add(pdl, plug)
        await here.are_read([*plugs.values()])
        ok = ("r0", "r5", "r6", "r7")
        await until(lambda: _are_whole(here, plugs, ok), 120)
        # And what has been stored already, somebody writes over.
        before = [one - timedelta(days=2) for one in at]
        await _import(here.home, "med_exporter:consumption_r6", "m³", [
            {"start": one.isoformat(), "state": 7, "sum": 7} for one in before
        ])  # fmt: skip
        await _import(here.home, "med_exporter:consumption_r7", "°C", [
            {"start": one.isoformat(), "mean": 20, "min": 19, "max": 21} for one in before
        ])  # fmt: skip
        await here.sleep_off(now + timedelta(minutes=50))
        await here.are_read([*plugs.values()])
        await until(lambda: _are_whole(here, plugs, ok), 120)
        days = [(now - timedelta(days=_DAYS)).date(), (now - timedelta(days=1)).date()]
        for pdl, plug in plugs.items():
            for name in (f"consumption_{pdl}", f"energy_{plug_id(plug)}"):
                found = await here.statistics(f"med_exporter:{name}", *days)
                units = [
                    one["statistics_unit_of_measurement"]
                    for one in await here.home.command("recorder/list_statistic_ids")
                    if one["statistic_id"] == f"med_exporter:{name}"
                ]
                cut = (pdl == "r3" and name[0] == "c") or (pdl == "r4" and name[0] == "e")
                what = {"r1": "had a mean in °C", "r2": "had m³", "r3": "each hour is refused",
                        "r4": "one hour is refused", "r6": "m³ written over it",
                        "r7": "a mean written over it"}  # fmt: skip
                whole = 2.4 * _DAYS
                said = sum(found.values())
                if not cut:
                    apart = max(abs(kwh - 0.1) for kwh in found.values())
                    table.add(f"{pdl} {name}: the worst of {len(found)} hours is off by", 0.0,
                              statistics=apart)  # fmt: skip
                if cut:
                    lines = [
                        one for one in here.home.complaints()
                        if name in one.text and one.logger == "custom_components.med_exporter"
                    ]  # fmt: skip
                    table.say(f"{pdl} {name}, {what[pdl]}: lines in the log, one each start", 2,
                              len(lines))  # fmt: skip
                else:
                    table.add(f"{pdl} {name} ({what.get(pdl, 'nothing')}, now {units})", whole,
                              statistics=said)  # fmt: skip
            table.add(f"{pdl}: 12 days", 2.4 * _DAYS, ledger=here.ledger(plug, *days),
                      file=await here.file_kwh(plug, *days))  # fmt: skip
        await _take_back(table, here, plugs, days)
        other = [
            one.text for one in here.home.complaints()
            if one.level == "ERROR" and "does not take the statistic" not in one.text
            and one.logger == "custom_components.med_exporter"
        ]  # fmt: skip
        table.say("other errors of the integration in the log", [], other)


async def _take_back(
    table: Table, here: House, plugs: dict[str, EmulatedPlug], days: list[date]
) -> None:
    """Look whom the user is told of, and let nothing be refused any longer."""
    told = {"med_exporter:consumption_r3", f"med_exporter:energy_{plug_id(plugs['r4'])}"}
    table.say("repairs name", told, await _named(here.home))
    with closing(sqlite3.connect(here.home.database, timeout=30)) as connection:
        for name in ("all", "hour"):
            connection.execute(f"DROP TRIGGER refuse_{name}")
    await here.sleep_off(here.clock() + timedelta(hours=1))
    await here.are_read([*plugs.values()])
    await until(lambda: _are_whole(here, plugs, (*plugs,)), 120)
    for pdl, plug in plugs.items():
        for name in (f"consumption_{pdl}", f"energy_{plug_id(plug)}"):
            found = await here.statistics(f"med_exporter:{name}", *days)
            table.add(f"{pdl} {name}, nothing refused any longer", 2.4 * _DAYS,
                      statistics=sum(found.values()))  # fmt: skip
    table.say("repairs name then", set(), await _named(here.home))


async def _import(
    home: RealHome, statistic_id: str, unit: str, stats: list[dict[str, Any]]
) -> None:
    has_sum = "sum" in stats[0]
    await home.command(
        "recorder/import_statistics",
        metadata={
            "source": "med_exporter", "statistic_id": statistic_id, "name": "Somebody else's",
            "unit_of_measurement": unit, "has_sum": has_sum, "has_mean": not has_sum,
        },
        stats=stats,
    )  # fmt: skip


async def _named(home: RealHome) -> set[str]:
    """Return the statistics that Home Assistant's list of repairs names."""
    issues = (await home.command("repairs/list_issues"))["issues"]
    return {
        one["translation_placeholders"]["statistic"]
        for one in issues
        if one["domain"] == "med_exporter" and one["translation_key"] == "statistic_refused"
    }


async def _are_whole(here: House, plugs: dict[str, EmulatedPlug], pdls: tuple[str, ...]) -> bool:
    hour = here.clock().timestamp() // 3600 * 3600 - 3600
    day = here.clock().astimezone(PARIS).date()
    for pdl in pdls:
        for name in (f"consumption_{pdl}", f"energy_{plug_id(plugs[pdl])}"):
            found = await here.statistics(f"med_exporter:{name}", day)
            if max(found, default=0) < hour:
                return False
    return True
