"""PDF: laid out for reading, with cover, contents, warnings, charts and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..display import Display
from .charts import draw_chart
from .pages import ACCENT, INK, MARGIN, MUTED, RULE, Pages
from .table import draw_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...content import Content, Figure
    from ...job import Job
    from ..format import Stream

_COVER_TOP = 150.0
_LABEL_ROOM = 150.0


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
    sections = [words.text("warnings")] if warnings else []
    sections += [words.text("charts")] if content.charts else []
    sections += [words.title(table.name) for table in content.tables]
    pages.begin()
    _draw_cover(pages, content, display)
    pages.begin()
    pages.contents(sections)
    if warnings:
        pages.y -= 30
        pages.needs(80)
        pages.section(words.text("warnings"))
        for warning in warnings:
            pages.paragraph(display.warning(warning), 9.5, indent=0)
            pages.y -= 5
    if content.charts:
        pages.begin()
        pages.section(words.text("charts"))
        for chart in content.charts:
            draw_chart(pages, chart, display)
    for first, table in enumerate(content.tables):
        draw_table(pages, table, display, apart=not first)
    pages.finish()


def _draw_cover(pages: Pages, content: Content, display: Display) -> None:
    """Draw title, period, who and what, and the totals."""
    words = display.words
    pages.canvas.setFillColor(ACCENT)
    pages.canvas.rect(0, pages.height - 14, pages.width, 14, stroke=0, fill=1)
    pages.y -= _COVER_TOP - MARGIN
    pages.paragraph("MED Exporter", 11, color=MUTED)
    pages.y -= 4
    pages.paragraph(display.title(), 28, bold=True, color=ACCENT)
    pages.y -= 6
    if (period := display.period()) is not None:
        pages.paragraph(period, 14)
    pages.y -= 26
    for figure in content.figures:
        _draw_fact(pages, words.figure(figure.name), display.figure(figure), big=_is_number(figure))
    pages.y -= 10
    _draw_fact(pages, words.text("time_zone"), display.time_zone())
    created = display.created()
    if created is not None:
        _draw_fact(pages, words.text("created"), created)


def _is_number(figure: Figure) -> bool:
    return not isinstance(figure.value, str)


def _draw_fact(pages: Pages, label: str, value: str, *, big: bool = False) -> None:
    """Draw a label, and beside it what it is."""
    canvas = pages.canvas
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, pages.y, pages.width - MARGIN, pages.y)
    size = 14.0 if big else 10.0
    top = pages.y - 5
    pages.draw(MARGIN, top - size * 1.35, label, 10, color=MUTED)
    pages.y = top
    pages.paragraph(value, size, bold=big, color=INK, most=12, indent=_LABEL_ROOM)
    pages.y -= 9
