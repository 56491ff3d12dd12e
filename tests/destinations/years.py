"""What tests of whole runs share: days of two metering points, and of one that only produces."""

from __future__ import annotations

import random
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from custom_components.med_exporter.sources.tempo_calendar import PARIS
from tests.metering_points import NOON
from tests.pushing import plug, since

if TYPE_CHECKING:
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
