"""A year of a whole house in the recorder's database, beside the same plugs almost alone in it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scripts.demo_home.household import midnight
from tests.engine.bench import peak_memory
from tests.live.bench import engines
from tests.live.conftest import today, until
from tests.measured_page import HOUSE

from .database import ask, kept
from .plugs import add_plugs, plugs_in_use, watched_home
from .probe import look

if TYPE_CHECKING:
    from tests.real_home import RealHome

_PLUGS = 5
_DAYS = 365
_STEP = 120
_KEYS = ("power", "voltage", "current", "energy", "relay")
# What a state weighs with its share of all indexes.
_STATE_BYTES: Final = 165
_FILLED: Final = """
WITH RECURSIVE moments(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM moments WHERE n < :last)
INSERT INTO states
    (state_id, metadata_id, attributes_id, state, last_updated_ts, origin_idx, context_id_bin)
SELECT 1 + n * :places + place, metadata_id, attributes_id, CASE kind
    WHEN 'power' THEN printf('%.1f', 50 + (n * 7919 + place) % 1000 / 10.0)
    WHEN 'voltage' THEN printf('%.1f', 229 + n % 30 / 10.0)
    WHEN 'current' THEN printf('%.3f', 0.2 + n % 500 / 1000.0)
    WHEN 'energy' THEN printf('%.4f', 1 + n * 0.0036)
    WHEN 'relay' THEN CASE WHEN n % 100 > 90 THEN 'off' ELSE 'on' END
    ELSE printf('%.2f', 20 + (n * 31 + place * 17) % 997 / 100.0) END,
    :begin + n * :step + place / 1000.0, 0,
    CAST(printf('%012x%04x', n, place) AS BLOB)
FROM moments CROSS JOIN temp.filling
"""


async def measure(folder: Path, gigabytes: int = 5) -> None:
    """Ask for the same of both databases, and write what it took beside each other."""
    end = midnight(today()).timestamp()
    # Installed today: by a past of their own, the ledger would know that nobody has read them.
    async with plugs_in_use(_PLUGS, days=0) as plugs, watched_home(folder) as home:
        await add_plugs(home, plugs)

        async def is_recorded() -> bool:
            return len(await asyncio.to_thread(_recorded, home.database)) == _PLUGS * len(_KEYS)

        await until(is_recorded, 120)
        await home.stop()
        empty = folder / "empty.db"
        shutil.copyfile(home.database, empty)
        took: list[dict[str, tuple[float, ...]]] = []
        sizes: list[float] = []
        alone = _PLUGS * len(_KEYS)
        moments = _DAYS * 86400 // _STEP
        others = max(0, int(gigabytes * 1e9 / _STATE_BYTES / moments) - alone)
        for count in (0, others):
            shutil.copyfile(empty, home.database)
            await asyncio.to_thread(_fill, home.database, end - _DAYS * 86400, moments, count)
            sizes.append(kept(home.database) / 1e9)
            await home.start()
            await home.wait_until_running()
            await asyncio.sleep(20)
            took.append(await _asked(home, end))
            await home.stop()
    _write(gigabytes, sizes, moments, took)


def _recorded(database: Path) -> dict[tuple[int, str], tuple[int, int | None]]:
    """Return the plugs' recorded entities: metadata and attributes by the plug and the key."""
    found: dict[tuple[int, str], tuple[int, int | None]] = {}
    rows = ask(
        database,
        "SELECT states_meta.entity_id, states_meta.metadata_id, MAX(attributes_id) FROM states_meta"
        " JOIN states USING (metadata_id) WHERE states_meta.entity_id LIKE '%.plug_%'"
        " AND state NOT IN ('unknown', 'unavailable') GROUP BY 2",
    )
    for entity_id, metadata_id, attributes_id in rows:
        _, number, key = entity_id.partition(".")[2].split("_", 2)
        if key in _KEYS:
            found[int(number), key] = (metadata_id, attributes_id)
    return found


