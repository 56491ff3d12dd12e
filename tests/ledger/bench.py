"""Measure the ledger: `python -m tests.ledger.bench [plugs] [days]`, on a SQLite file of its own.

Plugs that have counted for that long are added at once, as their own day counters tell. Printed
are the seconds until all of it is booked and stands in the long-term statistics, how long the
recorder and the event loop were held at a time, what the file has grown by and what was written to
it, how long a year of days, months and half-hours takes to read, and how many statements a booking
and a pass without news are.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from homeassistant.helpers.recorder import async_initialize_recorder, get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant
from sqlalchemy import event

from custom_components.med_exporter.const import DOMAIN, PlugRole
from custom_components.med_exporter.costs import Costs
from custom_components.med_exporter.database import queue_work
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.ledger import (
    CounterStart,
    Ledger,
    LedgerPlug,
    PlugHistory,
    PointSeries,
    Posting,
)
from custom_components.med_exporter.ledger.tables import SCHEMA
from tests.lag import Lag

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Engine

HOUSE = PointSeries("house", PlugRole.CONSUMPTION)
KWH_A_DAY = 4.8
CONTRACT = {"valid_from": "2020-01-01", "kind": "flat", "price": 0.25}


async def watch_recorder(hass: HomeAssistant, lag: Lag) -> None:
    """Look how long something that is queued for the recorder waits."""
    while True:
        before = time.perf_counter()
        await queue_work(hass, SCHEMA, lambda _: None)
        lag.note(time.perf_counter() - before)
        await asyncio.sleep(0.02)


def show(line: str) -> None:
    """Write a line to the standard output."""
    sys.stdout.write(f"{line}\n")


def written_bytes() -> int:
    """Return what this process has written to files."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("wchar")))


def size(file: Path) -> int:
    """Return the bytes of a database with all that is committed, packed."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM")
    return file.stat().st_size


def bench_plug(number: int) -> LedgerPlug:
    """Return one of the plugs of a house."""
    return LedgerPlug(
        plug_id=f"50c7bf{number:06x}",
        name=f"Plug {number}",
        metering_point="house",
        metering_point_name="House",
        role=PlugRole.CONSUMPTION,
    )


async def fill(hass: HomeAssistant, ledger: Ledger, costs: Costs, plugs: int, days: int) -> None:
    """Add plugs at once, with what they had counted before."""
    now = dt_util.utcnow()
    today = dt_util.as_local(now).date()
    for number in range(plugs):
        plug = bench_plug(number)
        start = CounterStart(at=now - timedelta(hours=2), value_kwh=0.0)
        ledger.post(Posting(plug=plug, start=start, value_kwh=0.4, at=now, since=now))
        history = {today - timedelta(days=day): KWH_A_DAY for day in range(1, days + 1)}
        await ledger.backfill(PlugHistory(plug=plug, day_kwh=history))
    await ledger.async_write_statistics()
    await costs.async_update(since=0)
    await async_commit(hass)


async def statements(engine: Engine, work: Awaitable[object]) -> int:
    """Return how many statements some work is."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        await work
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


async def count_statements(hass: HomeAssistant, ledger: Ledger, costs: Costs) -> None:
    """Print how many statements a booking is, and a pass in which nothing has changed."""
    engine, now = get_instance(hass).engine, dt_util.utcnow()
    start = CounterStart(at=now - timedelta(hours=2), value_kwh=0.0)
    posting = Posting(plug=bench_plug(0), start=start, value_kwh=0.5, at=now, since=now)
    show(f"statements of a booking       {await statements(engine, ledger.post(posting)):8}")
    await ledger.async_write_statistics()
    idle = await statements(engine, ledger.async_write_statistics())
    show(f"of a pass of the ledger       {idle:8}")
    await costs.async_update()
    show(f"of a pass of the costs        {await statements(engine, costs.async_update()):8}")


async def measure(folder: Path, plugs: int, days: int) -> None:
    """Fill a ledger, read it, and print what that took."""
    file = folder / "home.db"
    async with async_test_home_assistant() as hass:
        await hass.config.async_set_time_zone("Europe/Paris")
        async_initialize_recorder(hass)
        config = {"recorder": {"db_url": f"sqlite:///{file}"}}
        assert await async_setup_component(hass, "recorder", config)
        await get_instance(hass).async_db_ready
        await async_commit(hass)
        entry = MockConfigEntry(
            domain=DOMAIN,
            title="House",
            data={"type": "kasa", "pdl": "house", "plugs": {}},
            options={"contracts": [CONTRACT], "currency": "EUR"},
        )
        entry.add_to_hass(hass)
        empty, ledger, costs = file.stat().st_size, Ledger(hass), Costs(hass)
        loop, queue = Lag(), Lag()
        watching = [
            asyncio.create_task(loop.watch_loop(0.005)),
            asyncio.create_task(watch_recorder(hass, queue)),
        ]
        written, begun, used = written_bytes(), time.perf_counter(), time.process_time()
        await fill(hass, ledger, costs, plugs, days)
        show(f"{plugs} plugs, {days} days each")
        show(f"booked and in the statistics  {time.perf_counter() - begun:8.2f} s")
        show(f"processor                     {time.process_time() - used:8.2f} s")
        show(f"the recorder's queue waited   {queue.worst * 1000:8.0f} ms at most")
        show(f"the event loop waited         {loop.worst * 1000:8.0f} ms at most")
        show(f"its own thread computed       {loop.held * 1000:8.0f} ms at a time at most")
        for task in watching:
            task.cancel()
        end = dt_util.now()
        start = end - timedelta(days=days)
        for name, read, since in (
            ("days", ledger.async_days, start),
            ("months", ledger.async_months, start),
            ("hours", ledger.async_hours, start),
            ("half-hours of 30 days", ledger.async_half_hours, end - timedelta(days=30)),
        ):
            begun = time.perf_counter()
            found = await read(HOUSE, since, end)
            show(f"{name:28}  {(time.perf_counter() - begun) * 1000:8.0f} ms, {len(found)} rows")
        await count_statements(hass, ledger, costs)
        written = written_bytes() - written
        await hass.async_stop(force=True)
    kept = size(file) - empty
    per_plug_year = kept / plugs / days * 365 / 1e6
    show(f"kept                          {kept / 1e6:8.2f} MB, {per_plug_year:.2f} a plug a year")
    show(f"written                       {written / 1e6:8.2f} MB, {written / kept:.1f} times that")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        plugs_and_days = [int(one) for one in sys.argv[1:]] or [10, 365]
        asyncio.run(measure(Path(name), *plugs_and_days))
