"""What tests of whole runs share: days of two metering points, and of one that only produces."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from freezegun import api

from custom_components.med_exporter.sources.tempo_calendar import PARIS
from tests.metering_points import NOON, answer, start_flow
from tests.pushing import plug, since

if TYPE_CHECKING:
    from custom_components.med_exporter.pushes.runtime import DestinationRuntime
    from tests.pushing import House

HOUSE, BARN, ROOF = plug(), plug(2, point="barn"), plug(3, "production", "roof")


async def fill(house: House, days: int) -> House:
    """Let two metering points consume for some days, and one only produce; without Tempo."""
    chance = random.Random(4)
    for name, one in (("house", HOUSE), ("barn", BARN), ("roof", ROOF)):
        house.add_point(name, one)
        for first in range(days, 0, -20):
            last = max(first - 20, 0)
            end = since(last) if last else NOON
            await house.use(one, since(first), end, round(chance.uniform(0.01, 2), 3))
    return house


def hours_of_ten_days(house: House) -> int:
    """Let it be the time by which servers forget, and return how long the tenth day is ago."""
    now = datetime.fromtimestamp(api.real_time(), UTC)
    house.freezer.move_to(now)
    return round((now - since(10)) / timedelta(hours=1))


async def accept(
    house: House, kind: str, given: dict[str, Any], warning: str
) -> DestinationRuntime:
    """Set up a destination although its form warns; exports come when a test asks."""
    form = await answer(house.hass, await start_flow(house.hass, kind), given)
    assert form["errors"] == {"base": warning}
    result = await answer(house.hass, form, {})
    await house.hass.async_block_till_done()
    runtime: DestinationRuntime = result["result"].runtime_data
    runtime.set_enabled(enabled=False)
    return runtime


async def closed(house: House, pdl: str, role: str = "consumption") -> dict[str, Any]:
    """Return what the ledger says of the closed days of the last year, in Wh."""
    return {
        date: pytest.approx(kwh * 1000, rel=1e-9)
        for date, kwh in (await house.days(pdl, role)).items()
        if date >= "2025-11-20"
    }


def date_of(second: float) -> str:
    """Return the local day that begins at a moment."""
    local = datetime.fromtimestamp(second, PARIS)
    assert (local.hour, local.minute) == (0, 0)
    return local.strftime("%Y-%m-%d")
