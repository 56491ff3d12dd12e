"""The engine as a process.

Standard input brings one line of JSON, `{"database_url": …, "sys_path": […], "turns": …, "job":
{…}}`, and then stays open: when it ends, whoever started the worker is gone, and the worker removes
its unfinished files and goes too. The database URL comes this way because a command line is public.

Standard output brings JSON lines: `{"progress": 0..100, "records": n}` while it works, then either
`{"result": {"records", "bytes", "sha256", "warnings", "figures"}}` and exit status 0, or
`{"error": {"code", "message"}}` and exit status 1. SIGTERM ends it with status 143.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import nullcontext, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ..output import remove_unfinished
from .lines import complain, job_of, prepare, read_request, say
from .processors import is_there_room
from .turns import turns_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..readings.part import Second
    from ..results import Result
    from .turns import Turns

_SECONDS_BETWEEN_REPORTS = 0.25
_PARENT_IS_GONE = 1
_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    """Do the one job that standard input brings, and return the exit status."""
    # Blocked in every thread, so that the one that waits for them is told at once.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    secrets: list[str] = []
    try:
        say({"result": _work(sys.stdin.buffer.readline(), secrets).to_json()})
    except Exception as err:  # noqa: BLE001  # the parent must learn of it, whatever it is
        complain(err, secrets)
        return 1
    return 0


def _work(line: bytes, secrets: list[str]) -> Result:
    request = read_request(line, "database_url", "sys_path", "turns", "job")
    url = prepare(request["database_url"], request["sys_path"], secrets)
    job = job_of(request["job"])
    turns = turns_of(request["turns"])
    database: Any = import_module("..database.connections", __package__)
    run: Any = import_module("..run", __package__)
    folder = os.path.dirname(job.path)  # noqa: PTH120  # may be empty
    secrets[:] = database.secrets_of(url)
    # The driver is loaded here, so that a second process has it in the same memory.
    with database.read_only(url) as connect, _second(url, folder, turns) as second:
        _watch(job.path)
        if turns is not None:
            turns.begin()
        # SQLite sorts in files of its own, which belong on the disk that the export goes to.
        os.environ["SQLITE_TMPDIR"] = folder
        result: Result = run.run_job(
            job, connect, _Reporter(turns).report, lambda: False, second=second
        )
        return result


def _second(url: str, folder: str, turns: Turns | None) -> AbstractContextManager[Second | None]:
    """Give a second process where there is room; only while this one has no other thread."""
    if not is_there_room() or (turns is not None and not turns.take_help()):
        return nullcontext()
    beside: Any = import_module(".second", __package__)
    return cast("AbstractContextManager[Second | None]", beside.second_process(url, folder))


def _watch(path: str) -> None:
    """Clean up and end when the parent dies or asks for it, whatever the main thread does."""
    for watch in (_await_parents_death, _await_signal):
        threading.Thread(target=watch, args=(path,), daemon=True).start()


def _await_parents_death(path: str) -> None:
    # Unbuffered: a buffered reader held by a thread would stop the interpreter from ending.
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    _abandon(path, _PARENT_IS_GONE)


def _await_signal(path: str) -> None:
    number = signal.sigwait(_SIGNALS)
    _abandon(path, 128 + number)


def _abandon(path: str, status: int) -> None:
    remove_unfinished(path)
    os._exit(status)


class _Reporter:
    """Prints progress, a few times a second at most, and lets other workers have their turns."""

    def __init__(self, turns: Turns | None) -> None:
        self._turns = turns
        self._next = 0.0

    def report(self, share: float, records: int) -> None:
        """Print how far the job is."""
        if self._turns is not None:
            self._turns.go_on()
        moment = time.monotonic()
        if moment >= self._next or share >= 100.0:
            self._next = moment + _SECONDS_BETWEEN_REPORTS
            say({"progress": round(share, 1), "records": records})
