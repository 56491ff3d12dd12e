"""Rows of a table that wait, on disk, until they are written: how many there are is known first."""

from __future__ import annotations

import struct
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, cast

from .packing import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    type Columns = list[tuple[Any, ...]]
    """Some rows, column by column."""

_IN_MEMORY = 2**22
"""Bytes from which on they go to the disk."""
_LENGTH = struct.Struct("<Q")


class Shelf:
    """Rows in the order in which they were put, in a file that has no name and goes by itself.

    Args:
        size: rows that are taken at a time.
        folder: where the file lies; None for the system's own.

    """

    def __init__(self, size: int, folder: Path | None = None) -> None:
        self._size = size
        place = None if folder is None else str(folder)
        self._file = SpooledTemporaryFile(_IN_MEMORY, dir=place)  # noqa: SIM115  # goes with it
        self._waiting: list[tuple[Any, ...]] = []
        self.count = 0
        """Rows that were put."""

    def put(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Put rows behind those before; their values are numbers, texts or None.

        Raises:
            OSError: the disk refuses.

        """
        waiting, size = self._waiting, self._size
        before = len(waiting)
        waiting += rows
        self.count += len(waiting) - before
        while len(waiting) >= size:
            data = packed(list(zip(*waiting[:size], strict=True)))
            del waiting[:size]
            self._file.write(_LENGTH.pack(len(data)))
            self._file.write(data)

    def take(self) -> Iterator[Columns]:
        """Yield all rows, some at a time; once all are put, as often as they are asked for."""
        self._file.seek(0)
        for _ in range(self.count // self._size):
            (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
            yield cast("Columns", unpacked(self._file.read(length)))
        if self._waiting:
            yield list(zip(*self._waiting, strict=True))
