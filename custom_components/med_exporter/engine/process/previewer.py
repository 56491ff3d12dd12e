"""The engine as a process that makes previews, one after the other.

Standard input brings one line of JSON, `{"database_url": …, "sys_path": […]}`, and then a line for
each preview, `{"job": {…}, "limit": n}`. Standard output brings a line for each of these:
`{"preview": {"rows", "records", "estimated", "bytes", "warnings"}}` or
`{"error": {"code", "message"}}`. The process ends with its standard input, or with an error where
the first line is no good.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .lines import complain, job_of, prepare, read_request, say

if TYPE_CHECKING:
    from ..database.connections import Connect


def main() -> int:
    """Make the previews that standard input asks for, and return the exit status."""
    secrets: list[str] = []
    try:
        request = read_request(sys.stdin.buffer.readline(), "database_url", "sys_path")
        url = prepare(request["database_url"], request["sys_path"], secrets)
        database: Any = import_module("..database.connections", __package__)
        secrets[:] = database.secrets_of(url)
        with database.read_only(url) as connect:
            for line in sys.stdin.buffer:
                _answer(line, connect, secrets)
    except Exception as err:  # noqa: BLE001  # the parent must learn of it, whatever it is
        complain(err, secrets)
        return 1
    return 0


def _answer(line: bytes, connect: Connect, secrets: list[str]) -> None:
    run: Any = import_module("..run", __package__)
    try:
        request = read_request(line, "job", "limit")
        found = run.preview(job_of(request["job"]), connect, request["limit"])
        say({"preview": asdict(found)})
    except Exception as err:  # noqa: BLE001  # one preview's failure is not that of the next
        complain(err, secrets)
