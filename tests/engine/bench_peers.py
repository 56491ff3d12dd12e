"""Measure exports beside what a user could take instead, in pairs, and write a page of it.

`python -m tests.engine.bench_peers PYTHON [READINGS]`: PYTHON has pandas, polars and
XlsxWriter (`peers.py`). Each pair is measured three times in turn, and its ratio is that of the
medians of the seconds; on a machine that has something else to do, those of the processor are told
beside them.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from custom_components.med_exporter.engine.codec import to_json
from tests.measured_page import EXPORTS

from .bench import ENGINE, Measured, build, job_of, measure

ROUNDS = 3
PLUGS = 10
PEERS = Path(__file__).with_name("peers.py")


@dataclass(frozen=True, slots=True)
class Pair:
    """A file, what it is compared with, and the ratio of times that is wanted, if one is."""

    file_format: str
    aggregation: str
    peer: str
    goal: float | None


PAIRS = (
    Pair("csv", "raw", "pandas_csv", 0.35),
    Pair("csv", "raw", "polars_csv", 1.0),
    Pair("csv", "raw", "merge_csv", 1.0),
    Pair("csv", "raw", "sqlite3_states", 0.85),
    Pair("csv", "raw", "sqlite3_table", None),
    Pair("json", "raw", "pandas_json", 0.4),
    Pair("json", "raw", "polars_json", 1.0),
    Pair("excel", "raw", "xlsxwriter_ready", 0.4),
    Pair("csv", "hourly", "pandas_csv", 0.32),
    Pair("csv", "daily", "pandas_csv", 0.32),
    Pair("csv", "monthly", "pandas_csv", 0.32),
)
PREVIEWS = ("raw", "hourly", "daily", "monthly")
PREVIEW_GOAL = 0.3


def peer(python: str, name: str, database: Path, target: Path) -> Measured:
    """Let a peer make its file."""
    done = subprocess.run(
        [python, PEERS, name, database, target], capture_output=True, check=True, text=True
    )
    said = json.loads(done.stdout)
    return Measured(said["seconds"], said["processor"], said["memory"], {})


def previews(url: str, jobs: dict[str, object]) -> dict[str, float]:
    """Return the median seconds of previews by a process that runs already, by aggregation."""
    with subprocess.Popen(
        [sys.executable, "-I", ENGINE / "__main__.py", "previewer"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as previewer:  # fmt: skip

        def say(line: dict[str, object]) -> None:
            previewer.stdin.write(json.dumps(line).encode() + b"\n")
            previewer.stdin.flush()

        def took(aggregation: str) -> float:
            began = time.monotonic()
            say({"job": jobs[aggregation], "limit": 10})
            previewer.stdout.readline()
            return time.monotonic() - began

        say({"database_url": url, "sys_path": sys.path})
        took("raw")
        found = {one: statistics.median(took(one) for _ in range(ROUNDS)) for one in PREVIEWS}
        previewer.stdin.close()
    return found


def main() -> None:
    """Measure all pairs and write their sections."""
    python = sys.argv[1]
    readings = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    took: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url, devices, end = build(folder, readings, PLUGS)
        database, target = folder / "home-assistant_v2.db", folder / "peer"
        files = dict.fromkeys((pair.file_format, pair.aggregation) for pair in PAIRS)
        for _ in range(ROUNDS):
            for file_format, aggregation in files:
                job = job_of(devices, end, folder, file_format, aggregation)
                made = measure(url, job)
                assert "result" in made.answer, made.answer
                took.setdefault(f"{file_format} {aggregation}", []).append(made)
                for pair in PAIRS:
                    if (pair.file_format, pair.aggregation) == (file_format, aggregation) and (
                        pair.peer not in took or len(took[pair.peer]) < len(took["csv raw"])
                    ):
                        took.setdefault(pair.peer, []).append(
                            peer(python, pair.peer, database, target)
                        )
        jobs = {one: to_json(job_of(devices, end, folder, "csv", one)) for one in PREVIEWS}
        shown = previews(url, jobs)
    _write(readings, took, shown)


def _write(readings: int, took: dict[str, list[Measured]], shown: dict[str, float]) -> None:
    rows = []
    for pair in PAIRS:
        own, other = took[f"{pair.file_format} {pair.aggregation}"], took[pair.peer]
        rows.append((
            f"{pair.file_format} {pair.aggregation}", *_figures(own),
            pair.peer.replace("_", " "), *_figures(other),
            f"{_median(own, 'seconds') / _median(other, 'seconds'):.2f}", pair.goal or "",
        ))  # fmt: skip
    EXPORTS.write_section(
        "Files",
        (
            f"Written by `scripts/bench --peers`: {readings:,} rows of {PLUGS} plugs in SQLite.",
            "`merge csv` is the plainest loop in Python over the states in order of time.",
            "`sqlite3 states` only prints the states of the plugs' entities so, by SQLite's own",
            "command; `sqlite3 table` all that the table has, as if no home had other entities.",
            "`xlsxwriter ready` has its rows ready, and is in its mode of constant memory.",
            "Rows of periods are beside the raw rows of pandas: all states are read for both.",
            "Two processes make a file where two processors are idle: its memory is that of both.",
        ),
        [
            (
                "file",
                "seconds",
                "processor, s",
                "MB",
                "beside",
                "seconds",
                "processor, s",
                "MB",
                "ratio of seconds",
                "goal",
            ),
            *rows,
        ],
    )
    EXPORTS.write_section(
        "Previews of ten rows",
        ("Written by `scripts/bench --peers`, over the same readings.",),
        [
            ("rows", "seconds", "goal"),
            *((name, f"{value:.2f}", PREVIEW_GOAL) for name, value in shown.items()),
        ],
    )


def _median(some: list[Measured], name: str) -> float:
    return statistics.median(getattr(one, name) for one in some)


def _figures(some: list[Measured]) -> tuple[str, str, str]:
    """Return seconds, those of the processor, and memory."""
    return (
        f"{_median(some, 'seconds'):.1f}",
        f"{_median(some, 'processor'):.1f}",
        f"{max(one.memory for one in some):.0f}",
    )


if __name__ == "__main__":
    main()
