"""The engine as a process.

Standard input brings one line of JSON, `{"database_url": …, "sys_path": […], "job": {…}}`, and
then stays open: when it ends, whoever started the worker is gone, and the worker removes its
unfinished files and goes too. The database URL comes this way because a command line is public.

Standard output brings JSON lines: `{"progress": 0..100, "records": n}` while it works, then either
`{"result": {"records", "bytes", "sha256", "warnings", "figures"}}` and exit status 0, or
`{"error": {"code", "message"}}` and exit status 1. SIGTERM ends it with status 143.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from .errors import ErrorCode, ExportError, InvalidJobError
from .output import remove_unfinished

if TYPE_CHECKING:
    from .job import Job
    from .run import Result

NICENESS = 10
_SECONDS_BETWEEN_REPORTS = 0.25
_PARENT_IS_GONE = 1
_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    """Do the one job that standard input brings, and return the exit status."""
    # Blocked in every thread, so that the one that waits for them is told at once.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    secrets: list[str] = []
    try:
        _say({"result": _work(sys.stdin.buffer.readline(), secrets).to_json()})
    except ExportError as err:
        _fail(err.code, err.message, secrets)
    except Exception as err:  # noqa: BLE001  # the parent must learn of it, whatever it is
        print(_redacted(traceback.format_exc(), secrets), file=sys.stderr)  # noqa: T201
        _fail(ErrorCode.INTERNAL_ERROR, f"{type(err).__name__}: {err}", secrets)
    else:
        return 0
    return 1


def _work(line: bytes, secrets: list[str]) -> Result:
    try:
        request = json.loads(line)
    except ValueError as err:
        raise InvalidJobError("request", "is not JSON") from err
    if not isinstance(request, dict) or set(request) != {"database_url", "sys_path", "job"}:
        raise InvalidJobError("request", "needs exactly database_url, sys_path and job")
    url, sys_path = request["database_url"], request["sys_path"]
    if not isinstance(url, str) or not url:
        raise InvalidJobError("database_url", "must be text")
    secrets.append(url)
    if not isinstance(sys_path, list) or not all(isinstance(path, str) for path in sys_path):
        raise InvalidJobError("sys_path", "must be a list of texts")
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Rows make no cycles; searching millions of them for some takes a third of the time.
    gc.disable()
    # Behind what is there, so that nothing standard is hidden.
    sys.path += [path for path in sys_path if path not in sys.path]
    job = _job(request["job"])
    _watch(job.path)
    # SQLite sorts in files of its own, which belong on the disk that the export goes to.
    os.environ["SQLITE_TMPDIR"] = os.path.dirname(job.path)  # noqa: PTH120  # may be empty
    database: Any = import_module(".database", __package__)
    run: Any = import_module(".run", __package__)
    secrets[:] = database.secrets_of(url)
    try:
        with database.read_only(url) as connect:
            result: Result = run.run_job(job, connect, _Reporter().report, lambda: False)
            return result
    except (ImportError, run.SQLAlchemyError) as err:
        raise ExportError(ErrorCode.DATABASE_ERROR, f"The database cannot be used: {err}") from err


def _job(data: object) -> Job:
    codec: Any = import_module(".codec", __package__)
    job: Any = import_module(".job", __package__)
    try:
        return cast("Job", codec.from_json(job.Job, data))
    except ValueError as err:
        raise InvalidJobError("job", str(err)) from err


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
    """Prints progress, a few times a second at most."""

    def __init__(self) -> None:
        self._next = 0.0

    def report(self, share: float, records: int) -> None:
        """Print how far the job is."""
        moment = time.monotonic()
        if moment >= self._next or share >= 100.0:
            self._next = moment + _SECONDS_BETWEEN_REPORTS
            _say({"progress": round(share, 1), "records": records})


def _fail(code: ErrorCode, message: str, secrets: list[str]) -> None:
    _say({"error": {"code": code, "message": _redacted(message, secrets)}})


def _redacted(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201
