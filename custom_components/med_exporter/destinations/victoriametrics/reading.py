"""What a run has for VictoriaMetrics, read as rows, a batch while another one is sent."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from ...database.outcome import ignorable
from ...web.answers import in_turn
from .rows import Rows, rows_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from ..measurements import Measurement


class Reader[T]:
    """Reads the rows of one series; closed once.

    Args:
        rest: the measurements of the series, in pages.
        most: how many rows are read at a time; fewer are the last ones.
        prepare: makes something of rows that are read ahead.

    Attributes:
        reserved: how many rows have room in memory that are not on their way yet.

    """

    def __init__(
        self,
        rest: AsyncIterator[Sequence[Measurement]],
        most: int,
        prepare: Callable[[Rows], Awaitable[T | None]],
    ) -> None:
        self._rest = rest
        self._prepare = prepare
        self._most = most
        # What the last page had beyond the rows that were read.
        self._left: list[Measurement] = []
        self.reserved = 0
        self._reading: asyncio.Task[tuple[Rows, T | None]] | None = None

    @property
    def is_reading(self) -> bool:
        """Return whether rows are being read, or have been, that nobody has taken yet."""
        return self._reading is not None

    def begin(self) -> None:
        """Begin to read the next rows, and to prepare them."""
        self._reading = asyncio.get_running_loop().create_task(self._read_ahead())

    async def next(self) -> tuple[Rows, T | None]:
        """Return the next rows, none at the end, and what was made of them, where it was.

        Raises what the pages raise, and the function.
        """
        if (reading := self._reading) is None:
            return await self._read(), None
        self._reading = None
        return await reading

    async def close(self) -> None:
        """Read no further; what nobody has taken is dropped."""
        reading, self._reading = self._reading, None
        await give_up(reading)

    async def _read_ahead(self) -> tuple[Rows, T | None]:
        rows = await self._read()
        return rows, await self._prepare(rows) if rows else None

    async def _read(self) -> Rows:
        some, self._left = self._left, []
        while len(some) < self._most and (page := await anext(self._rest, None)):
            some += page
        some, self._left = some[: self._most], some[self._most :]
        return await in_turn(partial(rows_of, some)) if some else Rows((), [], [])


async def give_up(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task, if there is one, and wait until it has ended, however it ends."""
    if task is None:
        return
    task.cancel()
    # Whoever gave up on it need not hear how it ended.
    await asyncio.wait([ignorable(task)])
