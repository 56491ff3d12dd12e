"""The worker as the manager sees it: a line in, lines out, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ..conftest import FRIDGE, at
from ..recorder_database import RecorderDatabase
from .workers import WORKER, request_of, worker

START = at("2025-01-10 00:00")
LONG = 60_000


def finished(request: object) -> tuple[list[dict], int, str]:
    """Run a worker to its end and return its lines, exit status and standard error."""
    with worker(request) as process:
        lines = [json.loads(line) for line in process.stdout]
        status = process.wait(20)
        return lines, status, process.stderr.read().decode()


@pytest.fixture
def states(recorder):
    recorder.add(FRIDGE.entities["power_w"], [(START + n, n % 997) for n in range(LONG)])


@pytest.fixture
def request_for(exports):
    def make(**changes) -> dict:
        job = exports.job(**({"start": START, "end": START + LONG} | changes))
        return request_of(exports.recorder.url, job)

    return make


class TestWork:
    @pytest.mark.parametrize("file_format", ["csv", "json"])
    def test_progress_then_result(self, states, exports, request_for, file_format):
        lines, status, errors = finished(request_for(format=file_format))
        assert (status, errors) == (0, "")
        *progress, last = lines
        assert all(set(line) == {"progress", "records"} for line in progress)
        shares = [line["progress"] for line in progress]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0, 100)
        assert last["result"]["records"] == LONG
        assert last["result"]["bytes"] == (exports.folder / "export").stat().st_size
        assert exports.left() == ["export"]

    def test_progress_moves_in_the_reading_phase(self, recorder, request_for):
        recorder.add(FRIDGE.entities["power_w"], [(START + n, n) for n in range(400_000)])
        lines, _, _ = finished(request_for(end=START + 400_000))
        reading = {line["progress"] for line in lines[:-1] if 0 < line["progress"] < 75}
        assert len(reading) >= 2

    def test_gives_the_same_bytes_as_in_this_process(self, states, exports, request_for):
        _, status, _ = finished(request_for())
        assert status == 0
        content = (exports.folder / "export").read_bytes()
        assert exports.content(start=START, end=START + LONG) == content

    def test_works_at_low_priority(self, states, request_for):
        with worker(request_for()) as process:
            process.stdout.readline()
            assert os.getpriority(os.PRIO_PROCESS, process.pid) >= 10
            process.stdout.read()

    def test_its_folder_hides_no_standard_module(self):
        """With all its imports, nothing standard comes from the engine's folder."""
        shown = subprocess.run(
            [sys.executable, "-I", "-v", WORKER], input=b"{}\n", capture_output=True, check=False
        )
        loaded = [
            line for line in shown.stderr.decode().splitlines()
            if line.startswith("import '") and not line.startswith("import 'med_exporter_engine")
        ]  # fmt: skip
        assert len(loaded) > 20
        assert not any("med_exporter/engine" in line for line in loaded)


class TestRefusals:
    @pytest.mark.parametrize("request_line", [
        b"", b"\n", b"nonsense\n", b"[]\n", b"{}\n",
        {"database_url": "sqlite:///x", "sys_path": [], "job": {}},
        {"database_url": "sqlite:///x", "sys_path": [], "turns": None, "job": {}},
        {"database_url": "", "sys_path": [], "turns": None, "job": {}},
        {"database_url": "sqlite:///x", "sys_path": "/", "turns": None, "job": {}},
        {"database_url": "sqlite:///x", "sys_path": [], "turns": None, "job": {}, "more": 1},
    ])  # fmt: skip
    def test_a_bad_request(self, request_line):
        with worker(request_line) as process:
            process.stdin.close()
            (line,) = [json.loads(line) for line in process.stdout]
            assert line["error"]["code"] == "INVALID_JOB"
            assert process.wait(20) == 1

    @pytest.mark.parametrize("turns", [1, {}, {"file": 3}, {"file": 3, "places": 0}])
    def test_turns_that_nobody_can_take(self, request_for, turns):
        lines, status, _ = finished({**request_for(), "turns": turns})
        assert status == 1
        assert lines[0]["error"]["message"].startswith("turns: ")

    def test_a_bad_job_names_the_field(self, request_for, exports):
        request = request_for()
        request["job"]["start"] = "yesterday"
        lines, status, _ = finished(request)
        assert status == 1
        assert lines == [
            {"error": {"code": "INVALID_JOB", "message": "job: Job.start cannot be read"}}
        ]
        assert exports.left() == []


