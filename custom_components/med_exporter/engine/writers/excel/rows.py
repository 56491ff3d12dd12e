"""Rows of a table as the XML of a worksheet.

This is what has to be fast: a million rows take openpyxl's own cells minutes.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from ...readings.fields import Kind
from ...rows.repeated import Made
from ...times import QUARTER, local_time
from ..spreadsheet import neutral, offset_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ...rows.tables import Chunk, Column

MOST_TEXT = 32_767
"""Characters in a cell."""

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REPLACEMENT = "\ufffd"
# What a spreadsheet would take for the code of a character.
_CODE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

_SECONDS_IN_DAY = 86_400
_EPOCH_DAY = 25_569
"""1970-01-01, counted as spreadsheets do."""
_FIRST_ORDINAL = date(1899, 12, 30).toordinal()
"""Of the day that spreadsheets count from."""
_MOST_QUARTERS = 4096


def plain(text: str) -> str:
    """Return a text as a cell can hold it: no control characters, not too long, no formula."""
    text = _NOT_XML.sub(_REPLACEMENT, str(neutral(text)))
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


class RowWriter:
    """Writes the rows of a table.

    A time becomes two cells: the local time, and its offset from UTC; one that names a day or month
    becomes the date, which is that of the range where the period begins before it.

    Args:
        columns: of the table.
        styles: per column of the table, the number of its cells' style in the workbook.
        zone: of the times.
        start: UTC seconds at which the range begins.

    """

    def __init__(
        self, columns: Sequence[Column], styles: Sequence[int], zone: ZoneInfo, start: float
    ) -> None:
        self._first = start
        self._columns = columns
        self._styles = styles
        self._zone = zone
        self._quarters: dict[int, tuple[int, str | None]] = {}
        self._made = Made(self._time)

    def rows(self, number: int, chunk: Chunk) -> bytes:
        """Return some rows as XML.

        Args:
            number: of the first row in the sheet, 1 being the header.
            chunk: the values.

        """
        cells: list[list[str]] = []
        numbers = range(number, number + len(chunk[0]))
        for column, style, values in zip(self._columns, self._styles, chunk, strict=True):
            if column.kind is Kind.TIME and column.span:
                days = self._days(values)
                cells.append(_numbers(_start(len(cells)), style, numbers, days))
            elif column.kind is Kind.TIME:
                serials, offsets = self._times(values)
                cells.append(_numbers(_start(len(cells)), style, numbers, serials))
                cells.append(_texts(_start(len(cells)), style, numbers, offsets))
            elif column.kind is Kind.TEXT:
                cells.append(_texts(_start(len(cells)), style, numbers, values))
            elif column.kind is Kind.FLAG:
                cells.append(_flags(_start(len(cells)), style, numbers, values))
            else:
                cells.append(_numbers(_start(len(cells)), style, numbers, values))
        rows = map("".join, zip(*cells, strict=True))
        return "".join(
            f'<row r="{number}">{row}</row>' for number, row in zip(numbers, rows, strict=True)
        ).encode()

    def sums(
        self, number: int, styles: Sequence[int], totals: Mapping[int, float], label: str
    ) -> bytes:
        """Return a row of formulas as XML that add up the rows above it.

        Args:
            number: of the row in the sheet.
            styles: as those of the class, for this row.
            totals: by the place of a column: what its formula gives.
            label: stands in the first cell that has no formula.

        """
        cells: list[str] = []
        labelled = False
        for index, (column, style) in enumerate(zip(self._columns, styles, strict=True)):
            letter = get_column_letter(len(cells) + 1)
            if index in totals:
                area = f"{letter}2:{letter}{number - 1}"
                value = round(totals[index], column.decimals)
                cells.append(
                    f'<c r="{letter}{number}" s="{style}"><f>SUM({area})</f><v>{value}</v></c>'
                )
                continue
            shown = [None if labelled else label]
            labelled = True
            cells += _texts(_start(len(cells)), style, range(number, number + 1), shown)
            if column.kind is Kind.TIME and not column.span:
                cells.append("")
        return f'<row r="{number}">{"".join(cells)}</row>'.encode()

    def _days(self, moments: Iterable[float | None]) -> list[float | None]:
        """Return the local dates of moments as numbers of days."""
        return [
            None
            if moment is None
            else local_time(max(moment, self._first), self._zone).toordinal() - _FIRST_ORDINAL
            for moment in moments
        ]

    def _times(
        self, moments: Iterable[float | None]
    ) -> tuple[Sequence[float | None], Sequence[str | None]]:
        """Return local times as numbers of days, and their offsets."""
        # Devices that are read together have rows of the same second.
        seconds = [None if moment is None else int(moment // 1) for moment in moments]
        serials, offsets = zip(*self._made.of(seconds), strict=True)
        return serials, offsets

    def _time(self, second: int | None) -> tuple[float | None, str | None]:
        if second is None:
            return None, None
        quarter = second // QUARTER
        seconds, offset = self._quarters.get(quarter) or self._quarter(quarter)
        # Ten digits are far below a second, and above what binary fractions add.
        return round((second + seconds) / _SECONDS_IN_DAY + _EPOCH_DAY, 10), offset

    def _quarter(self, quarter: int) -> tuple[int, str | None]:
        """Return the offset at the beginning of a quarter of an hour, in seconds and as text."""
        if len(self._quarters) >= _MOST_QUARTERS:
            self._quarters.clear()
        local = local_time(quarter * QUARTER, self._zone)
        offset = local.utcoffset()
        seconds = 0 if offset is None else round(offset.total_seconds())
        known = (seconds, offset_text(local.strftime("%:z")))
        self._quarters[quarter] = known
        return known


def _start(place: int) -> str:
    return f'<c r="{get_column_letter(place + 1)}'


def _numbers(start: str, style: int, numbers: range, values: Sequence[Any]) -> list[str]:
    middle = f'" s="{style}"><v>'
    return [
        # What is not finite has no place in a cell.
        "" if value is None or value - value != 0 else f"{start}{number}{middle}{value}</v></c>"
        for number, value in zip(numbers, values, strict=True)
    ]


def _flags(start: str, style: int, numbers: range, values: Sequence[Any]) -> list[str]:
    middle = f'" s="{style}" t="b"><v>'
    return [
        "" if value is None else f"{start}{number}{middle}{1 if value else 0}</v></c>"
        for number, value in zip(numbers, values, strict=True)
    ]


def _texts(start: str, style: int, numbers: range, values: Sequence[Any]) -> list[str]:
    middle = f'" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
    return [
        "" if value is None else f"{start}{number}{middle}{_escaped(value)}</t></is></c>"
        for number, value in zip(numbers, values, strict=True)
    ]


@lru_cache(4096)
def _escaped(text: object) -> str:
    # A bare CR would be read as a line feed.
    return _CODE.sub("_x005F_", escape(plain(str(text)), {"\r": "&#13;"}))
