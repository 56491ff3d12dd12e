"""Starts, ends and restarts a Home Assistant."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import aiohttp

from .client import HomeClient, RequestError
from .configuration import REPOSITORY, write_configuration
from .log import LogRecord, complaints, read_log
from .ports import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

_START_LIMIT = 120
_STOP_LIMIT = 40
_LOG_LEVELS: Final = {
    "custom_components.med_exporter": "info",
    "homeassistant.setup": "warning",
}
# A Home Assistant whose starter has died must not stay behind.
_LAUNCHER: Final = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the starter is gone")
os.execv(sys.executable, [sys.executable, "-m", "homeassistant", *sys.argv[2:]])
"""


def _process_groups() -> Iterator[tuple[int, int]]:
    """Yield the id and the group of every process; Linux only."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if state != "Z":
                yield int(folder.name), int(group)


class HomeNotStartedError(Exception):
    """Home Assistant ended, or did not answer in time; the end of its log is in the text."""


class RealHome(HomeClient):
    """A Home Assistant with this checkout's integration, from entering to leaving the context.

    `folder` is its configuration folder; an empty one is filled. `integrations` are set up
    beside those that Home Assistant always has, `python` is the interpreter it runs on,
    `environment` what its process is told beside, `settings` what integrations are given.
    """

    def __init__(
        self,
        folder: Path,
        *,
        language: str = "en",
        integrations: Iterable[str] = ("api", "config", "history", "logbook"),
        log_levels: Mapping[str, str] = _LOG_LEVELS,
        python: str = sys.executable,
        environment: Mapping[str, str] | None = None,
        time_zone: str = "Europe/Paris",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.port = free_port()
        super().__init__(f"http://{LOOPBACK}:{self.port}")
        self.folder = folder
        self.language = language
        self.log_file = folder / "output.log"
        self._integrations = tuple(integrations)
        self._log_levels = log_levels
        self._python = python
        self._environment = {**os.environ, **(environment or {})}
        self._time_zone, self._settings = time_zone, settings
        self._process: asyncio.subprocess.Process | None = None
        self._group: int | None = None

    @property
    def database(self) -> Path:
        """The recorder's SQLite file."""
        return self.folder / "home-assistant_v2.db"

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id; RuntimeError while it does not run."""
        if self._process is None:
            raise RuntimeError("it is not running")
        return self._process.pid

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        try:
            await self.start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.stop()
        finally:
            await super().__aexit__(kind, error, traceback)

    async def start(self) -> None:
        """Start it and wait until it answers. Raises HomeNotStartedError."""
        if self.is_running:
            raise RuntimeError("it is running")
        write_configuration(
            self.folder,
            port=self.port,
            language=self.language,
            integrations=self._integrations,
            log_levels=self._log_levels,
            time_zone=self._time_zone,
            settings=self._settings,
        )
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                self._python,
                "-c",
                _LAUNCHER,
                str(os.getpid()),
                "--config",
                str(self.folder),
                "--skip-pip",
                "--log-no-color",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                env=self._environment,
                # Ctrl-C in a terminal is for the starter, which then ends this one in order.
                start_new_session=True,
            )
        self._group = self._process.pid
        await self.wait_until(self._answers, "it answers", _START_LIMIT)

    def processes(self) -> list[int]:
        """Return the ids of this Home Assistant, and of what it started even if it has died."""
        return [pid for pid, group in _process_groups() if group == self._group]

    async def stop(self) -> None:
        """End it in order; kill it when it does not."""
        if self._process is None:
            return
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                async with asyncio.timeout(_STOP_LIMIT):
                    await self._process.wait()
            except TimeoutError:
                with self.log_file.open("a") as log:
                    log.write("killed: it did not stop in time\n")
        await self.kill(children=True)

    async def kill(self, *, children: bool = False) -> None:
        """End it with SIGKILL, alone or, as a power cut does, with its children."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            if children:
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        await self._process.wait()
        self._process = None

    async def restart(self) -> None:
        """Stop it if it runs, start it again in the same folder, and wait until it runs."""
        await self.stop()
        await self.start()
        await self.wait_until_running()

    async def onboard(
        self,
        name: str = "Demo",
        username: str = "demo",
        password: str = "demo",
        language: str | None = None,
    ) -> None:
        """Make the first account and log in; wait until everything is set up."""
        await super().onboard(name, username, password, language or self.language)
        await self.command(
            "frontend/set_user_data",
            key="language",
            value={"language": self.language, "number_format": "language"},
        )
        await self.wait_until_running()
        try:
            # Newer versions undo their HTTP settings after five minutes unless confirmed.
            await self.command("http/config/promote")
        except RequestError as refusal:
            if refusal.answer["code"] != "unknown_command":
                raise

    async def wait_until_running(self) -> None:
        """Wait until Home Assistant says that it has started."""
        await self.wait_until(self._is_set_up, "it has started", _START_LIMIT)

    async def wait_for_end(self) -> int:
        """Wait until the process has ended, by itself or not, and return its exit status."""
        if self._process is None:
            raise RuntimeError("it is not running")
        return await self._process.wait()

    async def wait_until(self, condition: Any, what: str, seconds: float) -> None:
        """Ask an async `condition` until it is true. Raises HomeNotStartedError if it never is."""
        try:
            async with asyncio.timeout(seconds):
                while not await condition():
                    if not self.is_running:
                        raise HomeNotStartedError(f"Home Assistant ended\n{self._log_end()}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise HomeNotStartedError(
                f"waited {seconds:.0f} s in vain until {what}\n{self._log_end()}"
            ) from None

    def complaints(self, about: str = "med_exporter") -> list[LogRecord]:
        """Return the log's warnings and errors about something."""
        return complaints(read_log(self.log_file), about)

    async def _answers(self) -> bool:
        try:
            await self.get("/api/onboarding")
        except RequestError as refusal:
            # Once onboarding is over, there is nothing at this path.
            return refusal.status in (401, 404)
        except aiohttp.ClientError:
            return False
        return True

    async def _is_set_up(self) -> bool:
        try:
            configuration = await self.get("/api/config")
        except (RequestError, aiohttp.ClientError):
            return False
        return bool(configuration["state"] == "RUNNING")

    def _log_end(self) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-40:])
