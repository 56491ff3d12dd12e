"""Energy that a user puts right, and then back: what each place says before, between and after."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.live.conftest import until
from tests.live.house.database import ask
from tests.plug_emulator import EmulatedPlug

from .house import connected, house, plug_id

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from .house import House
    from .table import Table

PARIS = ZoneInfo("Europe/Paris")
_PRICE = 0.25
_PDL = "c1"
# What is asked for, and what is left of the 9.6 kWh of a day.
CORRECTIONS: dict[str, tuple[dict[str, Any], float]] = {
    "set": ({"operation": "set", "value": 4.2}, 4.2),
    "scale": ({"operation": "scale", "value": 0.25}, 2.4),
    "scale up": ({"operation": "scale", "value": 1.5}, 14.4),
    "remove": ({"operation": "remove"}, 0.0),
}
_WHOLE = 9.6


async def press_corrections(table: Table, folder: Path) -> None:
    """Correct days of a plug of 400 W, one after the other, yesterday among them."""
    now = datetime(2026, 11, 20, 6, 40, tzinfo=PARIS)
    async with house(folder, now) as here, AsyncExitStack() as stack:
        plug = EmulatedPlug(
            mac="50:C7:BF:00:0E:01", alias="Heater", load=400.0, clock=here.clock, timezone=PARIS,
            installed_at=datetime(2026, 10, 20, tzinfo=PARIS),
        )  # fmt: skip
        await stack.enter_async_context(connected(plug))
        await here.add(_PDL, plug)
        await here.home.options_flow(
            here.entries[_PDL],
            {"next_step_id": "contracts"},
            {"next_step_id": "add_contract"},
            {"valid_from": "2020-01-01", "kind": "flat", "standing_charge": 0},
            {"price": _PRICE},
        )
        await here.are_read([plug])
        await here.push()
        for number, (name, (asked, left)) in enumerate(CORRECTIONS.items(), 1):
            day = (now - timedelta(days=number)).date()
            await _compare(table, here, plug, f"before {name}", day, _WHOLE, _WHOLE)
            wanted = {"pdl": _PDL, "start": str(day), "end": str(day), "reason": f"A {name}"}
            answer = await here.home.call_action("med_exporter.correct_energy", wanted | asked)
            await _compare(table, here, plug, name, day, left, _WHOLE)
            await here.home.call_action("med_exporter.correct_energy", wanted | answer["undo"])
            await _compare(table, here, plug, f"{name}, taken back", day, _WHOLE, _WHOLE)
        audit = await here.file(
            now.date(), export_type="audit_logs", aggregation=None, event_types=["energy_corrected"]
        )
        for name in CORRECTIONS:
            told = [one for one in audit if f"A {name}" in json.dumps(one)]
            table.say(f"{name}: is in the audit log", True, len(told) >= 2)
        question = (
            "SELECT COUNT(*) FROM med_exporter_exports WHERE warnings LIKE '%NOT_CORRECTABLE%'"
        )
        ((named,),) = ask(here.home.database, question)
        table.say("what cannot be sent to the database is named in its runs", True, bool(named))
        await _look_at_doors(table, here)
        here.look_at_log(table, "corrections")


async def _look_at_doors(table: Table, here: House) -> None:
    """Look whether who asks for the runs is told what the database cannot take."""
    of_database = {"destination": "victoriametrics", "limit": 100}
    http = await here.home.get("/api/export/logs", **{k: str(v) for k, v in of_database.items()})
    action = await here.home.call_action("med_exporter.list_push_log", of_database)
    panel = await here.home.command("med_exporter/history/list", limit=100)
    doors = {
        "HTTP": http["logs"],
        "the action": action["logs"],
        "the panel": [one for one in panel["entries"] if one["destination"] == "victoriametrics"],
    }
    for door, runs in doors.items():
        told = [one for run in runs for one in run["warnings"] if one["code"] == "NOT_CORRECTABLE"]
        words = {"cannot overwrite" in one["message"] for one in told}
        table.say(f"{door} names what cannot be sent to the database", {True}, words)


async def _compare(
    table: Table, here: House, plug: EmulatedPlug, what: str, day: date, kwh: float, stored: float
) -> None:
    """Compare once the push has told: all places, and what the day costs in each."""
    start = here.bounds(day)[0]

    async def is_told() -> bool:
        await here.push()
        return abs(here.in_mqtt(_PDL, "daily", str(day))[-1] - kwh) < 1e-3

    await until(is_told, 60)
    hours = await here.statistics(f"med_exporter:consumption_{_PDL}", day)
    costs = await here.statistics(f"med_exporter:cost_{_PDL}", day)
    (row,) = await here.file(day, devices=[plug_id(plug)])
    analysis = await here.file(day, export_type="cost_analysis", grouping="daily", aggregation=None)
    yesterday = (here.clock().astimezone(PARIS) - timedelta(days=1)).date()
    shown: dict[str, Any] = {}
    if day == yesterday:
        shown["entity"] = (await here.of_point(_PDL, "consumption_daily"))[1]
    table.add(
        f"{what}: {day}", kwh, **shown,
        ledger=here.ledger(plug, day), statistics=sum(hours.values()), file=row["energy_kwh"],
        mqtt=here.in_mqtt(_PDL, "daily", str(day))[-1], within=0.003,
    )  # fmt: skip
    table.add(
        f"{what}: its cost, in statistics and the file; in the analysis",
        kwh * _PRICE,
        statistics=sum(costs.values()),
        file=row["cost"],
        ledger=sum(one["energy_cost"] for one in analysis),
        within=0.006,
    )
    table.add(
        f"{what}: the database, which overwrites nothing",
        stored,
        victoriametrics=await here.stored(_PDL, "daily", start),
        within=0.003,
    )
