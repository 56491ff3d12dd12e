"""What only a real Home Assistant can show: sudden death, a dead plug, programs from outside."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from scripts.demo_home.household import PARIS, midnight
from tests.ledger_rows import quarters_in
from tests.live import clients
from tests.live.conftest import (
    PDL,
    constant,
    home_with,
    home_with_history,
    plugs_on_loopback,
    today,
    until,
)
from tests.real_home import RequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.plug_emulator import EmulatedPlug

pytestmark = pytest.mark.live

NO_VALUE = ("unknown", "unavailable")
RAW_EXPORT = {
    "export_type": "device_data",
    "format": "csv",
    "devices": "all",
    "aggregation": "raw",
}


def days_ago(days: int) -> str:
    return (today() - timedelta(days=days)).isoformat()


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith((".part", ".tmp.sqlite"))]


def polled(
    plugs: list[EmulatedPlug], times: int = 1, *, all_of_them: bool = True
) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether plugs were asked so many times from now on."""
    before = [len(plug.received) for plug in plugs]
    enough = all if all_of_them else any

    async def ask() -> bool:
        return enough(
            len(plug.received) >= n + times for plug, n in zip(plugs, before, strict=True)
        )

    return ask


def counted(plugs: list[EmulatedPlug], kwh: float) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether each plug has counted so much from now on."""
    before = [plug.total_kwh for plug in plugs]

    async def ask() -> bool:
        return all(plug.total_kwh >= n + kwh for plug, n in zip(plugs, before, strict=True))

    return ask


def ledger_of(database: Path, plug_id: str) -> tuple[dict, dict[int, float]]:
    """What is remembered of a plug, and its energy in kWh by quarter-hour."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        account = connection.execute(
            "SELECT * FROM med_exporter_ledger WHERE plug_id = ?", (plug_id,)
        ).fetchone()
    return dict(account), quarters_in(database, "plug_id = ?", plug_id)


@pytest.mark.parametrize("power_cut", [False, True], ids=["home alone", "its worker too"])
async def test_sigkill_during_an_export_leaves_it_interrupted_and_no_part_of_it(
    tmp_path, power_cut
) -> None:
    exports = tmp_path / "med_exporter" / "exports"
    async with home_with_history(tmp_path, days=120) as (home, _):
        created = await home.post(
            "/api/exports/create",
            {**RAW_EXPORT, "date_range": {"start": days_ago(120), "end": days_ago(0)}},
        )

        async def under_way() -> bool:
            return exports.exists() and bool(leftovers(exports))

        await until(under_way)
        assert len(home.processes()) >= 2, "no engine is at work"
        await home.kill(children=power_cut)
        assert not list(exports.glob("*.csv")), "the export was over before Home Assistant died"
        assert leftovers(exports) or not power_cut

        async def worker_has_noticed() -> bool:
            return not home.processes()

        await until(worker_has_noticed, 10)
        await home.restart()

        path = f"/api/exports/{created['export_id']}"
        assert (await home.get(path))["status"] == "interrupted"
        (entry,) = (await home.get("/api/exports/history"))["exports"]
        assert (entry["export_id"], entry["status"]) == (created["export_id"], "interrupted")
        assert list(exports.iterdir()) == []
        with pytest.raises(RequestError):
            await home.get(created["download_url"])


async def test_a_plug_cut_off_for_ten_polls_loses_nothing_and_holds_up_nobody(tmp_path) -> None:
    # At 3.6 kW a plug counts a watt-hour each second.
    async with (
        plugs_on_loopback(*constant(3600, 1800, 900)) as plugs,
        home_with(tmp_path, plugs) as (home, entry_id),
    ):
        await home.options_flow(entry_id, {"next_step_id": "polling"}, {"polling_interval": 5})
        lost, *others = plugs
        ids = await home.entity_ids()

        def energy(plug) -> str:
            return ids[f"{plug.mac.replace(':', '').lower()}_energy"]

        async def state(plug) -> str:
            return (await home.get(f"/api/states/{energy(plug)}"))["state"]

        async def all_answer() -> bool:
            return "unavailable" not in [await state(plug) for plug in plugs]

        async def lost_is_noticed() -> bool:
            return await state(lost) == "unavailable"

        await until(all_answer)
        cut_off_at = datetime.now(UTC)
        others_are_read = polled(others, times=10)
        await lost.cut_off()
        await until(lost_is_noticed, 20)
        # A read that waits for the lost one would make it twice as long at least.
        await until(others_are_read, 90 - (datetime.now(UTC) - cut_off_at).total_seconds())
        assert "unavailable" not in [await state(plug) for plug in others]
        used_meanwhile = lost.energy_between(cut_off_at, datetime.now(UTC))
        await lost.restore()
        await until(all_answer, 30)

        for plug in plugs:
            before = plug.total_kwh
            shown = float(await state(plug))
            assert before - 0.012 <= shown <= plug.total_kwh
        export = await home.post(
            "/api/exports/create",
            {**RAW_EXPORT, "date_range": {"start": days_ago(0), "end": days_ago(0)}},
        )
        status = await home.get(f"/api/exports/{export['export_id']}")
        assert status["status"] == "completed"
        content = (await home.request("GET", export["download_url"])).decode()
        rows = list(csv.DictReader(io.StringIO(content)))
        for plug in plugs:
            own = [row for row in rows if row["device_ip"] == plug.address]
            counters = [float(row["energy_total_kwh"]) for row in own if row["energy_total_kwh"]]
            total = sum(float(row["energy_kwh"] or 0) for row in own)
            assert total == pytest.approx(counters[-1] - counters[0], abs=1e-6)
            assert counters == sorted(counters)
        of_lost = [row for row in rows if row["device_ip"] == lost.address]
        made_up = max(float(row["energy_kwh"] or 0) for row in of_lost)
        assert made_up == pytest.approx(used_meanwhile, abs=0.02)
        point = await home.get(f"/api/states/sensor.med_{PDL}_consumption_daily")
        counted = sum(plug.day_kwh(today()) for plug in plugs)
        assert float(point["state"]) == pytest.approx(counted, abs=0.05)


