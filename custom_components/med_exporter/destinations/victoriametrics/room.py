"""How much is held in memory of what goes to a VictoriaMetrics server."""

from __future__ import annotations

import asyncio


class Room:
    """The rows of all series that are pushed, and the notes that are left of some.

    Args:
        most: how many fit.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows = 0
        self._notes = 0
        self._is_freed = asyncio.Event()

    def has(self, count: int) -> bool:
        """Return whether there is room for so many rows more."""
        return self._rows + self._notes + count <= self._most

    def is_noted(self, count: int) -> bool:
        """Return whether notes alone leave too little room for so many rows."""
        return self._notes + count > self._most

    def take(self, rows: int = 0, *, notes: int = 0) -> None:
        """Take room; what is negative is given back."""
        self._rows += rows
        self._notes += notes
        self._is_freed.set()

    async def freed(self) -> None:
        """Wait until somebody else has given something back."""
        self._is_freed.clear()
        await self._is_freed.wait()
