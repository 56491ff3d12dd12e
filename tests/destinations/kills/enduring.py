"""A year of a real ledger that goes to a destination through kills of its server."""

from __future__ import annotations

import asyncio
import math
import random
import sys
import uuid
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from freezegun import api
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy.exc import OperationalError

from custom_components.med_exporter.const import DOMAIN, PlugRole
from custom_components.med_exporter.destinations.measurements import Grain
from custom_components.med_exporter.destinations.registry import DESTINATIONS
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.ledger import PointSeries
from custom_components.med_exporter.pushes.request import read_push_request
from tests.metering_points import NOON
from tests.pushing import plug, since

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from custom_components.med_exporter.destinations.base import Destination
    from custom_components.med_exporter.pushes.runtime import DestinationRuntime
    from tests.pushing import House

    type Place = tuple[str, int]

from .stands import POINTS, STANDS, Stand

DAYS = 365


async def fill(house: House) -> None:
    """Let two metering points use something else in each quarter-hour of a year."""
    chance = random.Random(4)
    for number, name in enumerate(POINTS, 1):
        one = plug(number, point=name)
        house.add_point(name, one)
        for first in range(DAYS, 0, -5):
            end = since(first - 5) if first > 5 else NOON
            await house.use_at_random(one, since(first), end, chance)


async def ledger(house: House, grain: Grain) -> dict[Place, float]:
    """Return what the ledger has of the year in kWh, by metering point and second."""
    read = {
        Grain.HALF_HOURLY: house.ledger.async_half_hours,
        Grain.HOURLY: house.ledger.async_hours,
        Grain.DAILY: house.ledger.async_days,
    }[grain]
    return {
        (name, round(period.start.timestamp())): period.kwh
        for name in POINTS
        for period in await read(PointSeries(name, PlugRole.CONSUMPTION), since(DAYS), NOON)
        if period.closed
    }


async def add(house: House, kind: str, stand: Stand) -> DestinationRuntime:
    """Set up the destination; each time it is loaded it knows nothing of the lives before."""

    async def create(*_: object) -> Destination:
        return await stand.destination()

    made = replace(DESTINATIONS[kind], create=create, remove=None)
    patch = stand.stack.enter_context(pytest.MonkeyPatch.context())
    patch.setitem(DESTINATIONS, kind, made)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=kind,
        data={"type": kind, "id": str(uuid.uuid4()), "data": [stand.data.value], "interval": "60"},
        options={"enabled": False},
    )
    entry.add_to_hass(house.hass)
    assert await house.hass.config_entries.async_setup(entry.entry_id)
    return entry.runtime_data


def compare(
    expected: Mapping[Place, float], there: Mapping[Place, list[float]], until: Mapping[str, float]
) -> Counter[str]:
    """Count what of the values up to a second is lost, wrong or there twice."""
    counted: Counter[str] = Counter()
    for (name, start), kwh in expected.items():
        if start >= until.get(name, 0):
            continue
        found = there.get((name, start), [])
        counted["settled"] += 1
        counted["lost"] += not found
        counted["twice"] += len(found) > 1
        counted["wrong"] += any(
            not math.isclose(value, kwh, rel_tol=1e-9, abs_tol=1.1e-6) for value in found
        )
    return counted


async def settled(house: House, runtime: DestinationRuntime) -> dict[str, float]:
    """Return up to which second the runs have settled, by metering point."""
    try:
        rows = await house.watermarks(runtime)
    except OperationalError:
        # No run has come so far as to make the table.
        return {}
    return {point: row.until_ts for (point, _), row in rows.items()}


async def endure(house: House, kind: str, stand: Stand, kills: int) -> str:
    """Push a year through kills, and return a line of figures."""
    pick, began, forgotten = random.Random(kind), api.real_monotonic(), 0
    await fill(house)
    await house.settle()
    expected = await ledger(house, stand.grain)
    assert len(expected) >= len(POINTS) * DAYS
    runtime = await add(house, kind, stand)
    everything = {"start": f"{since(DAYS):%Y-%m-%d}", "end": f"{since(1):%Y-%m-%d}"}
    for number in range(kills):
        # Where all is settled, the user has it given once more.
        asked = {} if await runtime.async_backlog() else everything
        pushing = asyncio.create_task(
            house.runner.async_run(runtime, read_push_request(asked), trigger="test")
        )
        least, most = math.log(0.01), math.log(stand.longest)
        await asyncio.sleep(math.exp(pick.uniform(least, most)))
        await stand.kill()
        if number % 2:
            assert await house.hass.config_entries.async_reload(runtime.entry.entry_id)
            runtime = runtime.entry.runtime_data
        await pushing
        await stand.start()
        until = await settled(house, runtime)
        forgotten += compare(expected, await stand.there(), until)["lost"]
    record = await house.push(runtime)
    assert record.status is ExportStatus.COMPLETED, record.warnings
    assert await runtime.async_backlog() == 0
    there = await stand.there()
    counted = compare(expected, there, dict.fromkeys(POINTS, math.inf))
    return (
        f"{kind}: {len(expected)} values of the ledger, {kills} kills,"
        f" {api.real_monotonic() - began:.0f} s: {len(there)} there, {counted['lost']} lost,"
        f" {counted['wrong']} wrong, {counted['twice']} twice;"
        f" {forgotten} settled and gone after a kill\n"
    )


async def test_kills(
    paper_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, kills: int
) -> None:
    # The house's clock stands still, its servers' clocks do not.
    monkeypatch.setattr(asyncio.get_running_loop(), "time", api.real_monotonic)
    async with AsyncExitStack() as stack:
        stand = STANDS[kind](paper_house.hass, stack, tmp_path)
        await stand.set_up()
        told = await endure(paper_house, kind, stand, kills)
        # Before the server ends, which its destination would miss.
        for entry in paper_house.hass.config_entries.async_entries(DOMAIN):
            if entry.data["type"] == kind:
                await paper_house.hass.config_entries.async_unload(entry.entry_id)
    sys.stdout.write(told)
