"""CSV: UTF-8, CRLF, a header row with the names of the fields, or what people call them.

Locale `fr`: semicolon, decimal comma, dd/mm/yyyy HH:MM:SS with the offset in a column of its own,
and a byte-order mark, by which Excel knows UTF-8.

Several tables are several such files in a zip, named after the tables.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...readings.fields import Kind
from ...rows.repeated import Made
from ...rows.time_text import TimeText
from ...words.phrases import Words
from ..archive import open_archive
from ..spreadsheet import UTC_OFFSET, neutral, offset_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ...job import Job
    from ...rows.content import Content
    from ...rows.tables import Chunk, Column, Table
    from ..format import Stream

# Below this a float's own text has an exponent, which few spreadsheets read with a comma.
_SMALLEST_PLAIN = 1e-4
_DIGITS_WITHOUT_EXPONENT = 4
_CENTS = 2


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
    delimiter = job.options.delimiter or (";" if french else ",")
    cells = (_FrenchCells if french else _Cells)(table.columns, job, _Quotes(delimiter))
    if french:
        stream.write(b"\xef\xbb\xbf")
    if job.options.include_headers:
        stream.write(_lines(delimiter, [[name] for name in cells.header()]))
    for chunk in table.chunks:
        stream.write(_lines(delimiter, cells.columns(chunk)))


def _lines(delimiter: str, columns: Sequence[Sequence[str]]) -> bytes:
    """Return the lines of some rows, column by column."""
    if len(columns) == 1:
        # A line with nothing in it would be no row.
        columns = [[text or '""' for text in columns[0]]]
    return "\r\n".join([*map(delimiter.join, zip(*columns, strict=True)), ""]).encode()


class _Quotes:
    """Makes cells of texts; None is an empty one."""

    def __init__(self, delimiter: str) -> None:
        self._special = re.compile(f'[{re.escape(delimiter)}"\r\n]').search

    def cell(self, text: str | None) -> str:
        if text is None:
            return ""
        return '"' + text.replace('"', '""') + '"' if self._special(text) else text


class _Cells:
    """Turns values into cells."""

    mark = "."

    def __init__(self, columns: Sequence[Column], job: Job, quotes: _Quotes) -> None:
        self._columns = columns
        self._currency = job.currency
        self._cell = quotes.cell
        self._times = self.times(job)
        self._words = None if job.options.machine_names else Words(job.options.locale)
        self._flags = ("false", "true")
        if self._words is not None:
            self._flags = (self._words.text("no"), self._words.text("yes"))
        self._made = [
            Made(self._maker(column), by_kind=column.kind is not Kind.TIME) for column in columns
        ]
        self._offsets = Made(lambda offset: self._cell(offset_text(offset)))

    def times(self, job: Job) -> TimeText:
        """Return what writes times."""
        return TimeText(job.zone())

    def header(self) -> list[str]:
        """Return the names of the file's columns."""
        return [self._cell(self.heading(column)) for column in self._columns]

    def heading(self, column: Column) -> str | None:
        """Return the name of a column, with its unit where people read it."""
        return neutral(column.name if self._words is None else self._words.header(column))

    def columns(self, chunk: Chunk) -> list[Sequence[str]]:
        """Return the file's columns, of which a time may have several."""
        return [
            cells
            for column, made, values in zip(self._columns, self._made, chunk, strict=True)
            for cells in (
                self.time(made, values) if column.kind is Kind.TIME else (made.of(values),)
            )
        ]

    def time(self, made: Made[str], values: list[float | None]) -> Iterable[Sequence[str]]:
        """Return times as ISO 8601."""
        return (made.of(self._times.iso(values)),)

    def _maker(self, column: Column) -> Callable[[Any], str]:
        """Return what makes the cell of a value, or of the text of a time."""
        cell = self._cell
        if column.kind is Kind.TIME:
            return cell
        if column.kind is Kind.TEXT:
            return lambda text: cell(neutral(text))
        if column.kind is Kind.FLAG:
            return lambda value: cell(None if value is None else self._flags[bool(value)])
        digits = column.decimals
        if self._words is not None and digits >= _CENTS and column.unit == self._currency:
            return lambda value: cell(self.money(digits, value))
        return lambda value: cell(self.number(digits, value))

    def money(self, digits: int, value: float | None) -> str | None:
        """Return an amount as people write one: with its cents."""
        text = self.number(digits, value)
        if text is None:
            return None
        whole, mark, cents = text.partition(self.mark)
        return f"{whole}{mark or self.mark}{cents.ljust(_CENTS, '0')}"

    def number(self, digits: int, value: float | None) -> str | None:
        """Return a number with a point and without exponent."""
        if value is None:
            return None
        if digits > _DIGITS_WITHOUT_EXPONENT and value and abs(value) < _SMALLEST_PLAIN:
            return f"{value:.{digits}f}"
        return str(value)


class _FrenchCells(_Cells):
    """The same for a French spreadsheet."""

    mark = ","

    def times(self, job: Job) -> TimeText:
        """Return what writes local times."""
        return TimeText(job.zone(), "%d/%m/%Y %H")

    def header(self) -> list[str]:
        """Return the names of the file's columns."""
        names: list[str | None] = []
        for column in self._columns:
            names.append(self.heading(column))
            if column.kind is Kind.TIME:
                names.append(self._offset(column, names))
        return [self._cell(name) for name in names]

    def _offset(self, column: Column, taken: Sequence[str | None]) -> str:
        """Return the name of the column of a time's offsets, the first one's without its own."""
        if self._words is None:
            return f"{column.name}_{UTC_OFFSET}" if UTC_OFFSET in taken else UTC_OFFSET
        name = self._words.column(UTC_OFFSET)
        return f"{name} ({self._words.column(column.name)})" if name in taken else name

    def time(self, made: Made[str], values: list[float | None]) -> Iterable[Sequence[str]]:
        """Return local times and, apart, their offsets."""
        local, offsets = zip(*self._times.parts(values), strict=True)
        return made.of(local), self._offsets.of(offsets)

    def number(self, digits: int, value: float | None) -> str | None:
        """Return a number with a comma."""
        text = super().number(digits, value)
        return None if text is None else text.replace(".", ",")
