"""The demo's plugs answer in its own process: what it computes leaves its loop free for them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from scripts.demo_home.household import APPLIANCES, open_household
from scripts.demo_home.statistics import import_statistics

DAYS = 20
ENTITY_IDS = {one.name: {"energy": "sensor.energy", "power": "sensor.power"} for one in APPLIANCES}


class Client:
    """Takes what Home Assistant is given."""

    def __init__(self) -> None:
        self.hours = 0

    async def get(self, path: str) -> Any:
        return {"version": "2026.11.0"}

    async def command(self, kind: str, **fields: Any) -> Any:
        self.hours += len(fields["stats"])


async def test_the_loop_goes_round_while_the_past_is_computed(socket_enabled) -> None:
    client, turns = Client(), 0
    async with open_household(DAYS) as household:
        past = import_statistics(client, household, ENTITY_IDS, datetime.now(UTC))
        computing = asyncio.create_task(past)
        while not computing.done():
            turns += 1
            await asyncio.sleep(0)
        hours = await computing
    assert client.hours == hours >= 6 * 24 * DAYS
    # One for each thing that it waits for is less than a dozen.
    assert turns > 20