async def test_a_ledger_killed_twice_holds_what_the_plugs_have_counted(tmp_path) -> None:
    # What these use in a day is a whole number of watt-hours, as plugs keep it.
    async with (
        plugs_on_loopback(*constant(3600, 1800)) as plugs,
        home_with(tmp_path, plugs) as (home, entry_id),
    ):
        await home.options_flow(entry_id, {"next_step_id": "polling"}, {"polling_interval": 5})

        async def all_are_read() -> bool:
            states = await home.states()
            return all(
                states[f"sensor.med_{PDL}_consumption_{period}"]["state"] not in NO_VALUE
                for period in ("daily", "monthly")
            )

        for _ in range(2):
            await until(all_are_read)
            await until(polled(plugs))
            for plug in plugs:
                plug.slow(0.3)
            # It dies when the first of the plugs has been asked, and its answer is awaited.
            await until(polled(plugs, all_of_them=False))
            await home.kill(children=True)
            for plug in plugs:
                plug.slow(0)
            await until(counted(plugs, 0.002))
            await home.restart()
        await until(all_are_read)
        await until(polled(plugs))
        await home.stop()

        for plug in plugs:
            account, quarters = ledger_of(home.database, plug.mac.replace(":", "").lower())
            first_at, posted_at = (
                datetime.fromtimestamp(account[key], UTC) for key in ("first_ts", "posted_ts")
            )
            installed_at = plug.outlet.installed_at
            assert sum(quarters.values()) == pytest.approx(
                plug.energy_between(installed_at, posted_at), abs=0.004
            )
            first_day = first_at.astimezone(PARIS).date()
            day_start = midnight(first_day)
            grown = sum(kwh for at, kwh in quarters.items() if at >= day_start.timestamp())
            assert grown == pytest.approx(plug.energy_between(day_start, posted_at), abs=0.004)
            assert account["posted_kwh"] == pytest.approx(
                plug.energy_between(installed_at, posted_at), abs=0.004
            )
            before = sum(plug.day_kwh(first_day - timedelta(days=days)) for days in range(1, 41))
            assert sum(quarters.values()) - grown == pytest.approx(before, abs=1e-6)
            assert min(quarters.values()) >= 0
            assert [*quarters] == list(range(min(quarters), max(quarters) + 1, 900))


async def test_the_documented_python_program_works(tmp_path) -> None:
    async with home_with_history(tmp_path, days=3) as (home, plug):
        program = clients.PYTHON.format(
            url=home.url,
            token=home.token,
            device=plug.address,
            start=days_ago(2),
            end=days_ago(1),
        )
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        count, energy = done.stdout.splitlines()[-1].split()
        assert int(count) > 500
        counted = sum(plug.day_kwh(today() - timedelta(days=days)) for days in (1, 2))
        assert float(energy) == pytest.approx(counted, abs=0.003)


async def test_the_documented_javascript_program_works_in_a_browser(tmp_path) -> None:
    if not (chromium := shutil.which("chromium")):
        pytest.skip("chromium is not installed")
    www = tmp_path / "www"
    www.mkdir()
    async with home_with_history(tmp_path, days=3) as (home, plug):
        page = clients.PAGE.format(
            url=home.url,
            token=home.token,
            device=plug.address,
            start=f"{days_ago(2)}T00:00:00Z",
            end=f"{days_ago(1)}T23:59:59Z",
        )
        (www / "client.html").write_text(page, encoding="utf-8")
        browser = await asyncio.create_subprocess_exec(
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'browser'}",
            f"{home.url}/local/client.html",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )

        async def told() -> dict | None:
            try:
                return await home.get("/api/states/sensor.client_program")
            except RequestError:
                return None

        try:
            result = await until(told, 60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(browser.pid, 9)
            await browser.wait()
        assert result["state"] == "done", result
        assert result["attributes"]["size"] > 10_000
        assert result["attributes"]["devices"] == [plug.address]
