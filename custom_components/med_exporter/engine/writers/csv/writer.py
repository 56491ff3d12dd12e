"""CSV: UTF-8, CRLF, a header row with the names of the fields, or what people call them.

Locale `fr`: semicolon, decimal comma, dd/mm/yyyy HH:MM:SS with the offset in a column of its own,
and a byte-order mark, by which Excel knows UTF-8.

Several tables are several such files in a zip, named after the tables.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from ...fields import Kind
from ...time_text import TimeText
from ...words import Words
from ..archive import open_archive
from ..spreadsheet import UTC_OFFSET, neutral, offset_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...content import Content
    from ...job import Job
    from ...tables import Chunk, Column, Table
    from ..format import Stream

# Below this a float's own text has an exponent, which few spreadsheets read with a comma.
_SMALLEST_PLAIN = 1e-4
_DIGITS_WITHOUT_EXPONENT = 4


def write(content: Content, stream: Stream, job: Job, metadata: Mapping[str, Any]) -> None:
    """Write the tables as CSV: one as it is, several in a zip.

    Args:
        content: its tables, read once.
        stream: takes the bytes.
        job: gives time zone, locale, delimiter and headers.
        metadata: has no place in a CSV.

    """
    del metadata
    if len(content.tables) == 1:
        _write_table(content.tables[0], stream, job)
        return
    with open_archive(stream) as archive:
        for table in content.tables:
            with archive.entry(f"{table.name}.csv") as entry:
                _write_table(table, entry, job)


def _write_table(table: Table, stream: Stream, job: Job) -> None:
    french = job.options.locale == "fr"
    text = io.StringIO(newline="")
    rows = csv.writer(
        text, delimiter=job.options.delimiter or (";" if french else ","), lineterminator="\r\n"
    )
    cells = _FrenchCells(job) if french else _Cells(job)
    if french:
        stream.write(b"\xef\xbb\xbf")
    if job.options.include_headers:
        rows.writerow(cells.header(table.columns))
        stream.write(_taken(text))
    for chunk in table.chunks:
        rows.writerows(zip(*cells.columns(table.columns, chunk), strict=True))
        stream.write(_taken(text))


def _taken(text: io.StringIO) -> bytes:
    """Return what has been written since the last time."""
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data


class _Cells:
    """Turns values into what the csv module writes as wanted."""

    def __init__(self, job: Job) -> None:
        self._times = TimeText(job.zone())
        self._words = None if job.options.machine_names else Words(job.options.locale)
        self._flags = ("false", "true")
        if self._words is not None:
            self._flags = (self._words.text("no"), self._words.text("yes"))

    def header(self, columns: Sequence[Column]) -> list[str | None]:
        """Return the names of the file's columns."""
        return [self.heading(column) for column in columns]

    def heading(self, column: Column) -> str | None:
        """Return the name of a column, with its unit where people read it."""
        return neutral(column.name if self._words is None else self._words.header(column))

    def columns(self, columns: Sequence[Column], chunk: Chunk) -> list[Sequence[Any]]:
        """Return the file's columns."""
        return [
            cells
            for column, values in zip(columns, chunk, strict=True)
            for cells in self.column(column, values)
        ]

    def column(self, column: Column, values: list[Any]) -> list[Sequence[Any]]:
        """Return the column or columns that show these values."""
        if column.kind is Kind.TIME:
            return self.time(values)
        if column.kind is Kind.TEXT:
            return [[neutral(value) for value in values]]
        if column.kind is Kind.FLAG:
            return [[None if value is None else self._flags[bool(value)] for value in values]]
        return [self.number(column, values)]

    def time(self, values: list[float | None]) -> list[Sequence[Any]]:
        """Return times as ISO 8601."""
        return [self._times.iso(values)]

    def number(self, column: Column, values: list[float | None]) -> Sequence[Any]:
        """Return numbers with a point and without exponent."""
        digits = column.decimals
        if digits <= _DIGITS_WITHOUT_EXPONENT:
            return values
        return [
            value
            if value is None or not value or abs(value) >= _SMALLEST_PLAIN
            else f"{value:.{digits}f}"
            for value in values
        ]


class _FrenchCells(_Cells):
    """The same for a French spreadsheet."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self._times = TimeText(job.zone(), "%d/%m/%Y %H")

    def header(self, columns: Sequence[Column]) -> list[str | None]:
        """Return the names of the file's columns."""
        names: list[str | None] = []
        for column in columns:
            names.append(self.heading(column))
            if column.kind is Kind.TIME:
                names.append(self._offset(column, names))
        return names

    def _offset(self, column: Column, taken: Sequence[str | None]) -> str:
        """Return the name of the column of a time's offsets, the first one's without its own."""
        if self._words is None:
            return f"{column.name}_{UTC_OFFSET}" if UTC_OFFSET in taken else UTC_OFFSET
        name = self._words.column(UTC_OFFSET)
        return f"{name} ({self._words.column(column.name)})" if name in taken else name

    def time(self, values: list[float | None]) -> list[Sequence[Any]]:
        """Return local times and, apart, their offsets."""
        local, offsets = zip(*self._times.parts(values), strict=True)
        return [local, [offset_text(offset) for offset in offsets]]

    def number(self, column: Column, values: list[float | None]) -> Sequence[Any]:
        """Return numbers with a comma."""
        return [
            value if value is None else str(value).replace(".", ",")
            for value in super().number(column, values)
        ]
