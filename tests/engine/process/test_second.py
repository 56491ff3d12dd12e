"""A second process that makes a part of a file's readings: helpful, polite, and never missed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from custom_components.med_exporter.engine.process.second import second_process
from tests.servers import KINDS, new_database

from ..conftest import FRIDGE, at
from .workers import WORKER, request_of
from .workers import worker as worker_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

START = at("2025-01-10 00:00")
LONG = 160_000
"""States of one pass that are shared."""
ALL = {
    "start": START, "end": START + LONG, "max_records": LONG, "format": "csv",
    "fields": ("timestamp", "power_w"),
}  # fmt: skip

pytestmark = pytest.mark.skipif(
    not hasattr(os, "SCHED_IDLE") or (os.process_cpu_count() or 1) < 2,
    reason="a second process needs a second processor, and a system that knows the idle ones",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a database with many states of one plug."""
    from ..recorder_database import RecorderDatabase  # noqa: PLC0415  # loads what others do not

    database = RecorderDatabase.in_folder(tmp_path_factory.mktemp("home"))
    database.add(FRIDGE.entities["power_w"], [(START + n, n % 997) for n in range(LONG)])
    yield database
    database.close()


@pytest.fixture
def job(exports):
    return exports.job(**ALL)


def worker(home, job, turns=None, files=()) -> AbstractContextManager[subprocess.Popen]:
    """Start a worker; its standard input stays open."""
    return worker_of(request_of(home.url, job, turns), files)


def children(process: subprocess.Popen) -> list[int]:
    told = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(one) for one in told.read_text().split()]


def helper_of(process: subprocess.Popen) -> int:
    """Wait until there is a second process and return its id."""
    process.stdout.readline()
    (found,) = children(process)
    return found


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def ended(process: subprocess.Popen) -> dict:
    *_, last = [json.loads(line) for line in process.stdout]
    assert (process.wait(20), process.stderr.read()) == (0, b"")
    return last["result"]


@pytest.fixture(scope="module")
def expected(home, tmp_path_factory):
    """Return the bytes that one process makes."""
    from ..conftest import Exports  # noqa: PLC0415  # only here

    alone = Exports(home, tmp_path_factory.mktemp("alone") / "exports")
    return alone.content(**ALL)


def test_the_file_is_that_of_one_process(home, job, expected):
    with worker(home, job) as process:
        second = helper_of(process)
        result = ended(process)
        assert result["records"] == LONG
        assert not is_alive(second)
    assert Path(job.path).read_bytes() == expected


FILLED = """
    INSERT INTO states (metadata_id, last_updated_ts, state)
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 399)
    SELECT metadata_id, {start} + one.n * 400 + other.n, CONCAT('', (one.n * 400 + other.n) % 997)
    FROM numbers AS one CROSS JOIN numbers AS other CROSS JOIN states_meta ORDER BY 2
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_is_asked_by_both(database_server, job, expected, kind):
    from ..recorder_database import RecorderDatabase  # noqa: PLC0415  # loads what others do not

    with new_database(database_server(kind)) as url, closing(RecorderDatabase(url)) as home:
        home.add(FRIDGE.entities["power_w"], [])
        with home.engine.begin() as connection:
            connection.execute(text(FILLED.format(start=START)))
        with worker(home, job) as process:
            helper_of(process)
            ended(process)
    assert Path(job.path).read_bytes() == expected


HELPED = """
import os, runpy, signal, sys
from multiprocessing import active_children
sys.path += {path!r}
runpy.run_path({engine!r})["_load_package"]()
from med_exporter_engine.database.connections import read_only
from med_exporter_engine.process import second
from med_exporter_engine.readings.ahead import frames
from med_exporter_engine.readings.part import Part, PartOfPlug
from med_exporter_engine.recorder.states import Recorder
url = {url!r}
part = Part((PartOfPlug(((1, 0),), {start}, None),), {start}, {start} + 1000, {start} + 20_000)
second._PATIENCE_SECONDS = 60
second._LEFT_ON_DISK = 0
{before}
with second.second_process(url, {folder!r}) as begin:
    (child,) = active_children()
    {meanwhile}
    made = begin(part)
    {then}
    made = list(made)
    {after}
    print(sum(len(readings) for _, _, plugs in made for readings in plugs))
