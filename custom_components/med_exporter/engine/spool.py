"""The temporary SQLite file that rows go through.

Filtering, aggregation and ordering are SQL over a file: fast, and flat in memory. One device's
readings are in it at a time; the finished rows of all devices stay.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from .aggregation import expressions
from .fields import FIELDS
from .periods import boundaries
from .readings import READING_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from .job import Job
    from .readings import Reading

# Nothing in the file outlives the job, so nothing needs to be safe in it.
_PRAGMAS = (
    "journal_mode=OFF",
    "synchronous=OFF",
    "locking_mode=EXCLUSIVE",
    "temp_store=FILE",
    "cache_size=-16384",
)
_COLUMNS = (*READING_COLUMNS, "filled")
_VALUES = tuple(name for name in FIELDS if name in _COLUMNS and name != "timestamp")


class Spool:
    """A context that holds the rows of one job; its file is gone when it is left.

    Args:
        job: says which fields, and which periods.
        end: UTC seconds up to which values are known; the job's end or earlier.
        path: of the temporary file; None keeps everything in memory.

    """

    def __init__(self, job: Job, end: float, path: Path | None) -> None:
        self._job = job
        self._path = path
        self._edges: list[float] = []
        if job.aggregation != "raw":
            self._edges = boundaries(job.aggregation, job.start, end, job.zone())
        self.value_fields = tuple(name for name in job.fields if name in _VALUES)
        """The fields of the finished rows, behind their timestamp and device."""

    def __enter__(self) -> Self:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path.touch(mode=0o600, exist_ok=False)
        self._connection = sqlite3.connect(
            ":memory:" if self._path is None else self._path, isolation_level=None
        )
        try:
            self._create_tables()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    @property
    def edges(self) -> Sequence[float]:
        """The boundaries of the periods, empty for raw rows."""
        return self._edges

    def add(self, device: int, readings: Iterable[Reading]) -> int:
        """Add the rows of one device and return how many came of its readings.

        Args:
            device: place in the job's list.
            readings: oldest first; for periods, what `filling.spread_over_periods` gives.

        """
        execute = self._connection.execute
        execute("BEGIN")
        execute("DELETE FROM reading")
        rows: Iterable[tuple[Any, ...]] = self._with_periods(readings) if self._edges else readings
        self._connection.executemany(self._insert, rows)
        added = execute(self._select, (device,)).rowcount
        execute("COMMIT")
        return added

    def rows(self, size: int, limit: int = -1) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the finished rows in chunks: timestamp, device, then `value_fields`.

        They are ordered by timestamp, then by device.

        Args:
            size: rows in a chunk.
            limit: at most so many rows in all; -1: all.

        """
        cursor = self._connection.execute(
            "SELECT * FROM result ORDER BY timestamp, device LIMIT ?", (limit,)
        )
        while chunk := cursor.fetchmany(size):
            yield chunk

    def _create_tables(self) -> None:
        execute = self._connection.execute
        for pragma in _PRAGMAS:
            execute(f"PRAGMA {pragma}")
        spans = ["first_period", "last_period"] if self._edges else []
        columns = [*READING_COLUMNS, *spans]
        execute(
            f"CREATE TABLE reading (id INTEGER PRIMARY KEY, {', '.join(columns)},"
            " filled AS (filled_from IS NOT NULL))"
        )
        execute("CREATE TABLE period (id INTEGER PRIMARY KEY, start, end)")
        execute(f"CREATE TABLE result ({', '.join(('timestamp', 'device', *self.value_fields))})")
        self._insert = (
            f"INSERT INTO reading ({', '.join(columns)}) "  # noqa: S608  # names of our own
            f"VALUES ({', '.join('?' * len(columns))})"
        )
        if self._edges:
            execute("BEGIN")
            self._connection.executemany(
                "INSERT INTO period VALUES (?, ?, ?)",
                zip(range(len(self._edges) - 1), self._edges, self._edges[1:], strict=False),
            )
            execute("COMMIT")
        self._select = self._aggregate() if self._edges else self._raw()

    def _raw(self) -> str:
        columns = ", ".join(("timestamp", "?1", *self.value_fields))
        return f"INSERT INTO result SELECT {columns} FROM reading WHERE measured ORDER BY id"  # noqa: S608

    def _aggregate(self) -> str:
        inner, outer = expressions(self.value_fields)
        return (
            f"INSERT INTO result SELECT {', '.join(('start', '?1', *outer))} FROM ("  # noqa: S608
            f"SELECT {', '.join(('period.start AS start', *inner))} "
            "FROM reading CROSS JOIN period "
            "ON period.id BETWEEN reading.first_period AND reading.last_period "
            "GROUP BY period.id)"
        )

    def _with_periods(self, readings: Iterable[Reading]) -> Iterator[tuple[Any, ...]]:
        """Add the first and last period in which each reading's values hold."""
        edges = self._edges
        first = 0
        for reading in readings:
            moment, until = reading[0], reading[1]
            if moment < edges[first]:
                # A part of a gap in which other fields were read.
                place = bisect_right(edges, moment) - 1
                yield (*reading, place, place)
                continue
            while moment >= edges[first + 1]:
                first += 1
            last = first
            while until > edges[last + 1]:
                last += 1
            yield (*reading, first, last)

    def _remove(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
