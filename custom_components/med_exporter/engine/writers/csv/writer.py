"""CSV: UTF-8, CRLF, a header row with the names of the fields, or what people call them.

Locale `fr`: semicolon, decimal comma, dd/mm/yyyy HH:MM:SS with the offset in a column of its own,
and a byte-order mark, by which Excel knows UTF-8.

Several tables are several such files in a zip, named after the tables.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from ...readings.fields import Kind
from ...rows.repeated import each_once
from ...rows.time_text import TimeText
from ...words.phrases import Words
from ..archive import open_archive
from ..spreadsheet import UTC_OFFSET, neutral, offset_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...job import Job
    from ...rows.content import Content
    from ...rows.tables import Chunk, Column, Table
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
    lines = _Lines(job.options.delimiter or (";" if french else ","))
    cells = _FrenchCells(job) if french else _Cells(job)
    if french:
        stream.write(b"\xef\xbb\xbf")
    if job.options.include_headers:
        stream.write(lines.of([[name] for name in cells.header(table.columns)]))
    for chunk in table.chunks:
        stream.write(lines.of(cells.columns(table.columns, chunk)))


class _Lines:
    """Makes lines of columns of texts."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self._special = re.compile(f'[{re.escape(delimiter)}"\r\n]').search

    def of(self, columns: Sequence[Sequence[str | None]]) -> bytes:
        """Return the lines of some rows, column by column; None is an empty cell."""
        # A line with nothing in it would be no row.
        cell = self._cell if len(columns) > 1 else lambda text: self._cell(text) or '""'
        cells = [each_once(cell, texts) for texts in columns]
        lines = [*map(self._delimiter.join, zip(*cells, strict=True)), ""]
        return "\r\n".join(lines).encode()

    def _cell(self, text: str | None) -> str:
        if text is None:
            return ""
        return '"' + text.replace('"', '""') + '"' if self._special(text) else text


class _Cells:
    """Turns values into texts."""

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

    def columns(self, columns: Sequence[Column], chunk: Chunk) -> list[Sequence[str | None]]:
        """Return the file's columns."""
        return [
            cells
            for column, values in zip(columns, chunk, strict=True)
            for cells in self.column(column, values)
        ]

    def column(self, column: Column, values: list[Any]) -> list[Sequence[str | None]]:
        """Return the column or columns that show these values."""
        if column.kind is Kind.TIME:
            return self.time(values)
        if column.kind is Kind.TEXT:
            return [each_once(neutral, values)]
        if column.kind is Kind.FLAG:
            return [[None if value is None else self._flags[bool(value)] for value in values]]
        return [each_once(partial(self.number, column.decimals), values)]

    def time(self, values: list[float | None]) -> list[Sequence[str | None]]:
        """Return times as ISO 8601."""
        return [self._times.iso(values)]

    def number(self, digits: int, value: float | None) -> str | None:
        """Return a number with a point and without exponent."""
        if value is None:
            return None
        if digits > _DIGITS_WITHOUT_EXPONENT and value and abs(value) < _SMALLEST_PLAIN:
            return f"{value:.{digits}f}"
        return str(value)


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

    def time(self, values: list[float | None]) -> list[Sequence[str | None]]:
        """Return local times and, apart, their offsets."""
        local, offsets = zip(*self._times.parts(values), strict=True)
        return [local, each_once(offset_text, offsets)]

    def number(self, digits: int, value: float | None) -> str | None:
        """Return a number with a comma."""
        text = super().number(digits, value)
        return None if text is None else text.replace(".", ",")
