"""The engine's processes, as Home Assistant's side starts, asks and ends them."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from homeassistant.helpers.recorder import session_scope

from ..const import LOGGER
from ..engine.errors import ErrorCode, ExportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from homeassistant.components.recorder.core import Recorder
    from sqlalchemy import Connection

_ENGINE: Final = Path(__file__).parents[1] / "engine" / "__main__.py"
_LINE_BYTES: Final = 16 * 1024 * 1024
_LOGGED_BYTES: Final = 4096


class EngineProcess:
    """A process of the engine, which takes and says lines of JSON.

    Attributes:
        answers: what it says, line by line.

    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        questions: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
        complaints: asyncio.StreamReader,
    ) -> None:
        """`process` has these pipes; `async_start` makes one."""
        self._process = process
        self._questions = questions
        self.answers = answers
        self._complaints = asyncio.create_task(_async_tail(complaints))

    @classmethod
    async def async_start(cls, *arguments: str, files: tuple[int, ...] = ()) -> Self:
        """Start a process; the arguments say what its work is, the files stay open for it."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_ENGINE),
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
            pass_fds=files,
        )
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("The engine's process has no pipes")
        return cls(process, process.stdin, process.stdout, process.stderr)

    async def async_ask(self, request: dict[str, Any]) -> None:
        """Hand over a line; a process that has ended is found out by its missing answer."""
        with suppress(ConnectionError):
            self._questions.write(json.dumps(request).encode() + b"\n")
            await self._questions.drain()

    async def async_end(self) -> int:
        """Wait until it ends by itself, log what it complained of, and return its status."""
        status = await self._process.wait()
        if said := await self._complaints:
            LOGGER.error("The export engine complains: %s", said)
        return status

    async def async_kill(self) -> None:
        """End it at once, if it has not ended."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._complaints.cancel()


def surroundings(database_url: str) -> dict[str, Any]:
    """Return what every process of the engine is told first."""
    return {"database_url": database_url, "sys_path": [path for path in sys.path if path]}


def error_of(said: dict[str, Any]) -> ExportError:
    """Return the error that an engine has said."""
    return ExportError(ErrorCode(said["error"]["code"]), said["error"]["message"])


def is_in_memory(instance: Recorder) -> bool:
    """Tell whether no other process can read the recorder's database."""
    return instance.db_url == "sqlite://" or ":memory:" in instance.db_url


def connect_by(instance: Recorder) -> Callable[[], AbstractContextManager[Connection]]:
    """Return what opens connections for an engine in a thread of the recorder's executor."""

    @contextmanager
    def connect() -> Iterator[Connection]:
        with session_scope(session=instance.get_session(), read_only=True) as session:
            yield session.connection()

    return connect


async def _async_tail(stream: asyncio.StreamReader) -> str:
    """Read a stream to its end and return the last of it."""
    tail = b""
    while chunk := await stream.read(_LOGGED_BYTES):
        tail = (tail + chunk)[-_LOGGED_BYTES:]
    return tail.decode("utf-8", "replace").strip()
