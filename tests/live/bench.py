"""Measure exports of a real Home Assistant: `python -m tests.live.bench [readings]`.

It writes readings of one plug into the recorder's database, five states each, asks for files of
them over HTTP, and prints for each the seconds, the engine's peak memory and how late the event
loop of Home Assistant was meanwhile: a component made up for it asks to be woken every 5 ms.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demo_home.history import first_live_state
from scripts.demo_home.household import midnight
from scripts.demo_home.installation import plug_entity_ids
from tests.engine.bench import peak_memory
from tests.live.conftest import FRIDGE, PDL, today, until
from tests.real_home import RealHome

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = 10
PROBE = """
import asyncio
from homeassistant.helpers.http import HomeAssistantView

async def async_setup(hass, config):
    lags = []

    async def sample():
        while True:
            begun = hass.loop.time()
            await asyncio.sleep(0.005)
            lags.append(hass.loop.time() - begun - 0.005)

    class Lags(HomeAssistantView):
        url = name = "/api/loop_probe"

        async def get(self, request):
            found = sorted(lags)
            lags.clear()
            return self.json([found[len(found) * n // 1000] for n in (500, 990, 999)] + found[-1:])

    hass.http.register_view(Lags)
    hass.async_create_background_task(sample(), "loop probe")
    return True
"""
FIELDS = [
    "timestamp", "device_name", "power_w", "energy_kwh", "energy_total_kwh", "voltage", "current",
    "is_on",
]  # fmt: skip


def write_states(database: Path, entities: dict[str, str], begin: float, readings: int) -> None:
    """Write states of a plug that was read every ten seconds."""
    with closing(sqlite3.connect(database)) as connection:
        ids = {
            key: connection.execute(
                "SELECT metadata_id, MAX(attributes_id) FROM states JOIN states_meta"
                " USING (metadata_id) WHERE states_meta.entity_id = ?", (entity_id,)
            ).fetchone()
            for key, entity_id in entities.items()
        }  # fmt: skip

        def rows() -> Iterator[tuple[object, ...]]:
            for number in range(readings):
                states = {
                    "power": f"{50 + number * 7919 % 1000 / 10:.1f}",
                    "voltage": f"{229 + number % 30 / 10:.1f}",
                    "current": f"{0.2 + number % 500 / 1000:.3f}",
                    "energy": f"{100 + number * 0.0003:.4f}",
                    "relay": "off" if number % 100 > 90 else "on",
                }
                for place, (key, state) in enumerate(states.items()):
                    at = begin + number * STEP + place / 1000
                    yield *ids[key], state, at, os.urandom(16)

        connection.executemany(
            "INSERT INTO states (metadata_id, attributes_id, state, last_updated_ts, origin_idx,"
            " context_id_bin) VALUES (?, ?, ?, ?, 0, ?)", rows()
        )  # fmt: skip
        connection.commit()


async def give_past(home: RealHome, begin: float, readings: int) -> None:
    """Give the fridge of a home so many readings before it was added, from a time on (UTC seconds).

    Home Assistant is stopped meanwhile, and has come to rest again.
    """
    ids = (await plug_entity_ids(home, [FRIDGE]))[FRIDGE.name]

    async def is_recorded() -> bool:
        with suppress(Exception):
            return bool(first_live_state(home.database, ids))
        return False

    await until(is_recorded)
    await home.stop()
    await asyncio.to_thread(write_states, home.database, ids, begin, readings)
    await home.start()
    await home.wait_until_running()
    await asyncio.sleep(20)


def engines(home: RealHome) -> list[int]:
    """Return the process ids of the engines of this Home Assistant."""
    parents, found = set(), []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            line = (status.parent / "cmdline").read_bytes().decode(errors="replace")
            pid = int(status.parent.name)
            if "-m\0homeassistant" in line and str(home.folder) in line:
                parents.add(pid)
            elif "med_exporter/engine" in line:
                parent = status.read_text().split("PPid:\t")[1].split()[0]
                found.append((pid, int(parent)))
    return [pid for pid, parent in found if parent in parents]


async def measure(home: RealHome, file_format: str, begin: float, readings: int) -> None:
    """Ask for a file and print what it took."""
    bounds = [
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin + seconds))
        for seconds in (0, readings * STEP)
    ]
    # The file before was asked about a moment ago: let there be something to look back on.
    await asyncio.sleep(0.1)
    await home.get("/api/loop_probe")
    begun, peak = time.monotonic(), 0.0
    status = await home.post("/api/exports/create", {
        "export_type": "device_data", "format": file_format, "fields": FIELDS,
        "date_range": {"start": bounds[0], "end": bounds[1]},
    })  # fmt: skip
    while status["status"] in ("queued", "running"):
        peak = max([peak, *map(peak_memory, engines(home))])
        await asyncio.sleep(0.5)
        status = await home.get(f"/api/exports/{status['export_id']}", wait="0")
    seconds = time.monotonic() - begun
    show(
        f"{file_format:5} {status['record_count'] or 0:9,} rows {status['status']} {seconds:6.1f} s"
        f" {(status['file_size'] or 0) / 2**20:6.1f} MB, engine's peak {peak:4.0f} MB",
        await home.get("/api/loop_probe"),
    )
    await home.delete(f"/api/exports/{status['export_id']}")


def show(what: str, lags: list[float]) -> None:
    """Print a line with the event loop's lags."""
    shares = zip(("median", "99 %", "99.9 %", "most"), lags, strict=True)
    late = ", ".join(f"{name} {1000 * lag:.1f} ms" for name, lag in shares)
    print(f"{what}; event loop late by {late}", flush=True)  # noqa: T201


async def bench(folder: Path, readings: int) -> None:
    """Fill a Home Assistant's database and make the usual files."""
    probe = folder / "custom_components" / "loop_probe"
    probe.mkdir(parents=True)
    # A namespace would forget this folder in favour of the checkout's.
    (probe.parent / "__init__.py").touch()
    (probe / "__init__.py").write_text(PROBE)
    (probe / "manifest.json").write_text(
        '{"domain": "loop_probe", "name": "Loop probe", "dependencies": ["http"], "version": "1"}'
    )
    plug = FRIDGE.plug(midnight(today() - timedelta(days=2)))
    await plug.connect("127.0.0.1", 0)
    begin = midnight(today()).timestamp() - readings * STEP
    try:
        async with RealHome(folder, integrations=("api", "config", "loop_probe")) as home:
            await home.onboard()
            await home.flow(
                "med_exporter", {"next_step_id": "kasa"},
                {"name": "House", "pdl": PDL, "hosts": [plug.address]}, {},
            )  # fmt: skip
            await give_past(home, begin, readings)
            await home.get("/api/loop_probe")
            await asyncio.sleep(30)
            show("idle", await home.get("/api/loop_probe"))
            for file_format in ("csv", "excel"):
                for count in (readings // 10, readings):
                    await measure(home, file_format, begin, count)
    finally:
        plug.disconnect()


def main() -> None:
    """Measure in a folder that is removed afterwards."""
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(bench(Path(name), readings))


if __name__ == "__main__":
    main()
