"""A year of many plugs that gets its first price, and then another one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.live.conftest import until
from tests.measured_page import HOUSE

from .database import ask, is_written, watched_states
from .plugs import add_plugs, plugs_in_use, watched_home
from .probe import Most, look

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real_home import RealHome

_LIMIT = 900
_BEGINS = {"the first price": ("2020-01-01", 0.25), "another price": ("2020-01-02", 0.31)}


async def measure(folder: Path, count: int = 20) -> None:
    """Add plugs, give them two contracts one after the other, and write how the house fared."""
    found: dict[str, list[str]] = {}
    async with plugs_in_use(count) as plugs, watched_home(folder) as home:
        await asyncio.sleep(10)
        entry = await add_plugs(home, plugs)
        await until(lambda: asyncio.to_thread(is_written, home.database, count), _LIMIT)
        await asyncio.sleep(10)
        await look(home)
        for name, (valid_from, price) in _BEGINS.items():
            found[name] = await _price(home, entry, valid_from, price)
        errors = [one for one in home.complaints() if one.level == "ERROR"]
    rows = {
        "in the statistics after": "",
        "the loop computes at a time, at most": "20 ms",
        "Python collects garbage at a time, at most": "",
        "the recorder's thread does one thing, at most": "1000 ms",
        "a state of the house is recorded after, at most": "2 s",
    }
    HOUSE.write_section(
        f"A year of {count} plugs is priced, and priced anew",
        [f"Errors in the log: {len(errors)}.", ""],
        [
            ("figure", *found, "goal"),
            *(
                (name, *(many[place] for many in found.values()), goal)
                for place, (name, goal) in enumerate(rows.items())
            ),
        ],
    )


async def _price(home: RealHome, entry: str, valid_from: str, price: float) -> list[str]:
    most, begun = Most(), time.monotonic()

    async def is_priced() -> bool:
        most.add(await look(home))
        return await asyncio.to_thread(_costs_are_written, home.database, price)

    async with watched_states(home.database) as late:
        await home.options_flow(
            entry, {"next_step_id": "contracts"}, {"next_step_id": "add_contract"},
            {"valid_from": valid_from, "kind": "flat", "standing_charge": 12}, {"price": price},
        )  # fmt: skip
        await until(is_priced, _LIMIT)
        seconds = time.monotonic() - begun
        await asyncio.sleep(5)
        most.add(await look(home))
    for kind, what in most.what.items():
        print(kind, what)  # noqa: T201
    return [
        f"{seconds:.0f} s",
        f"{most.held:.0f} ms",
        f"{most.swept:.0f} ms",
        f"{most.busy:.0f} ms",
        f"{late.worst:.1f} s",
    ]


def _costs_are_written(database: Path, price: float) -> bool:
    """Tell whether what the year has cost stands in the long-term statistics at this price."""
    last = "SELECT sum FROM statistics JOIN statistics_meta ON metadata_id = statistics_meta.id"
    last += " WHERE statistic_id LIKE 'med_exporter:{}%' ORDER BY start_ts DESC LIMIT 1"
    cost, energy = (ask(database, last.format(name)) for name in ("cost", "consumption"))
    return bool(cost and energy) and abs(cost[0][0] - energy[0][0] * price) < 0.01 * cost[0][0]
