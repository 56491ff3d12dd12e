"""The rows of a run that come next, read while the server stores those before them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from ...web.answers import in_turn
from .rows import Rows, rows_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from ..measurements import Measurement

# So many are read before others have their turn.
_AT_A_TIME: Final = 500


class Ahead:
    """Reads a run's measurements of one series, so many at a time.

    Attributes:
        has_room: whether there is room kept for those that come next; until they are taken.

    """

    def __init__(self, measurements: AsyncIterable[Measurement], most: int) -> None:
        self.has_room = False
        self._rest = aiter(measurements)
        self._most = most
        self._reading: asyncio.Task[Rows] | None = None

    def begin(self) -> None:
        """Read the next ones in the background."""
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def rows(self) -> Rows:
        """Take the next rows; fewer than were asked for are the last ones."""
        reading, self._reading, self.has_room = self._reading, None, False
        return await (self._read() if reading is None else reading)

    async def close(self) -> None:
        """Read no further."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
            self._reading = None
        self.has_room = False

    async def _read(self) -> Rows:
        some: list[Measurement] = []
        add, count = some.append, 0
        async for measurement in self._rest:
            add(measurement)
            count += 1
            if count == self._most:
                break
            if not count % _AT_A_TIME:
                await asyncio.sleep(0)
        return await in_turn(partial(rows_of, some)) if some else Rows((), [], [])
