"""Where rows are on their way: a temporary SQLite file, or a shelf.

The rows of periods and formulas are SQL over a file: fast, and flat in memory. What runs of
readings come to is in it (`aggregation.py`), then the finished rows of all devices. Readings of
which nothing is computed come in their order, and only wait on a shelf until it is known how many
they are.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from itertools import islice, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self

from ..readings.custom_fields import CONSTANTS
from ..readings.fields import FIELDS, Kind
from ..readings.filters import fences, within_fences
from ..readings.reading import CARRIED, FROM_STATISTICS, READING_COLUMNS
from ..times import boundaries
from .aggregation import Aggregation
from .shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from ..formulas import Formula
    from ..job import Job
    from ..readings.reading import Reading
    from .aggregation import Notes
    from .shelf import Columns

# Nothing in the file outlives the job, so nothing needs to be safe in it.
_PRAGMAS = (
    "journal_mode=OFF",
    "synchronous=OFF",
    "locking_mode=EXCLUSIVE",
    "temp_store=FILE",
    "cache_size=-4096",
)
_QUARTILES = (0.25, 0.75)
_HOW = itemgetter(READING_COLUMNS.index("measured"))
_SOURCES = {"filled": "filled_from", "from_statistics": "measured"}
"""Fields that are made of another column of a reading."""
_MADE: dict[str, Callable[[Any], bool]] = {
    "filled": lambda filled_from: filled_from is not None,
    "from_statistics": lambda measured: bool(measured == FROM_STATISTICS),
}
_COLUMNS = (*READING_COLUMNS, *_MADE)
_VALUES = tuple(name for name in FIELDS if name in _COLUMNS and name != "timestamp")
_READINGS_AT_ONCE = 8192
"""That are in memory before they are rows or noted, of all devices."""
_LEAST_AT_ONCE = 16
"""Of one device."""


def readings_at_once(devices: int) -> int:
    """Return how many readings of each of some devices, side by side, are taken at a time."""
    return max(_READINGS_AT_ONCE // max(devices, 1), _LEAST_AT_ONCE)


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
        self._filtered = 0
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
        self._places = {
            name: READING_COLUMNS.index(_SOURCES.get(name, name)) for name in self.stored
        }
        self._amounts = [
            place for place, name in enumerate(self.stored) if FIELDS[name].kind is Kind.AMOUNT
        ]
        self._sums: dict[int, dict[str, float | None]] = {}
        self._aggregation = Aggregation(self._edges, self.stored, job.aggregation_functions)
        self._shelf = Shelf(job.options.chunk_size, self.folder)
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

    def add(self, sources: Mapping[int, Iterator[Reading]], period: int | None = None) -> int:
        """Add the rows of the periods of some devices and return how many there are.

        Args:
            sources: by the place in the job's list of devices: what `filling.spread_over_periods`
                gives. All are taken side by side.
            period: add the rows of this one only; all that reaches into it is among the readings.

        """
        execute = self._connection.execute
        size = readings_at_once(len(sources))
        left = dict(sources)
        with self._transaction():
            execute("DELETE FROM note")
            while left:
                for device, readings in tuple(left.items()):
                    if some := list(islice(readings, size)):
                        notes = self._notes(device, some, period)
                        self._connection.executemany(self._aggregation.insert, notes)
                    else:
                        del left[device]
            added = execute(f"INSERT INTO result {self._aggregation.select}").rowcount
        # Without any row SQLite's module counts none as -1.
        return max(added, 0)

    def _notes(
        self, device: int, readings: Sequence[Reading], period: int | None
    ) -> Iterator[Notes]:
        columns = list(zip(*readings, strict=True))
        moments, untils, measured, *_ = columns
        values = self._values_of(columns)
        return self._aggregation.notes(device, moments, untils, measured, values, period)

    def rows_of(
        self, device: int, readings: Iterator[Reading], size: int
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the raw rows of one device, from so many readings at a time, perhaps none."""
        while some := list(islice(readings, size)):
            columns = list(zip(*filter(_HOW, some), strict=True))
            if not columns:
                yield []
                continue
            values = self._values_of(columns)
            self._add_up(device, values)
            yield list(zip(columns[0], repeat(device), *values, strict=False))

    def _add_up(self, device: int, values: Columns) -> None:
        """Add to what the amounts of a device's raw rows come to."""
        sums = self._sums.setdefault(device, {})
        for place in self._amounts:
            name = self.stored[place]
            before = sums.get(name)
            known = [value for value in values[place] if value is not None]
            sums[name] = sum(known, before or 0.0) if known else before

    def _values_of(self, columns: Columns) -> Columns:
        """Return the columns of the `stored` fields of readings."""
        return [
            tuple(map(_MADE[name], columns[place])) if name in _MADE else columns[place]
            for name, place in self._places.items()
        ]

    def put(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put raw rows of all devices behind those before, in the order of the finished rows."""
        if self._formulas:
            marks = ", ".join("?" * (len(self.stored) + 2))
            with self._transaction():
                self._connection.executemany(f"INSERT INTO result VALUES ({marks})", rows)  # noqa: S608
        else:
            self._shelf.put(rows)

    def without_outliers(
        self, readings: Iterable[Reading], size: int, left_out: list[int]
    ) -> Iterator[Reading]:
        """Keep the readings of one device, then yield those whose power is no outlier.

        Args:
            readings: oldest first.
            size: how many are taken from the file at a time.
            left_out: its one item counts those that are, as they are read.

        """
        execute = self._connection.execute
        columns = ", ".join(READING_COLUMNS)
        self._filtered += 1
        kept, powers = f"kept_{self._filtered}", f"power_{self._filtered}"
        execute(f"CREATE TABLE {kept} (id INTEGER PRIMARY KEY, {columns})")
        with self._transaction():
            marks = ", ".join("?" * len(READING_COLUMNS))
            self._connection.executemany(
                f"INSERT INTO {kept} ({columns}) VALUES ({marks})",  # noqa: S608
                readings,
            )
            execute(
                f"CREATE TABLE {powers} AS SELECT power_w FROM {kept}"  # noqa: S608
                f" WHERE measured <> {CARRIED} AND power_w IS NOT NULL ORDER BY power_w"
            )
        bounds = None
        if count := execute(f"SELECT count(*) FROM {powers}").fetchone()[0]:  # noqa: S608
            bounds = fences(*(self._quantile(powers, count, share) for share in _QUARTILES))
        everything = self._kept(kept, columns, size)
        yield from everything if bounds is None else within_fences(everything, *bounds, left_out)

    def _quantile(self, powers: str, count: int, share: float) -> float:
        """Return a quantile of the table of powers, which is in order."""
        whole, part = divmod((count - 1) * share, 1)
        values = self._connection.execute(
            f"SELECT power_w FROM {powers} WHERE rowid > ? ORDER BY rowid LIMIT 2",  # noqa: S608
            (int(whole),),
        ).fetchall()
        low, high = values[0][0], values[-1][0]
        return float(low + (high - low) * part)

    def _kept(self, kept: str, columns: str, size: int) -> Iterator[Reading]:
        cursor = self._connection.execute(f"SELECT {columns} FROM {kept} ORDER BY id")  # noqa: S608
        while chunk := cursor.fetchmany(size):
            yield from chunk

    def values(self, names: Sequence[str]) -> Iterator[Columns]:
        """Yield timestamps, devices and some of the `stored` fields of all rows, in any order."""
        places = [0, 1, *(self.stored.index(name) + 2 for name in names)]
        if self._is_shelved:
            pieces: Iterator[Any] = self._shelf.take()
        else:
            cursor = self._connection.execute("SELECT * FROM result")
            size = self._job.options.chunk_size
            pieces = (
                list(zip(*rows, strict=True)) for rows in iter(lambda: cursor.fetchmany(size), [])
            )
        for columns in pieces:
            yield [columns[place] for place in places]

    def sums(self, names: Sequence[str]) -> dict[int, list[float | None]]:
        """Return the sums of some of the `stored` amounts by device; None where none is known."""
        if not self._edges:
            return {device: [sums[one] for one in names] for device, sums in self._sums.items()}
        columns = ", ".join(f"sum({one})" for one in names)
        rows = self._connection.execute(f"SELECT device, {columns} FROM result GROUP BY device")  # noqa: S608
        return {device: sums for device, *sums in rows}

    @property
    def _is_shelved(self) -> bool:
        """Whether finished rows only wait, and are in no database."""
        return not (self._edges or self._formulas)

    def columns(self, limit: int = -1) -> Iterator[Columns]:
        """Yield the finished rows in chunks: timestamps, devices, then `value_fields`.

        They are ordered by timestamp, then by device.

        Args:
            limit: at most so many rows in all, of periods or with formulas; -1: all.

        """
        if self._is_shelved:
            return self._shelf.take()
        return (list(zip(*rows, strict=True)) for rows in self._rows(limit))

    def _rows(self, limit: int) -> Iterator[list[tuple[Any, ...]]]:
        size = self._job.options.chunk_size
        if not self._formulas:
            cursor = self._connection.execute(
                "SELECT * FROM result ORDER BY timestamp, device LIMIT ?", (limit,)
            )
            while chunk := cursor.fetchmany(size):
                yield chunk
            return
        # Loads a library that is not needed without formulas.
        from ..formulas import CustomColumns  # noqa: PLC0415
        from ..formulas.guard import DEFAULT_SECONDS  # noqa: PLC0415

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
        execute(f"CREATE TABLE result ({', '.join(('timestamp', 'device', *self.stored))})")
        execute(self._aggregation.table)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Begin a transaction, unless there is one, and end it."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        yield
        self._connection.execute("COMMIT")

    def _remove(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
