"""Excel: a summary, charts where asked for, and a sheet of typed cells for each table.

openpyxl makes the workbook with all that is small, in memory; the rows of the tables are then put
into their sheets while the file is written. So nothing lies beside the file on the disk, and
memory stays flat.
"""

from __future__ import annotations

import io
import re
import zipfile
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from ...readings.fields import Kind
from ..archive import open_archive
from ..display import Display
from ..spreadsheet import UTC_OFFSET
from .overview import write_charts, write_summary
from .rows import RowWriter, plain
from .styles import as_heading, column_style, fit_to_width, heading_height, widths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from openpyxl.worksheet.worksheet import Worksheet

    from ...job import Job
    from ...rows.content import Content
    from ...rows.tables import Chunk, Table
    from ..format import Stream

MOST_ROWS = 1_048_575
"""Rows of a sheet below its header."""

_PIECE = 1000
"""Rows that are turned into XML at a time."""
_MOST_NAME = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_DIMENSION = re.compile(rb'<dimension ref="[^"]*"')
_END_OF_ROWS = b"</sheetData>"
_PROGRAM = "MED Exporter"


def write(content: Content, stream: Stream, job: Job, metadata: Mapping[str, Any]) -> None:
    """Write the tables as a workbook.

    Args:
        content: its tables, read once.
        stream: takes the bytes.
        job: gives time zone, locale and period.
        metadata: gives the warnings, the moment of creation, and whether the zone has a name.

    """
    display = Display(job, metadata)
    workbook = Workbook()
    workbook.properties.title = display.title()
    workbook.properties.creator = _PROGRAM
    names = _Names()
    summary = _first_sheet(workbook)
    summary.title = names.unique(display.words.text("summary"))
    write_summary(summary, content, job, metadata, display)
    if content.charts:
        charts = workbook.create_sheet(names.unique(display.words.text("charts")))
        write_charts(charts, content.charts, job, display)
    filled: dict[str, _Part] = {}
    for table in content.tables:
        rows = _Rows(table, job)
        for first in range(0, max(table.count, 1), MOST_ROWS):
            sheet = workbook.create_sheet(names.unique(display.words.title(table.name)))
            count = min(table.count - first, MOST_ROWS)
            part = _Part(rows, count, rows.prepare(sheet, count, display))
            filled[f"xl/worksheets/sheet{len(workbook.worksheets)}.xml"] = part
    _save(workbook, filled, stream)


def _first_sheet(workbook: Workbook) -> Worksheet:
    sheet: Worksheet = workbook.worksheets[0]
    return sheet


def _save(workbook: Workbook, filled: Mapping[str, _Part], stream: Stream) -> None:
    """Write the workbook, with the rows in their sheets."""
    frame = io.BytesIO()
    _FrameWriter(workbook, zipfile.ZipFile(frame, "w")).save()
    with zipfile.ZipFile(frame) as source, open_archive(stream) as archive:
        for name in source.namelist():
            xml = source.read(name)
            with archive.entry(name) as entry:
                part = filled.get(name)
                if part is None:
                    entry.write(xml)
                    continue
                head, _, tail = xml.partition(_END_OF_ROWS)
                dimension = f'<dimension ref="{part.area}"'.encode()
                entry.write(_DIMENSION.sub(dimension, head, count=1))
                for rows in part.rows.take(part.count):
                    entry.write(rows)
                entry.write(_END_OF_ROWS + tail)


class _FrameWriter(ExcelWriter):
    """Writes a small workbook without the temporary files of the original."""

    def write_worksheet(self, ws: Worksheet) -> None:
        """Write a sheet, and remember what belongs to it."""
        sheet: Any = ws
        sheet._drawing = SpreadsheetDrawing()  # noqa: SLF001  # as the original does
        sheet._drawing.charts = sheet._charts  # noqa: SLF001
        xml = io.BytesIO()
        writer: Any = WorksheetWriter(sheet, xml)
        writer.write()
        sheet._rels = writer._rels  # noqa: SLF001
        archive: Any = self._archive  # type: ignore[attr-defined]  # missing in its stubs
        archive.writestr(sheet.path[1:], xml.getvalue())
        self.manifest.append(sheet)


