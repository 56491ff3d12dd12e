"""The demo, as a newcomer runs it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "scripts" / "demo"


def left_behind() -> list[str]:
    """Processes of the demo's Home Assistant that are still there."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(REPOSITORY / ".demo" / "config") in line:
                found.append(line)
    return found


def test_once_shows_everything_and_ends_with_0() -> None:
    done = subprocess.run(
        [DEMO, "--once"], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "270 of 270 sums" in done.stdout
    for topic in ("consumption/daily", "consumption/monthly", "production/daily", "status"):
        assert f"{topic}  " in done.stdout
    with (REPOSITORY / ".demo" / "daily.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3 * 90
    assert left_behind() == []


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
