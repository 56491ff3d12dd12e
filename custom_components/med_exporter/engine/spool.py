"""The temporary SQLite file that rows go through.

Filtering, aggregation and ordering are SQL over a file: fast, and flat in memory. One device's
readings are in it at a time; the finished rows of all devices stay.
"""

from __future__ import annotations

import sqlite3
import time
from bisect import bisect_right
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self

from .aggregation import expressions
from .custom_fields import CONSTANTS
from .fields import FIELDS
from .filters import fences, within_fences
from .reading import CARRIED, FROM_STATISTICS, READING_COLUMNS
from .times import boundaries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from .formulas import Formula
    from .job import Job
    from .reading import Reading

# Nothing in the file outlives the job, so nothing needs to be safe in it.
_PRAGMAS = (
    "journal_mode=OFF",
    "synchronous=OFF",
    "locking_mode=EXCLUSIVE",
    "temp_store=FILE",
    "cache_size=-16384",
)
_MEASURED = READING_COLUMNS.index("measured")
# Which column of a reading it is made of, and what of that.
_SOURCES = {"filled": "filled_from", "from_statistics": "measured"}
_OF_VALUE = {"filled": "? IS NOT NULL", "from_statistics": f"? = {FROM_STATISTICS}"}
_COMPUTED = {name: _OF_VALUE[name].replace("?", column) for name, column in _SOURCES.items()}
_COLUMNS = (*READING_COLUMNS, *_COMPUTED)
_VALUES = tuple(name for name in FIELDS if name in _COLUMNS and name != "timestamp")


