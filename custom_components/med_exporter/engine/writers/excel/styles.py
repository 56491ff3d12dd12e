"""How cells of a workbook look: number formats, widths, headings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.properties import PageSetupProperties

from ...readings.fields import Kind
from ...words.currency_signs import for_people, in_front
from ...words.phrases import unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

    from ...job import Job
    from ...rows.tables import Chunk, Column

_FONT = "Calibri"
TITLE_FONT = Font(name=_FONT, bold=True, size=16)
BOLD = Font(name=_FONT, bold=True, size=11)

_HEADING_FILL = PatternFill("solid", start_color="1F4E79")
_HEADING_FONT = Font(name=_FONT, bold=True, size=11, color="FFFFFF")
_ABOVE_TEXT = Alignment(wrap_text=True, vertical="center")
# As numbers, times and flags are aligned by themselves, clear of the arrow of the filter.
_ABOVE_NUMBERS = Alignment(wrap_text=True, vertical="center", horizontal="right", indent=2)
_ABOVE_FLAGS = Alignment(wrap_text=True, vertical="center", horizontal="center")
_CURRENCY = re.compile("[A-Z]{3}")
_NARROWEST, _WIDEST = 10, 60
_TIME_WIDTH = 20
_FILTER_ROOM = 3
"""Characters that the arrow of the filter covers."""
_LINE_HEIGHT = 15.0
"""Points."""


def number_format(decimals: int, unit: str, *, french: bool) -> str:
    """Return the pattern of a number; money carries its currency."""
    digits = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    if not _CURRENCY.fullmatch(unit):
        return digits
    symbol = for_people(unit)
    return f'"{symbol}"{digits}' if in_front(unit, french=french) else f'{digits} "{symbol}"'


def fit_to_width(sheet: Worksheet, *, landscape: bool = False) -> None:
    """Let a sheet be printed as wide as the paper."""
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def column_style(sheet: Worksheet, column: Column, job: Job, *, bold: bool = False) -> int:
    """Make the style of a column's cells known to the workbook and return its number."""
    french = job.options.locale == "fr"
    cell = WriteOnlyCell(sheet)
    if bold:
        cell.font = BOLD
    if column.kind is Kind.TIME and column.span == "month":
        cell.number_format = "[$-40C]mmmm yyyy" if french else "[$-409]mmmm yyyy"
    elif column.kind is Kind.TIME and column.span:
        cell.number_format = "dd/mm/yyyy" if french else "[$-409]d mmm yyyy"
    elif column.kind is Kind.TIME:
        cell.number_format = "dd/mm/yyyy hh:mm:ss" if french else "yyyy-mm-dd hh:mm:ss"
    elif column.kind in {Kind.NUMBER, Kind.AMOUNT}:
        cell.number_format = number_format(column.decimals, unit_of(column), french=french)
    return int(cell.style_id)


def as_heading(cell: Cell | MergedCell, kind: Kind = Kind.TEXT) -> None:
    """Make a cell look like the heading of a column of a kind, and stand where its values do."""
    cell.font = _HEADING_FONT
    cell.fill = _HEADING_FILL
    above = {Kind.TEXT: _ABOVE_TEXT, Kind.FLAG: _ABOVE_FLAGS}
    cell.alignment = above.get(kind, _ABOVE_NUMBERS)


def heading_height(headers: Sequence[str], widths: Sequence[float]) -> float:
    """Return how many points high a row of headings has to be, which break at their spaces."""
    most = 1
    for header, width in zip(headers, widths, strict=True):
        lines, used = 1, 0.0
        for word in header.split():
            if used and used + len(word) + 1 > width - _FILTER_ROOM:
                lines, used = lines + 1, 0.0
            used += len(word) + 1
        most = max(most, lines)
    return _LINE_HEIGHT * most + 3


def widths(columns: Sequence[Column], headers: Sequence[str], sample: Chunk | None) -> list[float]:
    """Return how many characters wide the columns of a sheet are, for the rows of a sample."""
    found: list[float] = []
    for index, column in enumerate(columns):
        if column.kind is Kind.TIME and not column.span:
            found += [_TIME_WIDTH, _NARROWEST + 2]
            continue
        if column.kind is Kind.TIME:
            found.append(_TIME_WIDTH)
            continue
        # A heading may break at its spaces; the arrow of the filter needs room too.
        longest = max(map(len, headers[len(found)].split())) + 4
        if sample is not None and column.kind is Kind.TEXT:
            longest = max([longest, *(len(str(value or "")) + 2 for value in sample[index])])
        elif sample is not None and column.kind is not Kind.FLAG:
            largest = max((abs(value) for value in sample[index] if value is not None), default=0)
            longest = max(longest, len(f"{largest:,.{column.decimals}f}") + 5)
        found.append(float(min(max(longest, _NARROWEST), _WIDEST)))
    return found
