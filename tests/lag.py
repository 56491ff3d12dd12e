"""How long something was held up, for benches."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Lag:
    """How long something was held up at most, in seconds.

    `held` is how long the loop's own thread computed at most between two looks.
    """

    def __init__(self) -> None:
        self.worst = 0.0
        self.held = 0.0

    def note(self, seconds: float) -> None:
        self.worst = max(self.worst, seconds)

    async def watch_loop(self, step: float) -> None:
        """Look every so many seconds how late the event loop is."""
        while True:
            before, computed = time.perf_counter(), time.thread_time()
            await asyncio.sleep(step)
            self.note(time.perf_counter() - before - step)
            self.held = max(self.held, time.thread_time() - computed)


@asynccontextmanager
async def loop_lag() -> AsyncGenerator[Lag]:
    """Give how late the event loop is within the context, looked at every ms."""
    lag = Lag()
    watching = asyncio.create_task(lag.watch_loop(0.001))
    try:
        yield lag
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
