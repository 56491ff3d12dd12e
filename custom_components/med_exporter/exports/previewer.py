"""Previews by the engine in a process of its own, which is kept for the next one.

For an in-memory database, which no other process can read, the same engine runs in a thread.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.recorder import get_instance

from ..database import DatabaseUnavailableError, async_read_by
from ..engine.codec import to_json
from ..engine.errors import ErrorCode, ExportError
from ..engine.results import Preview
from ..errors import TooManyPreviewsError
from .engine_process import EngineProcess, connect_by, error_of, is_in_memory, surroundings
from .queue import FairQueue, Priority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime

    from homeassistant.components.recorder.core import Recorder
    from homeassistant.core import CALLBACK_TYPE, HomeAssistant

    from ..engine.job import Job

_KEPT_SECONDS: Final = 120
_MOST_SECONDS: Final = 60
# How many of one user are made or wait: the panel asks for one at a time, in a few windows.
_MOST_OF_A_USER: Final = 10


class Previewer:
    """Makes previews, one at a time: whoever looks at one asks for the next soon after.

    Users take turns: whoever asks for a hundred holds nobody up for more than one.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()
        self._owners: Counter[str | None] = Counter()
        self._is_busy = False
        self._engine: EngineProcess | None = None
        self._forget: CALLBACK_TYPE | None = None
        self._closed = False

    async def async_preview(self, job: Job, limit: int, owner: str | None = None) -> Preview:
        """Return the first rows of a job; `owner` is the id of the user who asks.

        Raises ExportError when they cannot be had (`TIMED_OUT` after a minute),
        TooManyPreviewsError when the owner's share is used up, DatabaseUnavailableError when the
        database cannot be read or Home Assistant stops.
        """
        with self._share(owner):
            return await self._async_preview(job, limit, owner)

    async def _async_preview(self, job: Job, limit: int, owner: str | None) -> Preview:
        instance = get_instance(self._hass)
        if is_in_memory(instance):
            return await async_read_by(self._hass, partial(_in_thread, instance, job, limit))
        written = await self._hass.async_add_executor_job(to_json, job)
        async with self._turn(owner):
            if self._closed:
                raise DatabaseUnavailableError
            self._keep()
            said = await self._async_ask(instance.db_url, {"job": written, "limit": limit})
        if "preview" in said:
            return Preview(**said["preview"])
        raise error_of(said)

    def open(self) -> None:
        """Make previews again after `async_close`."""
        self._closed = False

    async def async_close(self) -> None:
        """End the process and start no other."""
        self._closed = True
        await self._async_end()

    @contextmanager
    def _share(self, owner: str | None) -> Iterator[None]:
        """Take one place of those that a user has."""
        if self._owners[owner] >= _MOST_OF_A_USER:
            raise TooManyPreviewsError(_MOST_OF_A_USER)
        self._owners[owner] += 1
        try:
            yield
        finally:
            self._owners[owner] -= 1
            # Else users who are gone would be counted for ever.
            self._owners = +self._owners

    @asynccontextmanager
    async def _turn(self, owner: str | None) -> AsyncIterator[None]:
        """Wait until the process has time for a user."""
        if self._is_busy:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.add(turn, owner=owner, priority=Priority.WAITED_FOR)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.cancelled():
                    with suppress(ValueError):
                        self._waiting.remove(turn)
                else:
                    self._give_turn()
                raise
        self._is_busy = True
        try:
            yield
        finally:
            self._give_turn()

    def _give_turn(self) -> None:
        self._is_busy = False
        while self._waiting and not self._is_busy:
            turn = self._waiting.take(())
            # Nobody may be there any more.
            if not turn.done():
                turn.set_result(None)
                self._is_busy = True

    async def _async_ask(self, database_url: str, request: dict[str, Any]) -> dict[str, Any]:
        """Return the process's answer; one that gives none is not asked again."""
        line = b""
        try:
            async with asyncio.timeout(_MOST_SECONDS):
                if self._engine is None:
                    self._engine = await EngineProcess.async_start("previewer")
                    await self._engine.async_ask(surroundings(database_url))
                engine = self._engine
                await engine.async_ask(request)
                line = await engine.answers.readline()
        except TimeoutError as err:
            text = (
                f"The preview was given up after {_MOST_SECONDS} seconds; a shorter range or fewer"
                " devices take less"
            )
            raise ExportError(ErrorCode.TIMED_OUT, text) from err
        finally:
            if line.endswith(b"\n"):
                self._forget = async_call_later(self._hass, _KEPT_SECONDS, self._async_forget)
            else:
                await self._async_end()
        if not line.endswith(b"\n"):
            if self._closed:
                raise DatabaseUnavailableError
            raise ExportError(
                ErrorCode.INTERNAL_ERROR, "The process that makes previews ended unexpectedly"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _async_forget(self, _now: datetime) -> None:
        self._forget = None
        await self._async_end()

    async def _async_end(self) -> None:
        self._keep()
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.async_kill()

    @callback
    def _keep(self) -> None:
        if self._forget is not None:
            self._forget()
            self._forget = None


def _in_thread(instance: Recorder, job: Job, limit: int) -> Preview:
    from ..engine.run import preview  # noqa: PLC0415  # the engine is not needed at start-up

    return preview(job, connect_by(instance), limit)
