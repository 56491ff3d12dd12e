"""PDF: laid out for reading, with cover, contents, warnings, charts and tables."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ..display import Display
from .charts import draw_chart, height_of
from .pages import ACCENT, INK, MARGIN, MUTED, RULE, Pages
from .table import SHORT_TABLE, draw_table, needs_width

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...job import Job
    from ...rows.content import Content, Figure
    from ..format import Stream

_LABEL_ROOM = 190.0
_HEADING_ROOM = 24.0
_DOT = "\N{MIDDLE DOT}"
_FEW_PAGES = 5
"""A document of fewer needs no list of contents."""
_ROWS_OF_PAGE, _CHARTS_OF_PAGE = 48, 2


def write(content: Content, stream: Stream, job: Job, metadata: Mapping[str, Any]) -> None:
    """Write a document.

    Args:
        content: its tables, read once.
        stream: takes the bytes, all at the end.
        job: gives time zone, locale and period.
        metadata: gives the warnings, the moment of creation, and whether the zone has a name.

    """
    display = Display(job, metadata)
    words = display.words
    pages = Pages(stream, display.title(), words)
    warnings = metadata["warnings"]
    pages.begin(wide=_begins_wide(pages, content, display))
    _draw_head(pages, content, display)
    # What a title says already needs neither a heading nor a line in a list.
    alone = len(content.tables) == 1 and not content.charts
    # What is short stands before the pictures, so that both are on the first page.
    short = list(takewhile(lambda table: table.count <= SHORT_TABLE, content.tables))
    long = content.tables[len(short) :]
    if _many_pages(content) and not alone:
        sections = [words.text("warnings")] if warnings else []
        sections += [words.title(table.name) for table in short]
        sections += [words.text("charts")] if len(content.charts) > 1 else []
        sections += [words.title(table.name) for table in long]
        pages.y -= 24
        pages.contents(sections)
    if warnings:
        pages.y -= 16
        pages.needs(60)
        pages.section(words.text("warnings"), size=12)
        for warning in warnings:
            pages.paragraph(display.warning(warning), 9)
            pages.y -= 3
    for table in short:
        draw_table(pages, table, display, headed=not alone)
    _draw_charts(pages, content, display)
    for table in long:
        draw_table(pages, table, display, headed=not alone)
    pages.finish()


def _begins_wide(pages: Pages, content: Content, display: Display) -> bool:
    """Tell whether so little comes before the first wide table that its page would stay empty."""
    rows = 0
    for table in content.tables:
        is_short = table.count <= SHORT_TABLE
        if content.charts and not is_short:
            return False
        if needs_width(pages, table, display):
            return True
        rows += table.count
        if rows > SHORT_TABLE:
            return False
    return False


def _draw_charts(pages: Pages, content: Content, display: Display) -> None:
    if len(content.charts) > 1:
        pages.y -= 8
        pages.needs(height_of(content.charts[0]) + _HEADING_ROOM)
        pages.section(display.words.text("charts"), size=12)
    for chart in content.charts:
        draw_chart(pages, chart, display)


def _many_pages(content: Content) -> bool:
    """Tell whether a document is so long that its reader needs a list of contents."""
    rows = sum(table.count for table in content.tables)
    return rows / _ROWS_OF_PAGE + len(content.charts) / _CHARTS_OF_PAGE > _FEW_PAGES


def _draw_head(pages: Pages, content: Content, display: Display) -> None:
    """Draw title and period, who and what, and the totals."""
    words = display.words
    pages.canvas.setFillColor(ACCENT)
    pages.canvas.rect(0, pages.height - 8, pages.width, 8, stroke=0, fill=1)
    created = display.created()
    about = [words.text("created_at", moment=created)] if created is not None else []
    about.append(display.time_zone())
    pages.paragraph(f" {_DOT} ".join(["MED Exporter", *about]), 8, color=MUTED)
    pages.y -= 4
    pages.paragraph(display.title(), 20, bold=True, color=ACCENT)
    if (period := display.period()) is not None:
        pages.paragraph(period, 13)
    pages.y -= 10
    for figure in content.figures:
        if figure.in_tables:
            continue
        _draw_fact(pages, words.figure(figure.name), display.figure(figure), big=_is_number(figure))


def _is_number(figure: Figure) -> bool:
    return not isinstance(figure.value, str)


def _draw_fact(pages: Pages, label: str, value: str, *, big: bool = False) -> None:
    """Draw a label, and beside it what it is."""
    canvas = pages.canvas
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.5)
    pages.needs(24)
    canvas.line(MARGIN, pages.y, pages.width - MARGIN, pages.y)
    size = 10.5 if big else 10.0
    top = pages.y - 2
    pages.draw(MARGIN, top - size * 1.35, label, 10, color=MUTED)
    pages.y = top
    pages.paragraph(value, size, bold=big, color=INK, most=12, indent=_LABEL_ROOM)
    pages.y -= 5
