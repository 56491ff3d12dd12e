"""Run one job of the engine in a process of its own, so that Home Assistant stays quick.

For an in-memory database, which no other process can read, the same engine runs in a thread.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from homeassistant.helpers.recorder import get_instance

from ..const import LOGGER
from ..database.commit import async_commit
from ..engine.codec import to_json
from ..engine.errors import ErrorCode, ExportError
from ..engine.process.processors import places
from ..engine.results import Result
from .engine_process import EngineProcess, connect_by, error_of, is_in_memory, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.components.recorder.core import Recorder
    from homeassistant.core import HomeAssistant

    from ..engine.job import Job

    type OnProgress = Callable[[float], None]
    """Takes the share that is done, 0 to 100; called in the event loop."""

_COMMIT_SECONDS: Final = 15


async def async_run_job(hass: HomeAssistant, job: Job, on_progress: OnProgress) -> Result:
    """Make a job's file and return what was made.

    Cancelling the task stops the engine at once; what it has begun to write is the caller's to
    remove.

    Raises ExportError when the file could not be made.
    """
    instance = get_instance(hass)
    try:
        # What the recorder still holds in memory belongs into the file. Its queue does not run
        # before Home Assistant has started, hence the limit.
        async with asyncio.timeout(_COMMIT_SECONDS):
            await async_commit(hass)
    except TimeoutError:
        LOGGER.debug("The recorder did not commit in time; the export may lack the latest states")
    if is_in_memory(instance):
        return await _async_run_in_thread(hass, instance, job, on_progress)
    # The first time, it takes long to find out how a job is written.
    written = await hass.async_add_executor_job(to_json, job)
    at_once = await hass.async_add_executor_job(places)
    return await _async_run_in_process(instance.db_url, written, at_once, on_progress)


async def _async_run_in_process(
    database_url: str, job: dict[str, Any], at_once: int, on_progress: OnProgress
) -> Result:
    file = _file_of_turns()
    turns = None if file is None else {"file": file, "places": at_once}
    engine = await EngineProcess.async_start(files=() if file is None else (file,))
    try:
        # The pipe stays open: its end tells the engine that Home Assistant is gone.
        await engine.async_ask({**surroundings(database_url), "turns": turns, "job": job})
        result = await _async_follow(engine.answers, on_progress)
        status = await engine.async_end()
    finally:
        await engine.async_kill()
    if result is None:
        raise ExportError(
            ErrorCode.INTERNAL_ERROR, f"The export's process ended unexpectedly (status {status})"
        )
    return result


@cache
def _file_of_turns() -> int | None:
    """Return the file by which engines take turns, None on a system that has none in memory."""
    with suppress(AttributeError, OSError):
        return os.memfd_create("turns")
    return None


async def _async_follow(stream: asyncio.StreamReader, on_progress: OnProgress) -> Result | None:
    """Read what the engine says until it ends; None when it never came to a result."""
    result = None
    async for line in stream:
        said: dict[str, Any] = json.loads(line)
        if "progress" in said:
            on_progress(said["progress"])
        elif "error" in said:
            raise error_of(said)
        elif "result" in said:
            result = Result(**said["result"])
    return result


async def _async_run_in_thread(
    hass: HomeAssistant, instance: Recorder, job: Job, on_progress: OnProgress
) -> Result:
    cancelled = threading.Event()

    def progress(share: float, _records: int) -> None:
        hass.loop.call_soon_threadsafe(on_progress, share)

    def run() -> Result:
        from ..engine.run import run_job  # noqa: PLC0415  # not needed at start-up

        return run_job(job, connect_by(instance), progress, cancelled.is_set)

    running = instance.async_add_executor_job(run)
    try:
        await asyncio.wait([running])
    except asyncio.CancelledError:
        cancelled.set()
        # The thread leaves at its next step and may not outlive this: the database is the
        # recorder's own, and closes under it. Being cancelled again does not hasten it.
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([running])
        running.exception()
        raise
    return await running
