# ruff: noqa: T201  # it says what it sees
"""Make a real home ill, and look at what it says and what is left: Linux, as root.

`python -m tests.live.faults [--seed N] [full] [read_only] [locked] [vanished] [corrupt] [killed]`

The home stands on a small disk of its own. While each fault lasts all doors are asked; what they
refuse has a code and words, and the event loop is never held for long. After it files are made
again, whatever was answered as stored is there, and neither a part of a file nor a process is
left. Prints what was answered, and ends with 1 where something was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from custom_components.med_exporter.ledger.ledger import PATIENCE
from tests.real_home import RequestError

from .conftest import home_with_history, today, until
from .house.probe import NAME as PROBE
from .house.probe import install_probe, look

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.real_home import RealHome

DISK = "260m"
DAYS = 60
KILLS = 6
HELD = 50.0
"""How long the event loop may compute at a time while something is wrong, in ms."""
ENDED = {"completed", "failed", "interrupted", "expired", "cancelled"}
# What a house that is ill may answer beside what it was asked for.
REFUSALS = {409, 503, 507}
AT_ONCE = {"performance_options": {"background_processing": False}}
FILE = {"export_type": "device_data", "format": "csv", "date_range": "yesterday"}
RAW = {
    **FILE,
    "aggregation": "raw",
    "date_range": {"start": str(today() - timedelta(days=DAYS)), "end": str(today())},
}
CORRECTION = {
    "meter": "Fridge",
    "start": str(today() - timedelta(days=3)),
    "end": str(today() - timedelta(days=3)),
    "operation": "set",
    "value": 1.0,
    "reason": "A fault",
}
SCHEDULE = {"name": "Nightly", "schedule": "0 3 * * *", "export_config": FILE}
DOORS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/api/exports/devices", None),
    ("GET", "/api/exports/preview?preset=last_7_days&limit=5", None),
    ("GET", "/api/exports/history", None),
    ("GET", "/api/exports/stats", None),
    ("GET", "/api/exports/schedules", None),
    ("GET", "/api/export/configs", None),
    ("GET", "/api/export/logs", None),
    ("POST", "/api/exports/create", {**FILE, **AT_ONCE}),
    ("POST", "/api/exports/create", RAW),
    ("POST", "/api/exports/schedule", SCHEDULE),
)


def run(*command: str) -> None:
    """Run a program that is over at once."""
    subprocess.run(command, check=True)


@dataclass
class Patient:
    """A home, what it has promised, and what was wrong."""

    home: RealHome
    by: random.Random
    schedules: set[str] = field(default_factory=set)
    exports: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[str, Any]:
        """Return how a door answered, in short, and what."""
        try:
            answer = await self.home.request(method, path, **({"json": body} if body else {}))
        except RequestError as err:
            told = err.answer if isinstance(err.answer, dict) else {}
            if err.status not in REFUSALS or " " not in told.get("message", ""):
                self.wrong.append(f"{method} {path}: {err}")
            return f"{err.status} {told.get('error_code')}", None
        except (aiohttp.ClientError, TimeoutError) as err:
            self.wrong.append(f"{method} {path}: {type(err).__name__}")
            return type(err).__name__, None
        return "answered", answer

    async def ask_everywhere(self) -> None:
        """Ask at all doors, and note what they promise."""
        for method, path, body in DOORS:
            begun = time.monotonic()
            said, answer = await self.ask(method, path, body)
            if isinstance(answer, dict) and method == "POST":
                self.schedules |= {answer["schedule_id"]} if "schedule_id" in answer else set()
                self.exports |= {answer["export_id"]} if "export_id" in answer else set()
                said = answer.get("error_code") or answer.get("status") or said
            print(f"  {method:4} {path:50} {said} ({time.monotonic() - begun:.1f} s)")

    async def correct(self) -> None:
        """Ask for a correction, which is done in time or refused for good."""
        begun = time.monotonic()
        try:
            await self.home.command("med_exporter/costs/correct", **CORRECTION)
            said = "corrected"
        except RequestError as err:
            said = err.answer["translation_key"]
        taken = time.monotonic() - begun
        print(f"  correction: {said} ({taken:.1f} s)")
        if taken > PATIENCE + 5:
            self.wrong.append(f"a correction was answered after {taken:.0f} s")

    async def look_at_the_loop(self) -> None:
        """Find out how long the event loop was held since the last look, or the last start."""
        held = (await look(self.home)).held
        print(f"  loop held for {held.most:.0f} ms at most (99.9 %: {held.rarely:.1f} ms)")
        for seconds, what in held.what:
            if 1000 * seconds > HELD and "med_exporter" in what:
                self.wrong.append(f"the loop was held for {1000 * seconds:.0f} ms by {what}")

    async def restart(self) -> None:
        """Start it anew, once it was looked how it has fared: nobody knows afterwards."""
        await self.look_at_the_loop()
        await self.home.restart()

    async def recover(self, *, knows_exports: bool = True) -> None:
        """Find out whether all is well again, and nothing was lost or left."""
        begun = time.monotonic()

        async def makes_files() -> bool:
            try:
                made = await self.home.post("/api/exports/create", {**FILE, **AT_ONCE})
            except RequestError:
                return False
            return bool(made["status"] == "completed")

        await until(makes_files, 60)
        print(f"  makes files again after {time.monotonic() - begun:.1f} s")
        known = (await self.home.get("/api/exports/schedules"))["schedules"]
        if lost := self.schedules - {one["schedule_id"] for one in known}:
            self.wrong.append(f"schedules that were answered as stored are gone: {lost}")
        if knows_exports:
            with suppress(AssertionError):
                await until(self._are_ended, 60)
            statuses = await self._statuses()
            print(f"  exports: {dict(statuses)}")
            if unended := statuses.keys() - ENDED:
                self.wrong.append(f"exports that never end: {unended}")
        self.exports.clear()
        await until(self._is_tidy, 10)

    async def _statuses(self) -> Counter[str]:
        return Counter(
            [(await self.home.get(f"/api/exports/{one}"))["status"] for one in self.exports]
        )

    async def _are_ended(self) -> bool:
        return (await self._statuses()).keys() <= ENDED

    async def _is_tidy(self) -> bool:
        folder = self.home.folder / "med_exporter" / "exports"
        parts = [one for one in folder.iterdir() if one.match("*.part") or ".tmp." in one.name]
        # What makes previews is kept for a while.
        return not parts and len(self.home.processes()) <= 2


async def full(patient: Patient) -> None:
    """No byte is left on its disk, from the middle of a file on."""
    ballast = patient.home.folder.parent / "ballast"

    def fill() -> None:
        for size in (1 << 20, 4096):
            with suppress(OSError), ballast.open("ab", buffering=0) as file:
                while True:
                    file.write(bytes(size))

    _, running = await patient.ask("POST", "/api/exports/create", RAW)
    patient.exports.add(running["export_id"])
    for _ in range(4):
        fill()
        await asyncio.sleep(0.5)
    await patient.ask_everywhere()
    ballast.unlink()
    await patient.recover()
    await patient.restart()
    await patient.recover()


async def read_only(patient: Patient) -> None:
    """Whatever is opened anew cannot be written."""
    folder = str(patient.home.folder)
    run("mount", "--bind", folder, folder)
    try:
        run("mount", "-o", "remount,ro,bind", folder)
        await patient.ask_everywhere()
    finally:
        run("umount", "--lazy", folder)
    await patient.recover()
    await patient.restart()
    await patient.recover()


async def locked(patient: Patient) -> None:
    """Another program holds the database for itself."""
    with closing(sqlite3.connect(patient.home.database, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await patient.ask_everywhere()
        await patient.correct()
        other.execute("ROLLBACK")
    await patient.recover()


async def vanished(patient: Patient) -> None:
    """The database is gone; Home Assistant itself needs a restart to notice."""
    for one in patient.home.folder.glob(f"{patient.home.database.name}*"):
        one.unlink()
    await patient.ask_everywhere()
    await patient.restart()
    await patient.recover(knows_exports=False)


async def corrupt(patient: Patient) -> None:
    """Pages of the database are overwritten; Home Assistant begins a new one at its next start."""
    with patient.home.database.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        for _ in range(200):
            file.seek(patient.by.randrange(size))
            file.write(patient.by.randbytes(300))
    await patient.ask_everywhere()
    await patient.restart()
    await patient.recover(knows_exports=False)


async def killed(patient: Patient) -> None:
    """Home Assistant, its engine, or both die in the middle of three files."""
    home = patient.home
    for number in range(KILLS):
        for body in (RAW, FILE, {**RAW, "format": "excel"}):
            _, made = await patient.ask("POST", "/api/exports/create", body)
            patient.exports.add(made["export_id"])
        await asyncio.sleep(patient.by.random() * 3)
        await patient.look_at_the_loop()
        if number % 3 == 2:
            for pid in set(home.processes()) - {home.pid}:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            await home.kill(children=bool(number % 2))
            await until(lambda: _is_alone(home), 10)
            await home.restart()
        await patient.recover()


async def _is_alone(home: RealHome) -> bool:
    return not home.processes()


FAULTS = {one.__name__: one for one in (full, read_only, locked, vanished, corrupt, killed)}


@asynccontextmanager
async def patient_on_small_disk(seed: int) -> AsyncGenerator[Patient]:
    """A home of two months on a disk of its own."""
    with tempfile.TemporaryDirectory() as disk:
        run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk)
        try:
            folder = Path(disk) / "home"
            install_probe(folder)
            async with home_with_history(folder, DAYS, PROBE) as (home, _):
                yield Patient(home, random.Random(seed))
        finally:
            run("umount", "--lazy", disk)


async def main() -> int:
    """Make it ill as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="fault", help=", ".join(FAULTS))
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    asked = parser.parse_args()
    if unknown := set(asked.faults) - FAULTS.keys():
        parser.error(f"{', '.join(sorted(unknown))}: not of {', '.join(FAULTS)}")
    print(f"seed {asked.seed}")
    async with patient_on_small_disk(asked.seed) as patient:
        for name in asked.faults or FAULTS:
            print(f"{name}:")
            await FAULTS[name](patient)
            await patient.look_at_the_loop()
        mistakes = [one.text for one in patient.home.complaints() if "Traceback" in one.text]
    mistakes = [one for one in mistakes if "Saving file failed" not in one]
    for one in [*patient.wrong, *mistakes]:
        print(f"WRONG: {one}")
    return 1 if patient.wrong or mistakes else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