class TestFailures:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"max_records": 1000}, "TOO_MANY_RECORDS"),
            ({"max_bytes": 10_000}, "FILE_TOO_LARGE"),
            ({"path": "/proc/none/export"}, "FILE_ERROR"),
        ],
    )
    def test_a_limit_leaves_nothing(self, states, exports, request_for, changes, code):
        lines, status, errors = finished(request_for(**changes))
        assert (status, lines[-1]["error"]["code"], errors) == (1, code, "")
        assert exports.left() == []

    @pytest.mark.parametrize(
        "url",
        [
            "sqlite:////nowhere/at/all.db",
            "postgresql://ha:hush-hush@127.0.0.1:1/recorder",
            "mysql+pymysql://ha:hush-hush@127.0.0.1:1/recorder",
            "oracle://ha:hush-hush@127.0.0.1:1/recorder",
            "nonsense:hush-hush",
        ],
    )
    def test_a_database_that_cannot_be_reached_and_no_secret_shown(self, exports, request_for, url):
        lines, status, errors = finished(request_for() | {"database_url": url})
        assert status == 1
        assert lines[-1]["error"]["code"] == "DATABASE_ERROR"
        assert "hush" not in json.dumps(lines) + errors
        assert exports.left() == []


class TestEnds:
    """The worker is stopped at many moments; whatever it was doing, nothing may be left."""

    @pytest.fixture(scope="class")
    def long_history(self, tmp_path_factory):
        database = RecorderDatabase.in_folder(tmp_path_factory.mktemp("long"))
        database.add(FRIDGE.entities["power_w"], [(START + n, n) for n in range(200_000)])
        database.close()
        return database.url

    @pytest.fixture
    def long_request(self, long_history, request_for):
        return request_for(end=START + 200_000) | {"database_url": long_history}

    @pytest.mark.parametrize("moment", [0.0, 0.05, 0.2, 0.5, 0.9])
    @pytest.mark.parametrize("way", ["parent's end", "SIGTERM", "SIGINT"])
    def test_nothing_is_left(self, exports, long_request, way, moment):
        with worker(long_request) as process:
            process.stdout.readline()
            time.sleep(moment)
            assert process.poll() is None
            assert not (exports.folder / "export").exists()
            if way == "parent's end":
                process.stdin.close()
            else:
                process.send_signal(signal.Signals[way])
            began = time.monotonic()
            drain = threading.Thread(target=process.stdout.read)
            drain.start()
            status = process.wait(20)
            drain.join()
            assert time.monotonic() - began < 2
        assert status == {"parent's end": 1, "SIGTERM": 143, "SIGINT": 130}[way]
        assert exports.left() == []

    def test_a_parent_killed_with_sigkill(self, exports, long_request, tmp_path):
        line = tmp_path / "request"
        line.write_text(json.dumps(long_request) + "\n")
        parent = subprocess.Popen(
            [sys.executable, "-c", f"""
import subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-I", {str(WORKER)!r}],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
worker.stdin.write(open({str(line)!r}, "rb").read())
worker.stdin.flush()
worker.stdout.readline()
print(worker.pid, flush=True)
time.sleep(60)
"""],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        with parent:
            pid = int(parent.stdout.readline())
            deadline = time.monotonic() + 10
            while not exports.left():
                assert time.monotonic() < deadline
                time.sleep(0.01)
            parent.kill()
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline + 10:
            time.sleep(0.05)
        assert exports.left() == []
