"""A metering point takes the id of a removed one: it is asked first, and all places follow."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.ledger_rows import quarters_in
from tests.plug_emulator import EmulatedPlug
from tests.real_home import FlowError

from .counters import PARIS
from .house import connected, house

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from .house import House
    from .table import Table

_BOTH = 24 * (0.4 + 1.0)


async def press_former_ids(table: Table, folder: Path) -> None:
    """Remove a metering point of 400 W, and let one of 1 kW take its id, in two ways."""
    now = datetime(2026, 11, 20, 9, 40, tzinfo=PARIS)
    async with house(folder, now) as here, AsyncExitStack() as stack:
        plugs = [
            EmulatedPlug(
                mac=f"50:C7:BF:00:15:{number:02X}", alias=f"Plug {number}", load=load,
                clock=here.clock, timezone=PARIS, installed_at=now - timedelta(days=15),
            )
            for number, load in enumerate((400.0, 1000.0))
        ]  # fmt: skip
        gone, stays = plugs
        for pdl, plug in (("gone1", gone), ("here1", stays)):
            await stack.enter_async_context(connected(plug))
            await here.add(pdl, plug)
        await here.are_read(plugs, 3)
        await here.push()
        await here.remove("gone1")
        day = (now - timedelta(days=1)).date()
        try:
            await here.change("here1", stays, new="gone1")
        except FlowError as refused:
            table.say("asks", "past_of_id", refused.result["step_id"])
        await _compare(table, here, "before an answer", "here1", day, 24.0)
        wanted = {"name": "here1", "pdl": "gone1", "hosts": [stays.address]}
        await here.home.reconfigure(
            "med_exporter", here.entries["here1"], wanted, {"next_step_id": "join_past_of_id"}
        )
        here.entries["gone1"] = here.entries.pop("here1")
        await here.are_read([stays], 3)
        await here.sleep_off(now + timedelta(minutes=50))
        await here.are_read([stays], 3)
        await here.push()
        await _compare(table, here, "joined", "gone1", day, _BOTH)
        here.look_at_log(table, "former ids")


async def _compare(table: Table, here: House, what: str, pdl: str, day: date, used: float) -> None:
    start, end = (one.timestamp() for one in here.bounds(day))
    quarters = quarters_in(here.home.database, "metering_point = ?", pdl)
    hours = await here.statistics(f"med_exporter:consumption_{pdl}", day)
    report = await here.file(
        day, export_type="system_report", aggregation=None, devices=[pdl],
        report_sections=["energy_consumption"],
    )  # fmt: skip
    heard = here.in_mqtt(pdl, "daily", str(day))
    table.add(
        f"{pdl}, {what}: yesterday", used, within=0.015,
        entity=(await here.of_point(pdl, "consumption_daily"))[1],
        ledger=sum(kwh for at, kwh in quarters.items() if start <= at < end),
        statistics=sum(hours.values()),
        file=sum(row["energy_kwh"] or 0 for row in report if row["device"] and row["day"]),
        mqtt=heard[-1] if heard else None,
    )  # fmt: skip