class _Part:
    """The rows of one sheet."""

    def __init__(self, rows: _Rows, count: int, area: str) -> None:
        self.rows = rows
        self.count = count
        self.area = area


class _Rows:
    """The rows of a table on their way into its sheets."""

    def __init__(self, table: Table, job: Job) -> None:
        self._table = table
        self._job = job
        # Widths are chosen by the first rows.
        self._sample = next(table.chunks, None)
        # An iterator lets go of what it has given: no row stays in memory behind its chunk.
        first = iter([] if self._sample is None else [self._sample])
        self._pieces = _cut(chain(first, table.chunks))
        self._left: Chunk | None = None
        self._writer: RowWriter | None = None
        self._bold: list[int] = []
        self._label = ""

    def prepare(self, sheet: Worksheet, count: int, display: Display) -> str:
        """Give a sheet everything but its rows and return the area that they will fill.

        All sheets are prepared before the rows of the first are taken.
        """
        columns = self._table.columns
        headers: list[str] = []
        kinds: list[Kind] = []
        for column in columns:
            headers.append(display.header(column))
            kinds.append(column.kind)
            if column.kind is Kind.TIME and not column.span:
                headers.append(display.words.column(UTC_OFFSET))
                kinds.append(Kind.TEXT)
        sheet.append([plain(header) for header in headers])
        for cell, kind in zip(sheet[1], kinds, strict=True):
            as_heading(cell, kind)
        found = widths(columns, headers, self._sample)
        for place, width in enumerate(found, 1):
            sheet.column_dimensions[get_column_letter(place)].width = width
        sheet.row_dimensions[1].height = heading_height(headers, found)
        last, rows = get_column_letter(len(headers)), max(count, 0) + 1
        area = f"A1:{last}{rows}"
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = area
        sheet.print_title_rows = "1:1"
        fit_to_width(sheet, landscape=True)
        if self._writer is None:
            styles = [column_style(sheet, column, self._job) for column in columns]
            self._bold = [column_style(sheet, column, self._job, bold=True) for column in columns]
            self._writer = RowWriter(columns, styles, self._job.zone(), self._job.start)
            self._label = display.words.column("total")
        return f"A1:{last}{rows + bool(self._summed())}"

    def take(self, count: int) -> Iterator[bytes]:
        """Yield the XML of the next rows, and of one that adds them up where there is a sum."""
        number = 2
        totals = self._summed()
        self._sample = None
        while count > 0:
            piece = self._left or next(self._pieces, None)
            self._left = None
            if piece is None or self._writer is None:
                return
            if len(piece[0]) > count:
                self._left = [values[count:] for values in piece]
                piece = [values[:count] for values in piece]
            yield self._writer.rows(number, piece)
            for index in totals:
                totals[index] += sum(value for value in piece[index] if value is not None)
            number += len(piece[0])
            count -= len(piece[0])
        if totals and self._writer is not None:
            yield self._writer.sums(number, self._bold, totals, self._label)

    def _summed(self) -> dict[int, float]:
        """Return the places of the columns that add up, with sums of nothing yet."""
        table = self._table
        if not table.adds_up or table.totals or not 1 < table.count < MOST_ROWS:
            return {}
        return {
            place: 0.0 for place, column in enumerate(table.columns) if column.kind is Kind.AMOUNT
        }


def _cut(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Cut chunks into pieces that are not large as XML either."""
    for chunk in chunks:
        for start in range(0, len(chunk[0]), _PIECE):
            yield [values[start : start + _PIECE] for values in chunk]


class _Names:
    """Makes names that sheets may have."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def unique(self, wanted: str) -> str:
        """Return a name that no sheet has yet."""
        base = _NOT_IN_NAMES.sub(" ", wanted).strip("' ") or "-"
        for name in chain([base[:_MOST_NAME]], self._numbered(base)):
            if name.casefold() not in self._taken:
                self._taken.add(name.casefold())
                return name
        raise AssertionError

    @staticmethod
    def _numbered(base: str) -> Iterator[str]:
        for number in islice(range(2, 2**31), None):
            ending = f" ({number})"
            yield base[: _MOST_NAME - len(ending)] + ending
