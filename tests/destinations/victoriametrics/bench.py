"""Measure a push to a real server.

`python -m tests.destinations.victoriametrics.bench [samples] [seconds for the disk]`

Prints the seconds that a push takes until the server shows everything, those of curl with the same
samples in a prepared file, and how long the event loop computed without letting others have their
turn. How late it was besides depends on what else the machine does: so it is shown beside that of
an idle loop while curl sends. Both wait for the server's disk, once, and it is told what is left
without that wait, which is the same however much is pushed.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING

# As Home Assistant does; the oldest one cannot import its parts in any order.
import homeassistant.components.http  # noqa: F401
from aiohttp import ClientSession, TCPConnector, ThreadedResolver

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.base import Outcome
from custom_components.med_exporter.destinations.measurements import Energy, Grain, PointName
from custom_components.med_exporter.destinations.victoriametrics.destination import (
    ON_DISK_AFTER,
    VictoriaMetricsDestination,
)
from custom_components.med_exporter.destinations.victoriametrics.rows import (
    labels_of,
    line_of,
    rows_of,
)
from custom_components.med_exporter.destinations.victoriametrics.server import VictoriaMetrics
from tests.lag import loop_lag
from tests.measurements import pages_of
from tests.victoriametrics import VictoriaMetricsServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lag import Lag

OF_A_PAGE = 500
"""As many as a run hands on at a time."""
_FIRST = datetime(1971, 1, 1, tzinfo=UTC)
# A million of them end before today: the server takes nothing of the future.
_LENGTH = timedelta(minutes=15)
# What one file's line may hold.
_OF_A_LINE = 10_000
_ROUNDS = 3


def half_hours(count: int, point: str) -> Iterator[Energy]:
    """Yield short periods of a metering point, from long ago on."""
    name = PointName(pdl=point, slug=point, name=point)
    for number in range(count):
        start = _FIRST + number * _LENGTH
        yield Energy(
            data_type=DataType.CONSUMPTION_DETAILED, point=name, grain=Grain.HALF_HOURLY,
            start=start, end=start + _LENGTH, closed=True, timestamp=start + _LENGTH,
            kwh=number % 3571 / 1000,
        )  # fmt: skip


async def measure(url: str, values: list[Energy], disk: float) -> tuple[float, Lag]:
    """Return the seconds of a push, and how the event loop was held meanwhile.

    `disk` is how many seconds a server has to write to its disk.
    """
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as session:
        destination = VictoriaMetricsDestination(
            VictoriaMetrics(session, url), {}, on_disk_after=disk
        )
        settled: dict[Outcome, int] = {}

        def settle(_: object, outcome: Outcome, __: object = None, count: int = 1) -> None:
            settled[outcome] = settled.get(outcome, 0) + count

        async with loop_lag() as lag:
            started = monotonic()
            await destination.async_push(pages_of(values, OF_A_PAGE), settle)
            seconds = monotonic() - started
    assert settled == {Outcome.STORED: len(values)}
    return seconds, lag


def prepare(values: list[Energy], file: Path) -> None:
    """Write what is pushed to a file for curl, not packed, as within one machine it is pushed."""
    labels = labels_of(values[0], {})
    rows = rows_of(values)
    lines = (
        line_of(labels, [(row.stamp, row.value) for row in rows[at : at + _OF_A_LINE]])
        for at in range(0, len(rows), _OF_A_LINE)
    )
    file.write_bytes(b"".join(lines))


def curl(server: VictoriaMetricsServer, file: Path) -> float:
    """Return the seconds until curl has sent a file, and the server shows it."""
    started = monotonic()
    subprocess.run(
        ["curl", "-sf", "--data-binary", f"@{file}",
         f"{server.url}/api/v1/import"], check=True,
    )  # fmt: skip
    server.get("/internal/force_flush")
    return monotonic() - started


async def beside(work: Callable[[], float]) -> tuple[float, Lag]:
    """Return what some work of a thread gives, and how an idle event loop does beside it."""
    async with loop_lag() as lag:
        return await asyncio.to_thread(work), lag


def main(count: int, disk: float) -> None:
    """Measure both."""
    ratios: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = VictoriaMetricsServer(folder).start()
        try:
            for number in range(_ROUNDS):
                prepare(list(half_hours(count, f"curl {number}")), folder / "prepared")
                values = list(half_hours(count, f"push {number}"))
                # The collector is not to walk over what is there for the measurement only.
                gc.collect()
                gc.freeze()
                other, idle = asyncio.run(beside(partial(curl, server, folder / "prepared")))
                seconds, lag = asyncio.run(measure(server.url, values, disk))
                ratios.append((seconds - disk) / other)
                sys.stdout.write(
                    f"{count} samples in {seconds:.2f} s, curl and the same wait"
                    f" {other + disk:.2f} s, ratio {seconds / (other + disk):.2f},"
                    f" {ratios[-1]:.1f} without the wait; event loop held {lag.held * 1000:.0f} ms,"
                    f" late {lag.worst * 1000:.0f} ms (idle {idle.worst * 1000:.0f} ms)\n"
                )
        finally:
            server.kill()
    sys.stdout.write(f"median ratio without the wait {median(ratios):.1f}\n")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000,
        float(sys.argv[2]) if len(sys.argv) > 2 else ON_DISK_AFTER,
    )
