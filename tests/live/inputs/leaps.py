"""A machine without a battery for its clock, whose time server is late: its clock leaps to and fro.

Plugs are polled meanwhile, runs to destinations begin, and a schedule is due every five minutes.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import jwt

from tests.live.conftest import until
from tests.mqtt_destinations import mqtt_input
from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import EmulatedSmartPlug

from .counters import OFF, compare_day, used_by
from .house import connected, house
from .zones import check_sums

if TYPE_CHECKING:
    from pathlib import Path

    from .house import House, Plug
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
SINCE = datetime(2026, 10, 28, tzinfo=PARIS)
NOW = datetime(2026, 11, 26, 10, 2, tzinfo=PARIS)
_WEEKS, _HOURS, _YEAR = timedelta(weeks=-5), timedelta(hours=7), timedelta(days=365)
# How far off the machine's clock is, and for how many seconds.
_LEAPS = ((_WEEKS, 70), (timedelta(), 20), (_HOURS, 70), (_WEEKS, 30), (_YEAR, 70), (-_YEAR, 20))
_EVERY = timedelta(minutes=5)
_SCHEDULE = {
    "name": "Every five minutes",
    "schedule": "*/5 * * * *",
    "export_config": {"export_type": "device_data", "format": "csv", "date_range": "yesterday"},
}


async def press_leaps(table: Table, folder: Path) -> None:
    """Let the clock leap while all runs, then over starts, and look whether all goes on after."""
    async with house(folder, NOW) as here, AsyncExitStack() as stack:
        await _log_in_for_good(here)
        plugs = _plugs(here)
        for pdl, plug in plugs.items():
            await stack.enter_async_context(connected(plug))
            await here.add(pdl, plug)
        often = mqtt_input(here.broker.port, topic_prefix="often", interval="15")
        made = await here.home.flow("med_exporter", {"next_step_id": "mqtt"}, often)
        await here.home.post("/api/exports/schedule", _SCHEDULE)
        await here.are_read([*plugs.values()], 3)
        since = {pdl: here.clock() for pdl in plugs}
        before = {pdl: await here.of_plug(plug, "energy") for pdl, plug in plugs.items()}
        for by, seconds in _LEAPS:
            here.clock.put_wrong(by)
            await here.home.call_action("med_exporter.run_push", {"destination": made["entry_id"]})
            await asyncio.sleep(seconds)
        here.clock.put_wrong(timedelta())
        await here.are_read([*plugs.values()], 3)
        await _compare(table, here, "after leaps", plugs, since, before)
        for by in (_WEEKS, _YEAR, -_YEAR):
            here.clock.put_wrong(by)
            await here.sleep_off(here.clock() + timedelta(minutes=7))
            await here.are_read([*plugs.values()], 3)
            await asyncio.sleep(40)
            here.clock.put_wrong(timedelta())
            await here.are_read([*plugs.values()], 3)
            what = f"started with a clock that is {by.days} days off"
            await _compare(table, here, what, plugs, since, before)
        await _look_at_runs(table, here, made["entry_id"], here.clock())
        here.clock.put_wrong(timedelta())
        await here.sleep_off(NOW + timedelta(hours=20, minutes=15))
        await here.are_read([*plugs.values()], 3)
        await here.push()
        for pdl, plug in plugs.items():
            start, end = here.bounds(NOW.date())
            await compare_day(table, here, f"{plug.alias}: its day", pdl, plug, NOW.date(),
                              used_by(plug, start, end))  # fmt: skip
            await _compare_all_sent(table, here, pdl, plug)
        await check_sums(table, here)
        here.look_at_log(table, "leaps")


async def _log_in_for_good(here: House) -> None:
    """Be let in whatever the clock shows: Home Assistant takes no token of its future."""
    told = jwt.decode(here.home.token, options={"verify_signature": False})

    async def key() -> str | None:
        with suppress(FileNotFoundError):
            kept = json.loads((here.home.folder / ".storage" / "auth").read_text())
            for one in kept["data"]["refresh_tokens"]:
                if one["id"] == told["iss"]:
                    return str(one["jwt_key"])
        return None

    found = await until(key)
    here.home.token = jwt.encode(told | {"iat": 0, "exp": 2**32}, found, algorithm="HS256")


def _plugs(here: House) -> dict[str, Plug]:
    older = EmulatedPlug(
        mac="50:C7:BF:00:14:01", alias="older", load=1000.0, clock=here.clock, timezone=PARIS,
        installed_at=SINCE,
    )  # fmt: skip
    newer = EmulatedSmartPlug(
        host="127.0.86.1", mac="5C:62:8B:86:00:01", alias="newer", load=1000.0, clock=here.clock,
        timezone=PARIS, installed_at=SINCE,
    )  # fmt: skip
    return {"l1": older, "l2": newer}


async def _compare(
    table: Table, here: House, what: str, plugs: dict[str, Plug], since: dict[str, datetime],
    before: dict[str, float],
) -> None:  # fmt: skip
    now = here.clock().astimezone(PARIS)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for pdl, plug in plugs.items():
        grown = await here.of_plug(plug, "energy") - before[pdl]
        used = used_by(plug, since[pdl], here.clock())
        table.add(f"{plug.alias}, {what}: growth", used, entity=grown, within=OFF)
        for key, start in (("daily", midnight), ("monthly", midnight.replace(day=1))):
            shown, _ = await here.of_point(pdl, f"consumption_{key}")
            used = used_by(plug, start, here.clock())
            table.add(f"{plug.alias}, {what}: {key}", used, entity=shown, within=OFF)


async def _look_at_runs(table: Table, here: House, destination: str, since: datetime) -> None:
    """Look whether the schedule and the destination's interval are kept from then on."""

    async def schedule_ran() -> bool:
        (schedule,) = (await here.home.get("/api/exports/schedules"))["schedules"]
        last = datetime.fromisoformat(schedule["last_run"] or SINCE.isoformat())
        return since - _EVERY < last <= here.clock()

    async def was_pushed() -> bool:
        asked = {"destination": destination, "limit": 20}
        runs = (await here.home.call_action("med_exporter.list_push_log", asked))["logs"]
        at = [datetime.fromisoformat(one["started_at"]) for one in runs
              if one["trigger"] == "automatic"]  # fmt: skip
        return any(since < one <= here.clock() for one in at)

    for what, has in (("the schedule runs again", schedule_ran), ("pushes run again", was_pushed)):
        try:
            await until(has, 1000)
        except AssertionError:
            table.say(f"after leaps, {what}", True, False)
        else:
            table.say(f"after leaps, {what}", True, True)


async def _compare_all_sent(table: Table, here: House, pdl: str, plug: Plug) -> None:
    """Compare each half-hour and day that the database has, which overwrites nothing."""
    hours = {"detailed": timedelta(minutes=30), "daily": timedelta(days=1)}
    for grain, length in hours.items():
        wrong = []
        kept = await here.in_victoriametrics(pdl, grain)
        for at, values in kept.items():
            start = datetime.fromtimestamp(at, UTC).astimezone(PARIS)
            end = (start + length).astimezone(UTC)
            used = used_by(plug, start, end)
            if len(values) != 1 or abs(values[0] - used) > OFF:
                wrong.append((f"{start:%Y-%m-%d %H:%M}", values, round(used, 4)))
        table.say(f"{plug.alias}: wrong of {len(kept)} periods ({grain}) in the database", [],
                  wrong)  # fmt: skip
