"""Rows of a table that wait, on disk, until they are written: how many there are is known first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CACHE = "PRAGMA cache_size=-4096"


class Shelf:
    """Rows in the order in which they were put, in a file that has no name and goes by itself.

    Args:
        width: values of a row; each a number, a text or None.

    """

    def __init__(self, width: int) -> None:
        # An empty name is a database of SQLite's own, which goes to the disk when it grows.
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute(_CACHE)
        names = ", ".join(f"c{number}" for number in range(width))
        self._connection.execute(f"CREATE TABLE shelf (id INTEGER PRIMARY KEY, {names})")
        marks = ", ".join("?" * width)
        self._insert = f"INSERT INTO shelf ({names}) VALUES ({marks})"  # noqa: S608  # our names
        self._select = f"SELECT {names} FROM shelf ORDER BY id"  # noqa: S608
        self.count = 0
        """Rows that were put."""

    def put(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Put rows behind those before.

        Raises:
            sqlite3.Error: the disk refuses.

        """
        self._connection.execute("BEGIN")
        self.count += self._connection.executemany(self._insert, rows).rowcount
        self._connection.execute("COMMIT")

    def take(self, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield all rows, once, so many at a time."""
        with closing(self._connection):
            cursor = self._connection.execute(self._select)
            while rows := cursor.fetchmany(size):
                yield rows
