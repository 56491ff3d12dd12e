"""The demo, as a newcomer runs it."""

from __future__ import annotations

import csv
import fcntl
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first test waits until another run of tests on this checkout is done with the demo.
pytestmark = [pytest.mark.live, pytest.mark.timeout(1200)]

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "scripts" / "demo"
CHECK_SUMS = REPOSITORY / "scripts" / "check_sums"

OWN_STATISTICS = "metadata_id IN (SELECT id FROM statistics_meta WHERE source = 'med_exporter')"
A_STATISTIC = f"(SELECT MAX(start_ts) - 864000 FROM statistics WHERE {OWN_STATISTICS})"


A_DAY = "day = (SELECT MAX(day) - 10 FROM med_exporter_quarters)"
COST_STATISTICS = (
    "metadata_id IN (SELECT id FROM statistics_meta WHERE statistic_id LIKE 'med_exporter:cost_%')"
)
AN_HOUR_OF_THE_GRID = (
    "metadata_id = (SELECT id FROM statistics_meta WHERE statistic_id = 'supplier:grid')"
    " AND start_ts = (SELECT MIN(start_ts) + 3600000 FROM statistics)"
)
A_COST = f"{COST_STATISTICS} AND start_ts = {A_STATISTIC}"


def three_watt_hours_more(energy: bytes) -> bytes:
    """Return a day's packed energies with 3 Wh more in its last quarter-hour."""
    return energy[:-4] + struct.pack("<i", struct.unpack("<i", energy[-4:])[0] + 3000)


def left_behind() -> list[str]:
    """Processes of the demo's Home Assistant that are still there."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(REPOSITORY / ".demo" / "config") in line:
                found.append(line)
    return found


@pytest.fixture(scope="module", autouse=True)
def demo_of_its_own() -> Iterator[None]:
    """Let one run of tests after the other have the checkout's demo."""
    (REPOSITORY / ".demo").mkdir(exist_ok=True)
    with (REPOSITORY / ".demo" / "tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def shown() -> subprocess.CompletedProcess[str]:
    """The demo, from start to end."""
    return subprocess.run(
        [DEMO, "--once"], capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture(scope="module")
def left(shown, tmp_path_factory) -> Path:
    """What the demo has left, wherever the next one begins."""
    assert shown.returncode == 0, shown.stdout + shown.stderr
    folder: Path = tmp_path_factory.mktemp("left")
    shutil.copy(REPOSITORY / ".demo" / "daily.csv", folder)
    configuration = REPOSITORY / ".demo" / "config"
    shutil.copytree(configuration / ".storage", folder / ".storage")
    name = "home-assistant_v2.db"
    with (
        closing(sqlite3.connect(configuration / name)) as source,
        closing(sqlite3.connect(folder / name)) as target,
    ):
        source.backup(target)
    return folder


def test_once_shows_everything_and_ends_with_0(shown, left) -> None:
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "270 of 270 sums" in shown.stdout
    assert "taken over from the Energy dashboard: 3 years, 131400 hourly statistics" in shown.stdout
    for topic in ("consumption/daily", "consumption/monthly", "production/daily", "status"):
        assert f"{topic}  " in shown.stdout
    with (left / "daily.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3 * 90
    assert left_behind() == []


class TestCheckOfSums:
    """scripts/check_sums, on what the demo has left, and on that with one row changed."""

    @pytest.fixture
    def database(self, left, tmp_path) -> Path:
        shutil.copytree(left, tmp_path, dirs_exist_ok=True)
        return tmp_path / "home-assistant_v2.db"

    @staticmethod
    def check(database: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(sys.executable, CHECK_SUMS, database, "--time-zone", "Europe/Paris"),
                *("--tariff", REPOSITORY / ".demo" / "tariff.json"),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_all_sums_agree(self, database) -> None:
        done = self.check(database)
        assert done.returncode == 0, done.stdout + done.stderr
        agreeing, compared = done.stdout.splitlines()[-1].split(" sums")[0].split(" of ")
        assert agreeing == compared
        assert int(compared) > 300_000

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            (
                f"UPDATE med_exporter_quarters SET energy = more(energy) WHERE {A_DAY}",
                "statistics by day = quarter-hours",
            ),
            (
                f"DELETE FROM med_exporter_quarters WHERE {A_DAY}",
                "statistics by hour = quarter-hours",
            ),
            (
                f"UPDATE statistics SET sum = sum - 50 WHERE start_ts = {A_STATISTIC}",
                "none falls",
            ),
            (
                f"DELETE FROM statistics WHERE start_ts = {A_STATISTIC}",
                "hours missing",
            ),
            (
                f"UPDATE statistics SET sum = sum + 10 WHERE {OWN_STATISTICS}",
                "statistics by hour = quarter-hours",
            ),
            (
                f"DELETE FROM statistics WHERE {OWN_STATISTICS} AND start_ts > {A_STATISTIC}",
                "at the end",
            ),
            (
                f"UPDATE statistics SET sum = sum + 1 WHERE {AN_HOUR_OF_THE_GRID}",
                "quarter-hours by hour = its source",
            ),
            (
                f"UPDATE statistics SET sum = sum + 1 WHERE {A_COST}",
                "statistics by hour = quarter-hours",
            ),
        ],
        ids=[
            "a quarter-hour grown", "a day lost", "a falling sum", "an hour lost",
            "a jump at the start", "statistics that end", "an hour of the source", "a cost changed",
        ],
    )  # fmt: skip
    def test_a_changed_row_is_found(self, database, change, found) -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.create_function("more", 1, three_watt_hours_more)
            assert connection.execute(change).rowcount > 0
        done = self.check(database)
        assert done.returncode == 1, done.stdout + done.stderr
        differing = [line for line in done.stdout.splitlines() if line.startswith("DIFFERS")]
        assert any(found in line for line in differing), differing


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_stays_behind_however_it_is_ended(number) -> None:
    demo = subprocess.Popen([DEMO], stdout=subprocess.PIPE, text=True, process_group=0)
    assert demo.stdout is not None
    for line in demo.stdout:
        if "Home Assistant answers at" in line:
            break
    assert left_behind()
    os.kill(demo.pid, number)
    assert demo.wait(60) != 0
    deadline = time.monotonic() + 30
    while left_behind():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    demo.stdout.close()
