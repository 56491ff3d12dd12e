"""Days are local days, also where the offset is no whole hour, and where clocks change.

A plug uses 200 W on one day and nothing on the next.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import defaultdict
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.plug_emulator import EmulatedPlug, EveryOtherDay
from tests.plug_emulator.smart import EmulatedSmartPlug
from tests.real_home.configuration import REPOSITORY

from .counters import used_by
from .house import House, connected, house, plug_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from .house import Plug
    from .table import Table

ZONES = ("Asia/Kolkata", "America/St_Johns", "Asia/Kathmandu", "Australia/Adelaide")
# Only newer plugs know these.
ONLY_NEWER = ("Pacific/Chatham",)
CHANGES = {
    "Australia/Lord_Howe": (2026, 10, 4),  # Half an hour less.
    "Pacific/Chatham": (2026, 9, 27),  # From +12:45 to +13:45.
    "America/St_Johns": (2026, 11, 1),  # An hour more.
    "America/Havana": (2026, 11, 1),  # Its first hour comes twice.
    "Africa/Cairo": (2026, 10, 29),  # Its last hour comes twice.
    "Pacific/Apia": (2026, 11, 12),  # Hours ahead of all others, without a change.
    "Asia/Tehran": (2026, 11, 12),
}
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_WITHIN = 0.002


async def press_zones(table: Table, folder: Path) -> None:
    """Live over two midnights in each zone, and let all places tell those days and some before."""
    await _press_all(table, folder, dict.fromkeys((*ZONES, *ONLY_NEWER), (2026, 11, 12)))


async def press_clock_changes(table: Table, folder: Path) -> None:
    """Do the same where clocks change on the second of the two days."""
    await _press_all(table, folder, CHANGES)


async def _press_all(table: Table, folder: Path, days: Mapping[str, tuple[int, int, int]]) -> None:
    # A house waits most of the time.
    await asyncio.gather(*[
        _press(table, folder / name.replace("/", "_"), datetime(*day, tzinfo=ZoneInfo(name)), place)
        for place, (name, day) in enumerate(days.items(), 1)
    ])  # fmt: skip


async def _press(table: Table, folder: Path, midnight: datetime, number: int) -> None:
    zone = midnight.tzinfo
    assert isinstance(zone, ZoneInfo)
    async with house(folder, midnight - 2 * _MINUTE) as here, AsyncExitStack() as stack:
        plugs = _plugs(here, number, midnight - 6 * _DAY)
        for pdl, plug in plugs.items():
            await stack.enter_async_context(connected(plug))
            await here.add(pdl, plug)
        entities: dict[str, dict[date, float]] = defaultdict(dict)
        for over in (midnight, midnight + _DAY):
            if over is not midnight:
                # Not by the clock on the wall, which may show the last minute twice.
                await here.sleep_off((over.astimezone(UTC) - _MINUTE).astimezone(zone))
            await here.sleep_until(over + timedelta(seconds=20))
            for pdl in plugs:
                _, before = await here.of_point(pdl, "consumption_daily")
                entities[pdl][(over - _DAY).date()] = before
        await here.sleep_off(midnight + _DAY + timedelta(hours=6, minutes=10))
        await here.are_read([*plugs.values()])
        await here.push()
        days = [(midnight + number * _DAY).date() for number in range(-3, 1)]
        for pdl, plug in plugs.items():
            what = f"{zone.key}, {plug.alias}"
            expected = {day: used_by(plug, *here.bounds(day)) for day in days}
            await compare_days(table, here, what, pdl, plug, expected, entities[pdl])
        await check_sums(table, here)
        here.look_at_log(table, zone.key)


async def check_sums(table: Table, here: House) -> None:
    """Let `scripts/check_sums` compare all sums of a house."""
    script = str(REPOSITORY / "scripts" / "check_sums")
    checked = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, script, str(here.home.database), "--time-zone", here.zone.key],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    last = (checked.stdout + checked.stderr).strip().splitlines()[-1:]
    table.say(f"{here.zone.key}: scripts/check_sums ends with {last}", 0, checked.returncode)


def _plugs(here: House, number: int, installed_at: datetime) -> dict[str, Plug]:
    plugs: dict[str, Plug] = {
        "newer": EmulatedSmartPlug(
            host=f"127.0.83.{number}", mac=f"5C:62:8B:83:00:{number:02X}", alias="newer",
            load=EveryOtherDay(here.zone), clock=here.clock, timezone=here.zone,
            installed_at=installed_at,
        )
    }  # fmt: skip
    if here.zone.key in ZONES:
        plugs["older"] = EmulatedPlug(
            mac=f"50:C7:BF:00:0C:{number:02X}", alias="older", load=EveryOtherDay(here.zone),
            clock=here.clock, timezone=here.zone, installed_at=installed_at,
        )  # fmt: skip
    return plugs


async def compare_days(
    table: Table, here: House, what: str, pdl: str, plug: Plug,
    days: Mapping[date, float], entities: Mapping[date, float], within: float = _WITHIN,
) -> None:  # fmt: skip
    """Compare what all places say of days, ascending, with what was used on each, in kWh.

    `entities` is what the metering point's sensor has shown of some of them.
    """
    first, last = min(days), max(days)
    hourly = await here.file(first, last, devices=[plug_id(plug)], aggregation="hourly")
    report = await here.file(
        first, last, export_type="system_report", aggregation=None,
        devices=[plug_id(plug)], report_sections=["energy_consumption"],
    )  # fmt: skip
    halves = here.heard(pdl, "detailed")
    stored = await here.in_victoriametrics(pdl, "daily")
    stored_halves = await here.in_victoriametrics(pdl, "detailed")
    for day, expected in days.items():
        start, end = here.bounds(day)
        heard = here.in_mqtt(pdl, "daily", str(day))
        kept = stored.get(start.timestamp(), [None])
        told: dict[str, Any] = {"entity": entities[day]} if day in entities else {}
        table.add(
            f"{what}, {day}: by the day", expected,
            **told,
            ledger=here.ledger(plug, day),
            file=await here.file_kwh(plug, day),
            mqtt=heard[-1] if heard else None,
            victoriametrics=kept[-1],
            within=within,
        )  # fmt: skip
        table.add(
            f"{what}, {day}: its hours in a file, its half-hours where they are pushed", expected,
            file=sum(row["energy_kwh"] or 0 for row in hourly
                     if row["timestamp"].startswith(str(day))),
            mqtt=sum(kwh for at, kwh in halves.items() if at.startswith(str(day))),
            victoriametrics=sum(
                one[-1]
                for at, one in stored_halves.items()
                if start.timestamp() <= at < end.timestamp()
            ),
            within=within,
        )  # fmt: skip
        table.add(
            f"{what}, {day}: in a report", expected,
            file=sum(row["energy_kwh"] or 0 for row in report
                     if row["device"] and str(row["day"])[:10] == str(day)),
            within=within,
        )  # fmt: skip
    local = [datetime.fromtimestamp(at, here.zone) for at in stored_halves]
    minutes = sorted({at[14:16] for at in halves} | {f"{at:%M}" for at in local})
    table.say(f"{what}: minutes of the local hour at which half-hours begin", ["00", "30"], minutes)
