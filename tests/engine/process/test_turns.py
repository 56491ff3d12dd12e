"""Workers as they take turns: the system shows who waits, and the test itself takes turns, too."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.engine.process import turns
from tests.locks import any_waits, shows_who_waits

from ..conftest import FRIDGE, at
from .workers import request_of
from .workers import worker as worker_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

START = at("2025-01-10 00:00")

pytestmark = shows_who_waits


@pytest.fixture
def file():
    """Return a file without a name, as Home Assistant gives to its workers."""
    with ExitStack() as stack:
        number = os.memfd_create("turns")
        stack.callback(os.close, number)
        yield number


@pytest.fixture
def worker(file, exports):
    """Return what starts a worker of so many readings in its turn."""

    def start(
        readings: int, places: int = 1, name: str = "export"
    ) -> AbstractContextManager[subprocess.Popen]:
        job = exports.job(start=START, end=START + readings, path=str(exports.folder / name))
        taken = {"file": file, "places": places}
        return worker_of(request_of(exports.recorder.url, job, taken), (file,))

    return start


@pytest.fixture
def readings(recorder):
    recorder.add(FRIDGE.entities["power_w"], [(START + n, n % 997) for n in range(200_000)])


def take(file: int, place: int = 0) -> None:
    fcntl.lockf(file, fcntl.LOCK_EX, 1, place)


def give(file: int, place: int = 0) -> None:
    fcntl.lockf(file, fcntl.LOCK_UN, 1, place)


def wait_until_it_waits(process: subprocess.Popen) -> None:
    while process.poll() is None:
        if any_waits([process.pid]):
            return
    raise AssertionError("it has not waited")


def last_line(process: subprocess.Popen) -> dict:
    return json.loads(process.stdout.read().splitlines()[-1])


def test_a_worker_begins_when_a_place_is_free(readings, worker, file):
    take(file)
    with worker(1000) as process:
        wait_until_it_waits(process)
        give(file)
        assert last_line(process)["result"]["records"] == 1000


def test_a_worker_takes_whatever_place_is_free(readings, worker, file):
    take(file, 0)
    with worker(1000, places=2) as process:
        assert last_line(process)["result"]["records"] == 1000


def test_a_worker_lets_others_have_their_turn_while_it_works(readings, worker, file):
    with worker(200_000) as process:
        assert json.loads(process.stdout.readline())["progress"] == 0
        take(file)
        wait_until_it_waits(process)
        give(file)
        assert last_line(process)["result"]["records"] == 200_000


def test_the_place_of_a_worker_that_dies_is_free(readings, worker, file):
    with worker(200_000) as process:
        assert json.loads(process.stdout.readline())["progress"] == 0
        process.kill()
        take(file)


def test_a_worker_that_waits_for_something_else_gives_its_place_to_others(file):
    """A server that does not answer is waited for as long as a connection may take."""
    script = f"""
import sys
import {turns.__name__} as turns
turns._LONGEST_SECONDS = 0.05
turns.Turns({file}, 1).begin()
print("has it", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(file,),
    ) as process:  # fmt: skip
        assert process.stdout.readline() == b"has it\n"
        take(file)
        assert process.poll() is None


def test_workers_that_share_a_place_all_come_to_their_end(readings, worker):
    with ExitStack() as stack:
        all_of_them = [
            stack.enter_context(worker(60_000, name=f"export{number}")) for number in range(3)
        ]
        assert [last_line(one)["result"]["records"] for one in all_of_them] == [60_000] * 3