class Spool:
    """A context that holds the rows of one job; its file is gone when it is left.

    Args:
        job: says which fields, and which periods.
        end: UTC seconds up to which values are known; the job's end or earlier.
        path: of the temporary file; None: one without a name, which SQLite makes when memory does
            not suffice.
        formulas: of the job's custom fields, in their order.

    """

    def __init__(
        self, job: Job, end: float, path: Path | None, formulas: Sequence[Formula] = ()
    ) -> None:
        self._job = job
        self._path = path
        self._edges: Sequence[float] = []
        if job.aggregation != "raw":
            self._edges = boundaries(job.aggregation, job.start, end, job.zone())
        self._formulas = formulas
        used = {*job.fields, *(name for formula in formulas for name in formula.fields)}
        if job.include_charts and "energy_kwh" in used:
            # Patterns leave out what is an estimate.
            used.add("filled")
        self.stored = tuple(name for name in _VALUES if name in used)
        """The value fields that the rows, their custom fields or charts need."""
        columns = ("timestamp", *(_SOURCES.get(name, name) for name in self.stored))
        places = [READING_COLUMNS.index(name) for name in columns]
        self._row = itemgetter(*places) if self.stored else lambda reading: reading[:1]
        self.value_fields = (*self.stored, *(custom.name for custom in job.custom_fields))
        """The fields of the finished rows, behind their timestamp and device."""

    def __enter__(self) -> Self:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path.touch(mode=0o600, exist_ok=False)
        self._connection = sqlite3.connect(
            "" if self._path is None else self._path, isolation_level=None
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
    def folder(self) -> Path | None:
        """Where its file is, None for the system's own place."""
        return None if self._path is None else self._path.parent

    @property
    def edges(self) -> Sequence[float]:
        """The boundaries of the periods, empty for raw rows."""
        return self._edges

    def add(self, device: int, readings: Iterable[Reading], period: int | None = None) -> int:
        """Add the rows of one device and return how many came of its readings.

        Args:
            device: place in the job's list.
            readings: oldest first; for periods, what `filling.spread_over_periods` gives.
            period: add the row of this one only; all that reaches into it is among the readings.

        """
        execute = self._connection.execute
        execute("BEGIN")
        if self._edges:
            execute("DELETE FROM reading")
            self._connection.executemany(self._insert, self._with_periods(readings))
            added = execute(self._aggregate, (device, period)).rowcount
        else:
            rows = map(self._row, (one for one in readings if one[_MEASURED]))
            added = self._connection.executemany(self._insert_raw(device), rows).rowcount
        execute("COMMIT")
        # Without any row SQLite's module counts none as -1.
        return max(added, 0)

    def without_outliers(
        self, readings: Iterable[Reading], size: int
    ) -> tuple[Iterator[Reading], list[int]]:
        """Keep the readings of one device, then give back those whose power is no outlier.

        Args:
            readings: oldest first.
            size: how many are taken from the file at a time.

        Returns:
            The readings, and a list whose one item counts what was left out as they are read.

        """
        execute = self._connection.execute
        columns = ", ".join(READING_COLUMNS)
        for table in ("kept", "power"):
            execute(f"DROP TABLE IF EXISTS {table}")
        execute(f"CREATE TABLE kept (id INTEGER PRIMARY KEY, {columns})")
        execute("BEGIN")
        self._connection.executemany(
            f"INSERT INTO kept ({columns}) VALUES ({', '.join('?' * len(READING_COLUMNS))})",  # noqa: S608
            readings,
        )
        execute(
            "CREATE TABLE power AS SELECT power_w FROM kept"  # noqa: S608
            f" WHERE measured <> {CARRIED} AND power_w IS NOT NULL ORDER BY power_w"
        )
        execute("COMMIT")
        bounds = None
        if count := execute("SELECT count(*) FROM power").fetchone()[0]:
            bounds = fences(self._quantile(count, 0.25), self._quantile(count, 0.75))
        left_out = [0]
        everything = self._kept(columns, size)
        if bounds is None:
            return everything, left_out
        return within_fences(everything, *bounds, left_out), left_out

    def _quantile(self, count: int, share: float) -> float:
        """Return a quantile of the table of powers, which is in order."""
        whole, part = divmod((count - 1) * share, 1)
        values = self._connection.execute(
            "SELECT power_w FROM power WHERE rowid > ? ORDER BY rowid LIMIT 2", (int(whole),)
        ).fetchall()
        low, high = values[0][0], values[-1][0]
        return float(low + (high - low) * part)

    def _kept(self, columns: str, size: int) -> Iterator[Reading]:
        cursor = self._connection.execute(f"SELECT {columns} FROM kept ORDER BY id")  # noqa: S608
        while chunk := cursor.fetchmany(size):
            yield from chunk

    def values(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield timestamp, device and some of the `stored` fields of every row, in any order."""
        columns = ", ".join(("timestamp", "device", *names))
        return self._connection.execute(f"SELECT {columns} FROM result")  # noqa: S608  # our names

    def sums(self, names: Sequence[str]) -> dict[int, tuple[float | None, ...]]:
        """Return the sums of some of the `stored` fields by device; None where none is known."""
        columns = ", ".join(("device", *(f"sum({name})" for name in names)))
        query = f"SELECT {columns} FROM result GROUP BY device"  # noqa: S608  # our names
        return {device: tuple(sums) for device, *sums in self._connection.execute(query)}

    def rows(self, size: int, limit: int = -1) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the finished rows in chunks: timestamp, device, then `value_fields`.

        They are ordered by timestamp, then by device.

        Args:
            size: rows in a chunk.
            limit: at most so many rows in all; -1: all.

        """
        if not self._formulas:
            cursor = self._connection.execute(
                "SELECT * FROM result ORDER BY timestamp, device LIMIT ?", (limit,)
            )
            while chunk := cursor.fetchmany(size):
                yield chunk
            return
        # Loads a library that is not needed without formulas.
        from .formulas import CustomColumns  # noqa: PLC0415
        from .formulas.guard import DEFAULT_SECONDS  # noqa: PLC0415

        custom = CustomColumns(self._connection, "result", self._formulas, self._job.zone())
        custom.prepare(
            [{name: getattr(device, name) for name in CONSTANTS} for device in self._job.devices]
        )
        columns = ", ".join(("result.*", *custom.expressions))
        # Formulas have so many seconds in all, not counting what is done with their values.
        left = DEFAULT_SECONDS
        cursor = self._connection.cursor()
        while True:
            began = time.monotonic()
            with custom.guard(left):
                if cursor.description is None:
                    cursor.execute(
                        f"SELECT {columns} FROM result {custom.join}"  # noqa: S608
                        " ORDER BY timestamp, result.device LIMIT ?",
                        (limit,),
                    )
                chunk = cursor.fetchmany(size)
            if not chunk:
                return
            left -= time.monotonic() - began
            yield chunk

    def _create_tables(self) -> None:
        execute = self._connection.execute
        for pragma in _PRAGMAS:
            execute(f"PRAGMA {pragma}")
        spans = ["first_period", "last_period"] if self._edges else []
        columns = [*READING_COLUMNS, *spans]
        execute(
            f"CREATE TABLE reading (id INTEGER PRIMARY KEY, {', '.join(columns)}, "
            f"{', '.join(f'{name} AS ({sql})' for name, sql in _COMPUTED.items())})"
        )
        execute("CREATE TABLE period (id INTEGER PRIMARY KEY, start, end)")
        execute(f"CREATE TABLE result ({', '.join(('timestamp', 'device', *self.stored))})")
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
        inner, outer = expressions(self.stored, self._job.aggregation_functions)
        self._aggregate = (
            f"INSERT INTO result SELECT {', '.join(('start', '?1', *outer))} FROM ("  # noqa: S608
            f"SELECT {', '.join(('period.start AS start', *inner))} "
            "FROM reading CROSS JOIN period "
            "ON period.id BETWEEN coalesce(?2, reading.first_period)"
            " AND coalesce(?2, reading.last_period) "
            "GROUP BY period.id)"
        )

    def _insert_raw(self, device: int) -> str:
        """Return what makes a row of `_row`'s values."""
        values = ["?" if name in READING_COLUMNS else _OF_VALUE[name] for name in self.stored]
        return f"INSERT INTO result VALUES ({', '.join(('?', str(device), *values))})"  # noqa: S608

    def _with_periods(self, readings: Iterable[Reading]) -> Iterator[tuple[Any, ...]]:
        """Add the first and last period in which each reading's values hold."""
        edges = self._edges
        first = 0
        for reading in readings:
            moment, until = reading[0], reading[1]
            if not edges[first] <= moment < edges[first + 1]:
                first = bisect_right(edges, moment) - 1
            last = first
            while until > edges[last + 1]:
                last += 1
            yield (*reading, first, last)

    def _remove(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
