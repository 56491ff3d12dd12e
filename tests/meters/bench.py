"""How long ten meters with five years of hours take to come into the ledger.

`python -m pytest tests/meters/bench.py -s` prints it.
"""

from __future__ import annotations

import os
import time
from asyncio.events import Handle
from datetime import timedelta
from typing import TYPE_CHECKING

from homeassistant.components.recorder.db_schema import Statistics
from homeassistant.helpers.recorder import get_instance
from sqlalchemy import func, select

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.ledger import PointSeries
from tests.metering_points import NOON

from .conftest import Home, assert_same

if TYPE_CHECKING:
    import pytest

METERS = int(os.environ.get("METERS", "10"))
HOURS = 5 * 365 * 24


def seconds() -> float:
    """Return a time that no test moves."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


async def test_ten_meters_with_five_years(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = NOON.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS)
    ids = [f"sensor.meter_{number}" for number in range(METERS)]
    for statistic_id in ids:
        await home.have_years(statistic_id, start, [0.5 * number for number in range(1, HOURS + 1)])
    longest = slowest = 0.0
    run = Handle._run

    def timed_callback(handle: Handle) -> None:
        nonlocal slowest
        begun_here = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
        run(handle)
        took = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) - begun_here
        slowest = max(slowest, took)

    recorder = get_instance(home.hass)
    handle = recorder._process_one_task_or_event_or_recover

    def timed(task: object) -> None:
        nonlocal longest
        begun = seconds()
        handle(task)
        longest = max(longest, seconds() - begun)

    # The clock of the test stands still, and with it whatever ends a part in time.
    for module in ("statistics.pace", "ledger.booking_queue"):
        monkeypatch.setattr(f"custom_components.med_exporter.{module}.monotonic", seconds)
    monkeypatch.setattr(recorder, "_process_one_task_or_event_or_recover", timed)
    monkeypatch.setattr(Handle, "_run", timed_callback)
    begun = seconds()
    roles = {f"m{number}": (one, PlugRole.CONSUMPTION) for number, one in enumerate(ids)}
    entry = await home.add(**roles)
    booked = seconds() - begun
    await home.look(entry)
    written = seconds() - begun
    monkeypatch.setattr(Handle, "_run", run)
    theirs = await home.dashboard(ids, start, NOON)
    mine = await home.ledger(PointSeries("house", PlugRole.CONSUMPTION), start, NOON)
    assert_same(mine, theirs)

    def count() -> int:
        with get_instance(home.hass).engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(Statistics)).scalar()

    rows = await get_instance(home.hass).async_add_executor_job(count)
    again = seconds()
    await home.look(entry, whole=True)
    again = seconds() - again
    assert rows == await get_instance(home.hass).async_add_executor_job(count)
    with capsys.disabled():
        print(  # noqa: T201 (that is what it is for)
            f"\nbooked {booked:.1f} s, written {written:.1f} s, again {again:.1f} s, "
            f"longest task {longest:.2f} s, "
            f"slowest callback {1000 * slowest:.0f} ms, {rows} rows"
        )
