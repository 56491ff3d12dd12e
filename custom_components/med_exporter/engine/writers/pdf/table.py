"""Tables of a PDF: page after page, each with the headings, drawn as the rows come.

Fifty thousand rows take a ready-made table flowable minutes and gigabytes; this holds a page.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from ...readings.fields import Kind
from . import fonts
from .pages import ACCENT, INK, MARGIN, RULE, STRIPE, WHITE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportlab.pdfgen.textobject import PDFTextObject

    from ...rows.tables import Chunk, Column, Table
    from ..display import Display
    from .pages import Pages

_LINE = 1.3
"""Height of a line in font sizes."""
_SIDE, _PAD = 4.0, 3.0
"""Points beside a text, and below a row."""
_MOST_LINES = 4
"""Lines of a cell; the rest is cut."""
_HEADER_LINES, _MOST_HEADER_LINES = 4, 16
"""Lines that a heading is to have, and that it may have where there is no room for less."""
_LEAST_TEXT, _WIDEST_TEXT = 6.0, 24.0
"""Widths, in font sizes: what a column of texts keeps, and what one of long texts asks for."""
_PORTRAIT = (8.5, 8.0, 7.5, 7.0)
_LANDSCAPE = (8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0, 4.5, 4.0)
"""Sizes of the font, tried in this order."""
_STRETCH = 3.0
_SAMPLE = 1000
"""Rows that the widths of columns are chosen by, and texts of a column that are measured."""
SHORT_TABLE = 14
"""Rows that leave room for something else on their page."""
_FEW_ROWS = 6
"""Rows that should follow a heading on its page."""


def needs_width(pages: Pages, table: Table, display: Display) -> bool:
    """Tell whether a table is to lie on its side; its first rows are read, and are not lost."""
    shown = _sample(table, display)
    headers = [display.header(column) for column in table.columns]
    layout = _Layout(pages, table.columns, headers, shown)
    layout.fit()
    return shown is not None and layout.wide


def draw_table(pages: Pages, table: Table, display: Display, *, headed: bool = True) -> None:
    """Draw a table under its heading.

    Args:
        pages: where to.
        table: read once.
        display: turns values into texts.
        headed: whether it is not what the title of the document says already.

    """
    sample = _sample(table, display)
    headers = [display.header(column) for column in table.columns]
    layout = _Layout(pages, table.columns, headers, sample)
    # A few rows are not worth a page that is turned back for them.
    layout.fit(wide=pages.width > pages.height and table.count <= SHORT_TABLE)
    if layout.wide != (pages.width > pages.height):
        pages.begin(wide=layout.wide)
    else:
        pages.y -= 12
        rows = min(table.count, _FEW_ROWS)
        pages.needs(30 + layout.header_height + rows * layout.row_height)
    if headed:
        pages.section(display.words.title(table.name), size=12)
    if sample is None:
        pages.paragraph(display.words.nothing(table.name), 10)
        return
    layout.draw_header()
    left = table.count
    shows = [display.column(column) for column in table.columns]
    for chunk in table.chunks:
        texts = [show(values) for show, values in zip(shows, chunk, strict=True)]
        for row in zip(*texts, strict=True):
            layout.draw_row(row, bold=0 < left - table.remarks <= table.totals)
            left -= 1
    layout.close()


def _sample(table: Table, display: Display) -> list[list[str]] | None:
    """Return the texts of its first rows, which are not lost, column by column; None of none."""
    found: list[Chunk] = []
    while sum(len(chunk[0]) for chunk in found) < _SAMPLE:
        if (chunk := next(table.chunks, None)) is None:
            break
        found.append(chunk)
    table.chunks = chain(found, table.chunks)
    if not found:
        return None
    return [
        display.column(column)([value for chunk in found for value in chunk[index]])
        for index, column in enumerate(table.columns)
    ]


class _Layout:
    """The columns of a table on the page, and the drawing of its rows."""

    def __init__(
        self,
        pages: Pages,
        columns: Sequence[Column],
        headers: Sequence[str],
        sample: list[list[str]] | None,
    ) -> None:
        self._pages = pages
        self._headers = headers
        self._right = [column.kind in {Kind.NUMBER, Kind.AMOUNT} for column in columns]
        self._texts = [column.kind is Kind.TEXT for column in columns]
        self._sample = sample
        self._striped = False
        self._bold = False
        self._text: PDFTextObject = pages.canvas.beginText()
        self._font = fonts.REGULAR
        self.wide = False
        self.size = _PORTRAIT[0]

    @property
    def row_height(self) -> float:
        """Of a row of one line."""
        return self.size * _LINE + _PAD

    def fit(self, *, wide: bool = False) -> None:
        """Choose the direction of the page, the size of the font and the widths.

        Args:
            wide: whether the page is on its side, and stays so.

        """
        natural = self._natural()
        long, short = max(self._paper()), min(self._paper())
        choices = [(True, long, size) for size in _PORTRAIT] if wide else []
        choices += [(False, short, size) for size in _PORTRAIT if not wide]
        choices += [(True, long, size) for size in _LANDSCAPE]
        for on_its_side, paper, size in choices:
            self.wide, self.size, room = on_its_side, size, paper - 2 * MARGIN
            if sum(natural) * size + 2 * _SIDE * len(natural) <= room:
                break
        widths = [width * self.size + 2 * _SIDE for width in natural]
        total = sum(widths)
        if total > room:
            widths = self._squeezed(widths, room)
        else:
            stretch = min(room / total, _STRETCH)
            widths = [width * stretch for width in widths]
        self._widths = widths
        self._edges = [MARGIN]
        for width in widths:
            self._edges.append(self._edges[-1] + width)
        self._heading = [
            _broken(header, self.size, width - 2 * _SIDE)
            for header, width in zip(self._headers, widths, strict=True)
        ]

    @property
    def header_height(self) -> float:
        """Of the headings."""
        return max(map(len, self._heading)) * self.size * _LINE + 2 * _PAD

    def draw_header(self) -> None:
        """Draw the headings and go below them."""
        canvas, height = self._pages.canvas, self.header_height
        top = self._pages.y
        canvas.setFillColor(ACCENT)
        canvas.rect(MARGIN, top - height, self._edges[-1] - MARGIN, height, stroke=0, fill=1)
        for index, lines in enumerate(self._heading):
            for number, line in enumerate(lines, 1):
                x = self._edges[index] + _SIDE
                if self._right[index]:
                    width = fonts.width(line, self.size, bold=True)
                    x = self._edges[index + 1] - _SIDE - width
                y = top - number * self.size * _LINE
                self._pages.draw(x, y, line, self.size, bold=True, color=WHITE)
        self._pages.y = top - height
        self._begin_text()
        self._striped = False

    def draw_row(self, row: Sequence[str], *, bold: bool = False) -> None:
        """Draw a row and go below it, onto another page when this one is full."""
        self._bold = bold
        size, edges, pages = self.size, self._edges, self._pages
        cells: list[list[str] | None] = []
        most = 1
        for index, text in enumerate(row):
            room = self._widths[index] - 2 * _SIDE
            if fonts.width(text, size, bold=bold) <= room and "\n" not in text and "\r" not in text:
                cells.append(None)
                continue
            lines = fonts.lines(text, size, room, _MOST_LINES, bold=bold)
            cells.append(lines)
            most = max(most, len(lines))
        height = most * size * _LINE + _PAD
        if pages.y - height < pages.bottom:
            self.close()
            pages.begin(wide=self.wide)
            self.draw_header()
        top = pages.y
        if self._striped:
            pages.canvas.setFillColor(STRIPE)
            pages.canvas.rect(MARGIN, top - height, edges[-1] - MARGIN, height, stroke=0, fill=1)
        self._striped = not self._striped
        for index, text in enumerate(row):
            lines = cells[index] or [text]
            for number, line in enumerate(lines, 1):
                if line:
                    self._draw_line(index, line, top - number * size * _LINE)
        pages.y = top - height

    def close(self) -> None:
        """Finish what stands on this page."""
        pages = self._pages
        pages.canvas.drawText(self._text)
        pages.canvas.setStrokeColor(RULE)
        pages.canvas.line(MARGIN, pages.y, self._edges[-1], pages.y)

    def _draw_line(self, index: int, line: str, y: float) -> None:
        x = self._edges[index] + _SIDE
        if self._right[index]:
            x = self._edges[index + 1] - _SIDE - fonts.width(line, self.size, bold=self._bold)
        text = self._text
        text.setTextOrigin(x, y)
        for name, run in fonts.runs(line, bold=self._bold):
            if name != self._font:
                self._font = name
                text.setFont(name, self.size)
            text.textOut(run)

    def _begin_text(self) -> None:
        self._font = fonts.REGULAR
        self._text = self._pages.canvas.beginText()
        self._text.setFont(self._font, self.size)
        self._text.setFillColor(INK)

    def _paper(self) -> tuple[float, float]:
        return self._pages.width, self._pages.height

    def _natural(self) -> list[float]:
        """Return the widths that the columns ask for, in font sizes."""
        found = []
        for index, header in enumerate(self._headers):
            width = max(fonts.width(word, 1, bold=True) for word in header.split() or [""])
            width = max(width, self._widest(index))
            # A heading of many words is as wide as lets it be a few lines high.
            while width < _WIDEST_TEXT and len(_broken(header, 1, width)) > _HEADER_LINES:
                width += 0.5
            found.append(width)
        return found

    def _widest(self, index: int) -> float:
        """Return the width of the values, in font sizes."""
        if self._sample is None:
            return 0.0
        values = self._sample[index]
        if self._texts[index]:
            seen = set(values[:_SAMPLE])
            return min(max(fonts.width(value, 1) for value in seen), _WIDEST_TEXT)
        # Later values may be a digit longer.
        return fonts.width(max(values, key=len) + "0" * self._right[index], 1)

    def _squeezed(self, widths: Sequence[float], room: float) -> list[float]:
        """Take the room that is missing from headings and texts first, then from everything."""
        missing = sum(widths) - room
        spare = []
        for index, width in enumerate(widths):
            needed = _LEAST_TEXT if self._texts[index] else self._widest(index)
            spare.append(max(width - needed * self.size - 2 * _SIDE, 0.0))
        share = min(missing / sum(spare), 1.0) if sum(spare) else 0.0
        squeezed = [width - share * free for width, free in zip(widths, spare, strict=True)]
        scale = min(room / sum(squeezed), 1.0)
        return [width * scale for width in squeezed]


def _broken(header: str, size: float, room: float) -> list[str]:
    return fonts.lines(header, size, room, _MOST_HEADER_LINES, bold=True)
