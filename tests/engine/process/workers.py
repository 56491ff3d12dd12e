"""Workers of the engine, as Home Assistant starts them."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from custom_components.med_exporter.engine.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from custom_components.med_exporter.engine.job import Job

WORKER = Path(__file__).parents[3] / "custom_components/med_exporter/engine/__main__.py"


def request_of(url: str, job: Job, turns: dict[str, int] | None = None) -> dict:
    return {"database_url": url, "sys_path": sys.path, "turns": turns, "job": to_json(job)}


@contextmanager
def worker(request: object, files: tuple[int, ...] = ()) -> Iterator[subprocess.Popen]:
    """Start a worker and give it a request; its standard input stays open."""
    with subprocess.Popen(
        [sys.executable, "-I", WORKER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=files,
    ) as process:  # fmt: skip
        process.stdin.write(
            request if isinstance(request, bytes) else json.dumps(request).encode() + b"\n"
        )
        process.stdin.flush()
        try:
            yield process
        finally:
            process.kill()