def _fill(database: Path, begin: float, moments: int, others: int) -> None:
    """Write the past year of the plugs, and of so many other entities, in order of time."""
    recorded = _recorded(database)
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;"
            "CREATE TEMP TABLE filling (metadata_id, attributes_id, kind, place)"
        )
        filling: list[tuple[Any, ...]] = [
            (*ids, key, place) for place, ((_, key), ids) in enumerate(recorded.items())
        ]
        for number in range(others):
            made = connection.execute(
                "INSERT INTO states_meta (entity_id) VALUES (?)", (f"sensor.other_{number}",)
            )
            filling.append((made.lastrowid, filling[0][1], "other", len(filling)))
        connection.executemany("INSERT INTO temp.filling VALUES (?, ?, ?, ?)", filling)
        # What is there is younger: it was recorded after all of the year.
        connection.execute(
            "UPDATE states SET state_id = state_id + :by, old_state_id = old_state_id + :by",
            {"by": moments * len(filling)},
        )
        place = {"places": len(filling), "last": moments - 1, "begin": begin, "step": _STEP}
        connection.execute(_FILLED, place)
        connection.commit()


async def _asked(home: RealHome, end: float) -> dict[str, tuple[float, ...]]:
    """Return the processor's seconds of each question, the engine's peak in MB, the lag in ms."""
    devices = await home.get("/api/exports/devices")
    plug = devices["devices"][0]["device_id"]
    first, last = (
        time.strftime("%Y-%m-%d", time.localtime(end + offset * 86400 + 43200))
        for offset in (-_DAYS, -1)
    )
    over = {"start": first, "end": last}
    took: dict[str, tuple[float, ...]] = {}
    for name, chosen, aggregation in (
        ("a year of one plug, raw", [plug], "raw"),
        ("a year of one plug, hourly", [plug], "hourly"),
        ("a year of all plugs, hourly", "all", "hourly"),
        ("a year of all plugs, monthly", "all", "monthly"),
    ):
        await look(home)
        before, peak = _processor(home), 0.0
        status = await home.post("/api/exports/create", {
            "export_type": "device_data", "format": "csv", "aggregation": aggregation,
            "devices": chosen, "date_range": over,
        })  # fmt: skip
        while status["status"] in ("queued", "running"):
            peak = max([peak, *map(peak_memory, engines(home))])
            await asyncio.sleep(0.2)
            status = await home.get(f"/api/exports/{status['export_id']}", wait="0")
        assert status["status"] == "completed", status
        took[name] = (_processor(home) - before, peak, (await look(home)).lag.nearly)
    for aggregation in ("raw", "hourly", "monthly"):
        asked = {**over, "aggregation": aggregation, "limit": "10"}
        await home.get("/api/exports/preview", **asked)
        took[f"preview of all over the year, {aggregation}"] = await _answer(
            home, "/api/exports/preview", **asked
        )
    took["the devices"] = await _answer(home, "/api/exports/devices")
    took["the history of files"] = await _answer(home, "/api/exports/history")
    took["the statistics of files"] = await _answer(home, "/api/exports/stats")
    return took


async def _answer(home: RealHome, path: str, **asked: str) -> tuple[float, ...]:
    await look(home)
    before = _processor(home)
    await home.get(path, **asked)
    return (_processor(home) - before, 0.0, (await look(home)).lag.nearly)


def _processor(home: RealHome) -> float:
    """Return the seconds that Home Assistant and all that it has started have computed."""
    ticks = 0
    for pid in home.processes():
        with suppress(OSError):
            times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            # Its own, and those of its children that have ended.
            ticks += sum(map(int, times[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _write(
    gigabytes: int, sizes: list[float], moments: int, took: list[dict[str, tuple[float, ...]]]
) -> None:
    small, large = took
    HOUSE.write_section(
        f"A database of {gigabytes} GB",
        [
            f"{_PLUGS} plugs, {moments:,} readings of each in a year: almost alone in a database",
            f"of {sizes[0]:.1f} GB, and among a whole house's states in one of {sizes[1]:.1f} GB.",
        ],
        [
            ("what", "processor, s, small", "large", "ratio", "engine, MB, small", "large",
             "loop late, 99 %, ms, small", "large"),
            *(
                (
                    name, f"{small[name][0]:.2f}", f"{large[name][0]:.2f}",
                    f"{large[name][0] / max(small[name][0], 0.01):.1f}",
                    *(f"{one[name][1]:.0f}" if one[name][1] else "" for one in took),
                    *(f"{one[name][2]:.1f}" for one in took),
                )
                for name in small
            ),
        ],
    )  # fmt: skip
