"""What processes of the engine have in common: lines of JSON that come in and go out."""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ..errors import ErrorCode, ExportError, InvalidJobError

if TYPE_CHECKING:
    from types import ModuleType

    from ..job import Job

NICENESS = 10


def read_request(line: bytes, *keys: str) -> dict[str, Any]:
    """Return the object of a line.

    Raises InvalidJobError when it has not exactly these keys.
    """
    try:
        request = json.loads(line)
    except ValueError as err:
        raise InvalidJobError("request", "is not JSON") from err
    if not isinstance(request, dict) or set(request) != set(keys):
        raise InvalidJobError("request", f"needs exactly {', '.join(keys)}")
    return request


def prepare(url: object, sys_path: object, secrets: list[str]) -> str:
    """Make the process ready to work and return the database's URL, which becomes a secret.

    Raises InvalidJobError.
    """
    if not isinstance(url, str) or not url:
        raise InvalidJobError("database_url", "must be text")
    secrets.append(url)
    if not isinstance(sys_path, list) or not all(isinstance(path, str) for path in sys_path):
        raise InvalidJobError("sys_path", "must be a list of texts")
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Rows make no cycles; searching millions of them for some takes a third of the time.
    gc.disable()
    # openpyxl imports it where it is there, 13 MB, for cells of its types, of which there are none.
    sys.modules.setdefault("numpy", cast("ModuleType", None))
    # Behind what is there, so that nothing standard is hidden.
    sys.path += [path for path in sys_path if path not in sys.path]
    return url


def job_of(data: object) -> Job:
    """Return the job that a request has.

    Raises InvalidJobError.
    """
    codec: Any = import_module("..codec", __package__)
    job: Any = import_module("..job", __package__)
    try:
        return cast("Job", codec.from_json(job.Job, data))
    except ValueError as err:
        raise InvalidJobError("job", str(err)) from err


def say(line: dict[str, Any]) -> None:
    """Print a line."""
    print(json.dumps(line), flush=True)  # noqa: T201


def complain(err: Exception, secrets: list[str]) -> None:
    """Print a failure without secrets; what nobody has foreseen goes to standard error as well."""
    if isinstance(err, ExportError):
        code, message = err.code, err.message
    else:
        print(_redacted(traceback.format_exc(), secrets), file=sys.stderr)  # noqa: T201
        code, message = ErrorCode.INTERNAL_ERROR, f"{type(err).__name__}: {err}"
    say({"error": {"code": code, "message": _redacted(message, secrets)}})


def _redacted(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
