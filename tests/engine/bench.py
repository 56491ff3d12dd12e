"""Measure the engine: `python -m tests.engine.bench [readings]`, in a worker process.

It builds a SQLite recorder database with five states per reading in a temporary folder, then makes
files from it and prints seconds and peak memory.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custom_components.med_exporter.engine.codec import to_json
from custom_components.med_exporter.engine.job import Job, JobDevice

from .recorder_database import RecorderDatabase

START = 1_767_225_600.0
ENGINE = Path(__file__).parents[2] / "custom_components/med_exporter/engine"
FIELDS = (
    "timestamp", "device_ip", "device_name", "power_w", "energy_kwh", "energy_total_kwh",
    "voltage", "current", "is_on",
)  # fmt: skip


def build(folder: Path, readings: int, plugs: int = 1) -> tuple[str, tuple[JobDevice, ...], float]:
    """Fill a database and return its URL, the devices and the end of their history."""
    database = RecorderDatabase.in_folder(folder)
    kinds = ("power_w", "voltage", "current", "energy_total_kwh", "is_on")
    devices = []
    for plug in range(plugs):
        entities = {kind: f"sensor.plug{plug}_{kind}" for kind in kinds}
        for entity_id in entities.values():
            database.add(entity_id, [])
        devices.append(
            JobDevice(
                device_id=f"id{plug}",
                device_ip=f"192.0.2.{plug}",
                device_name=f"Plug {plug}",
                entities=entities,
            )
        )
    database.close()
    step = 10.0

    def rows():
        for number in range(readings // plugs):
            moment = START + number * step
            for plug in range(plugs):
                first = plug * len(kinds) + 1
                at = moment + plug * 0.01
                yield first, at, f"{50 + (number * 7919 + plug) % 1000 / 10:.1f}"
                yield first + 1, at + 0.001, f"{229 + number % 30 / 10:.1f}"
                yield first + 2, at + 0.002, f"{0.2 + number % 500 / 1000:.3f}"
                yield first + 3, at + 0.003, f"{100 + number * 0.0003:.4f}"
                yield first + 4, at + 0.004, "off" if number % 100 > 90 else "on"

    raw = sqlite3.connect(folder / "home-assistant_v2.db")
    raw.executemany(
        "INSERT INTO states (metadata_id, last_updated_ts, state) VALUES (?, ?, ?)", rows()
    )
    raw.commit()
    raw.close()
    url = f"sqlite:///{folder / 'home-assistant_v2.db'}"
    return url, tuple(devices), START + (readings // plugs) * step


def peak_memory(pid: int) -> float:
    """Return a process's peak resident memory in MB, 0 when it is gone."""
    return _kilobytes(f"/proc/{pid}/status", "VmHWM:") / 1024


def _needed(pid: int) -> float:
    """Return the memory (MB) of a worker and its second process, what is shared by its part."""
    some = [str(pid)]
    with suppress(OSError):
        some += Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_kilobytes(f"/proc/{one}/smaps_rollup", "Pss:") for one in some) / 1024


def _kilobytes(path: str, name: str) -> int:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a file took: seconds, those of the processor, peak memory in MB, the engine's answer."""

    seconds: float
    processor: float
    memory: float
    answer: dict[str, Any]


def measure(url: str, job: Job) -> Measured:
    """Make a file in a worker and return what it took."""
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = 0.0
    with subprocess.Popen(
        [sys.executable, "-I", ENGINE / "__main__.py"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as worker:  # fmt: skip
        request = {
            "database_url": url,
            "sys_path": sys.path,
            "turns": None,
            "job": to_json(job),
        }
        worker.stdin.write(json.dumps(request).encode() + b"\n")
        worker.stdin.flush()
        for text in worker.stdout:
            line = json.loads(text)
            peak = max(peak, _needed(worker.pid))
        worker.stdin.close()
        worker.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Measured(time.monotonic() - began, processor, peak, line)


def job_of(
    devices: tuple[JobDevice, ...], end: float, folder: Path, file_format: str, aggregation: str
) -> Job:
    """Return the job of a usual export of all that `build` has put into a database."""
    return Job(
        export_type="device_data", format=file_format, devices=devices, start=START, end=end,
        timezone="Europe/Paris", aggregation=aggregation, fields=FIELDS,
        path=str(folder / f"out.{file_format}"), max_records=10**8, max_bytes=2**40,
    )  # fmt: skip


def main() -> None:
    """Measure the usual exports."""
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    plugs = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url, devices, end = build(folder, readings, plugs)
        for file_format, aggregation in (
            ("csv", "raw"), ("json", "raw"), ("excel", "raw"), ("csv", "hourly"),
            ("csv", "monthly"),
        ):  # fmt: skip
            took = measure(url, job_of(devices, end, folder, file_format, aggregation))
            print(  # noqa: T201
                f"{file_format:5} {aggregation:8} {took.seconds:5.1f} s, CPU {took.processor:5.1f}"
                f" s, peak {took.memory:4.0f} MB, {json.dumps(took.answer)[:60]}"
            )


if __name__ == "__main__":
    main()