"""


def helped(home, folder: Path, before="", meanwhile="", then="", after="") -> int:
    """Let a process of one thread have a second; return how many readings that makes."""
    script = HELPED.format(
        path=sys.path, engine=str(WORKER), start=START, url=home.url, folder=str(folder),
        before=before, meanwhile=meanwhile, then=then, after=after,
    )  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", script],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.stderr == ""
    assert list(folder.iterdir()) == []
    return int(said.stdout)


STOP = "os.kill(child.pid, signal.SIGSTOP)"
KILL = "os.kill(child.pid, signal.SIGKILL); child.join()"


def test_what_it_makes_is_what_is_made_here(home, tmp_path):
    compare = "with read_only(url) as connect: assert made == list(frames(Recorder(connect), part))"
    assert helped(home, tmp_path, after=compare) == 19_000


def test_one_that_ends_before_it_takes_its_part_is_no_loss(home, tmp_path):
    """What was sent and never read makes the line one that was reset, not one that has ended."""
    assert helped(home, tmp_path, meanwhile=STOP, then=KILL) == 0
    assert helped(home, tmp_path, meanwhile=KILL) == 0


def test_nobody_waits_long_for_one_that_stands_still(home, tmp_path):
    at_once = "second._PATIENCE_SECONDS = 0.01"
    assert helped(home, tmp_path, before=at_once, meanwhile=STOP) == 0


def test_one_that_nobody_waits_for_any_longer_ends(home, tmp_path):
    then = """
    assert next(made, None) is None
    os.kill(child.pid, signal.SIGCONT)
    child.join(20)
    assert child.exitcode == 1
"""
    at_once = "second._PATIENCE_SECONDS = 0.01"
    assert helped(home, tmp_path, before=at_once, meanwhile=STOP, then=then) == 0


def test_leaves_the_disk_to_the_file(home, tmp_path):
    """Frames need about as much as the file, which would have had room without them."""
    assert helped(home, tmp_path, before="second._LEFT_ON_DISK = 1 << 60") == 0


def test_says_nothing_where_it_fails(home, tmp_path):
    """What is wrong with a database, the first finds out and tells."""
    assert helped(home, tmp_path, before="url = 'sqlite:////missing/missing.db'") == 0


def test_takes_the_processor_only_while_nobody_wants_it(home, job):
    with worker(home, job) as process:
        second = helper_of(process)
        deadline = time.monotonic() + 20
        while os.sched_getscheduler(second) != os.SCHED_IDLE:
            assert time.monotonic() < deadline
        assert os.sched_getscheduler(process.pid) == os.SCHED_OTHER


@pytest.mark.parametrize(
    "hinder",
    [
        lambda pid: os.kill(pid, signal.SIGKILL),
        lambda pid: os.kill(pid, signal.SIGSTOP),
    ],
    ids=["is killed", "stands still"],
)
def test_nothing_is_missing_where_the_second(home, job, expected, hinder: Callable[[int], None]):
    with worker(home, job) as process:
        hinder(helper_of(process))
        ended(process)
    assert Path(job.path).read_bytes() == expected


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ends_with_the_first(home, job, number):
    with worker(home, job) as process:
        second = helper_of(process)
        process.send_signal(number)
        process.wait(20)
        deadline = time.monotonic() + 20
        while is_alive(second):
            assert time.monotonic() < deadline


def test_only_one_export_at_a_time_has_one(home, exports):
    file = os.memfd_create("turns")
    try:
        turns = {"file": file, "places": 1}
        jobs = [
            exports.job(**ALL, path=str(exports.folder / f"export{number}")) for number in range(2)
        ]
        with worker(home, jobs[0], turns, (file,)) as first:
            helper_of(first)
            with worker(home, jobs[1], turns, (file,)) as other:
                other.stdout.readline()
                assert children(other) == []
    finally:
        os.close(file)


def test_a_folder_that_takes_no_file_does_without(tmp_path):
    with second_process("sqlite://", str(tmp_path / "missing")) as second:
        assert second is None
