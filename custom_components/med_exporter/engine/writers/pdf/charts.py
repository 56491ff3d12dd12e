"""Charts of a PDF, drawn with reportlab.graphics."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from reportlab.graphics import renderPDF
from reportlab.graphics.charts.axes import TickLabeller
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.charts.piecharts import Pie
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import Color, HexColor, linearlyInterpolatedColor

from ...rows.content import ChartKind
from . import fonts
from .pages import INK, MARGIN, MUTED, RULE, WHITE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reportlab.graphics.charts.axes import XCategoryAxis, YValueAxis

    from ...rows.content import Chart
    from ..display import Display
    from .pages import Pages

_COLORS = [
    HexColor(f"#{value}")
    for value in (
        "1f77b4", "ff7f0e", "2ca02c", "d62728", "9467bd", "8c564b",
        "e377c2", "7f7f7f", "bcbd22", "17becf", "aec7e8", "ffbb78",
    )
]  # fmt: skip
_MIDDLE, _HOT = HexColor("#ffd966"), HexColor("#c00000")

_HEIGHT = 185.0
_LOW = 125.0
"""So low may columns be drawn, where that saves a page."""
_PIE = 150.0
_LEFT = 46.0
_BELOW = 44.0
_LABEL = 6.5
_LABEL_LINES = 3
_TEXT = 8.0
_FEW = 8
_SHORT = 2
"""Categories whose labels fit beside each other."""
_MOST_LABELS = 31
_MOST_DECIMALS = 9
_MOST_IN_LEGEND = 24
_ROW = 17.0
_ROW_LABEL = 76.0


def draw_chart(pages: Pages, chart: Chart, display: Display) -> None:
    """Draw a chart with its title and legend, on one page.

    Args:
        pages: where to.
        chart: what to draw.
        display: turns values into texts.

    """
    beside = height_of(chart) - _HEIGHT
    low = pages.y - pages.bottom - beside
    height = low if _is_of_columns(chart) and _LOW <= low < _HEIGHT else _HEIGHT
    pages.needs(beside + height)
    pages.y -= 10
    title = display.titled(chart.title, chart.unit)
    pages.paragraph(title, 11, bold=True, most=2)
    pages.y -= 6
    known = [value for series in chart.series for value in series.values if value is not None]
    if not known:
        pages.paragraph(display.words.text("no_values"), 9, color=MUTED)
    elif chart.kind is ChartKind.HEAT_MAP:
        _draw_heat_map(pages, chart, display)
    elif chart.kind is ChartKind.PIE:
        _draw_pie(pages, chart, display)
    else:
        _draw_columns(pages, chart, display, height)
    pages.y -= 10
    if chart.note:
        pages.paragraph(chart.note, 9)
    pages.y -= 4


def height_of(chart: Chart) -> float:
    """Return the height that a chart takes with its title and legend."""
    if chart.kind is ChartKind.PIE:
        return _PIE + 60
    if chart.kind is ChartKind.HEAT_MAP:
        return min(_ROW * len(chart.series), 500) + 80
    return _HEIGHT + 60 + (13 * min(len(chart.series), _MOST_IN_LEGEND) / 3)


def _is_of_columns(chart: Chart) -> bool:
    return chart.kind not in {ChartKind.PIE, ChartKind.HEAT_MAP}


def _draw_columns(pages: Pages, chart: Chart, display: Display, height: float) -> None:
    """Draw bars or lines over the categories."""
    drawn: Any
    data: list[list[float | None]]
    if chart.kind is ChartKind.LINE:
        drawn = HorizontalLineChart()
        # A line of nothing cannot be drawn; its name stands in the legend all the same.
        lines = [
            (place, list(series.values))
            for place, series in enumerate(chart.series)
            if any(value is not None for value in series.values)
        ]
        data = [values for _, values in lines]
        for index, (place, _) in enumerate(lines):
            drawn.lines[index].strokeColor = _color(place, chart)
            drawn.lines[index].strokeWidth = 1.2
    else:
        drawn = VerticalBarChart()
        data = [[value or 0.0 for value in series.values] for series in chart.series]
        drawn.bars.strokeColor = None
        drawn.groupSpacing = 3 if len(chart.categories) > _FEW else 12
        for index in range(len(data)):
            drawn.bars[index].fillColor = _color(index, chart)
        if chart.kind is ChartKind.STACKED_BAR:
            drawn.categoryAxis.style = "stacked"
    drawn.data = data
    drawn.x, drawn.y = _LEFT, _BELOW
    drawn.width, drawn.height = pages.room - _LEFT - 4, height - _BELOW - 8
    _label_categories(drawn.categoryAxis, chart.categories, drawn.width)
    _label_values(drawn.valueAxis, chart, display)
    drawing = Drawing(pages.room, height)
    drawing.add(drawn)
    pages.y -= height
    renderPDF.draw(drawing, pages.canvas, MARGIN, pages.y)
    if len(chart.series) > 1:
        _draw_legend(pages, chart, display)


def _label_categories(axis: XCategoryAxis, categories: Sequence[str], width: float) -> None:
    beside = len(categories) <= _FEW or max(map(len, categories)) <= _SHORT
    room = max(width / len(categories) - 4, _LABEL * _SHORT) if beside else 64.0
    step = ceil(len(categories) / _MOST_LABELS)
    names = []
    for index, category in enumerate(categories):
        text = category.replace("\n", " ")
        lines = fonts.lines(text, _LABEL, room, _LABEL_LINES if beside else 1)
        names.append("\n".join(map(fonts.shown, lines)) if index % step == 0 else "")
        axis.labels[index].fontName = fonts.font_for(text)
    axis.categoryNames = names
    axis.labels.fontName = fonts.REGULAR
    axis.labels.fontSize = _LABEL
    axis.labels.fillColor = INK
    axis.labels.angle = 0 if beside else 45
    axis.labels.boxAnchor = "n" if beside else "ne"
    axis.labels.dy = -4
    axis.strokeColor = MUTED
    axis.tickDown = 0
    # Columns below zero would cover them.
    axis.labelAxisMode = "low"


def _label_values(values: YValueAxis, chart: Chart, display: Display) -> None:
    axis: Any = values  # its stubs lack the labels
    axis.labelTextFormat = _Marks(display)
    axis.labels.fontName = fonts.REGULAR
    axis.labels.fontSize = _LABEL
    axis.visibleGrid = True
    axis.gridStrokeColor = RULE
    axis.gridStrokeWidth = 0.4
    axis.strokeColor = None
    axis.forceZero = True
    axis.rangeRound = "both"
    if _span(chart) == (0, 0):
        axis.valueMin, axis.valueMax = 0, 1


class _Marks(TickLabeller):
    """Writes the values at an axis, with the digits after the point that tell each as it is."""

    def __init__(self, display: Display) -> None:
        self._display = display

    def __call__(self, axis: Any, mark: float) -> str:  # noqa: ANN401  # its stubs know nothing
        marks: Sequence[float] = axis._tickValues  # noqa: SLF001  # there is no other way to them
        near = max(map(abs, marks)) * 1e-6
        decimals = next(
            digits
            for digits in range(_MOST_DECIMALS + 1)
            if digits == _MOST_DECIMALS
            or all(abs(round(one, digits) - one) <= near for one in marks)
        )
        return self._display.number(mark, decimals)


def _span(chart: Chart) -> tuple[float, float]:
    """Return the lowest and highest value that the axis has to show."""
    if chart.kind is not ChartKind.STACKED_BAR:
        values = [v for series in chart.series for v in series.values if v is not None]
        return min(values), max(values)
    columns = list(zip(*(series.values for series in chart.series), strict=True))
    return (
        min(sum(min(value or 0.0, 0.0) for value in column) for column in columns),
        max(sum(max(value or 0.0, 0.0) for value in column) for column in columns),
    )


def _draw_pie(pages: Pages, chart: Chart, display: Display) -> None:
    """Draw shares; the legend tells amounts and percentages."""
    parts = [
        (name, value)
        for name, value in zip(chart.categories, chart.series[0].values, strict=True)
        if value is not None and value > 0
    ]
    total = sum(value for _, value in parts)
    if not total:
        pages.paragraph(display.words.text("no_values"), 9, color=MUTED)
        return
    drawn: Any = Pie()
    drawn.x, drawn.y, drawn.width, drawn.height = 10, 5, _PIE, _PIE
    drawn.data = [value for _, value in parts]
    drawn.labels = None
    drawn.simpleLabels = 1
    drawn.slices.strokeColor = WHITE
    drawn.slices.strokeWidth = 0.8
    for index in range(len(parts)):
        drawn.slices[index].fillColor = _color(index, chart)
    drawing = Drawing(_PIE + 20, _PIE + 10)
    drawing.add(drawn)
    top = pages.y
    pages.y -= _PIE + 10
    renderPDF.draw(drawing, pages.canvas, MARGIN, pages.y)
    x = MARGIN + _PIE + 40
    y = top - 16
    named = parts if len(parts) <= _FEW + 4 else parts[: _FEW + 3]
    amounts = [
        f"{display.quantity(value, chart.decimals, chart.unit)}"
        f"  ({display.quantity(100 * value / total, 1, '%')})"
        for _, value in named
    ]
    # Amounts stand beside the longest name, where the eye finds whose they are.
    widest = max(fonts.width(amount, _TEXT) for amount in amounts)
    room = pages.width - MARGIN - x - 24 - widest
    names = [fonts.lines(name, _TEXT, room, 1)[0] for name, _ in named]
    right = x + 24 + max(fonts.width(name, _TEXT) for name in names) + widest
    for index, (name, amount) in enumerate(zip(names, amounts, strict=True)):
        _draw_key(pages, x, y, _color(index, chart), name)
        pages.draw(right - fonts.width(amount, _TEXT), y, amount, _TEXT, color=MUTED)
        y -= 13
    if len(named) < len(parts):
        more = display.words.text("and_more", count=len(parts) - len(named))
        pages.draw(x + 12, y, more, _TEXT, color=MUTED)


def _draw_heat_map(pages: Pages, chart: Chart, display: Display) -> None:
    """Draw a coloured cell for each value, paler for less."""
    low, high = _span(chart)
    cell = (pages.room - _ROW_LABEL) / len(chart.categories)
    canvas = pages.canvas
    x = MARGIN + _ROW_LABEL
    for index, category in enumerate(chart.categories):
        (line,) = fonts.lines(category, _LABEL, cell, 1)
        middle = x + (index + 0.5) * cell - fonts.width(line, _LABEL) / 2
        pages.draw(middle, pages.y - 8, line, _LABEL, color=MUTED)
    pages.y -= 12
    for series in chart.series:
        pages.needs(_ROW)
        pages.y -= _ROW
        (line,) = fonts.lines(series.name, _TEXT, _ROW_LABEL - 6, 1)
        pages.draw(MARGIN, pages.y + 5, line, _TEXT)
        for index, value in enumerate(series.values):
            if value is None:
                continue
            canvas.setFillColor(_heat(value, low, high))
            canvas.rect(x + index * cell, pages.y, cell - 1, _ROW - 1, stroke=0, fill=1)
    pages.y -= 20
    for step in range(50):
        canvas.setFillColor(_heat(step, 0, 49))
        canvas.rect(x + step * 3, pages.y, 3, 8, stroke=0, fill=1)
    least = display.quantity(low, chart.decimals, chart.unit)
    most = display.quantity(high, chart.decimals, chart.unit)
    pages.draw(x - 6 - fonts.width(least, _TEXT), pages.y + 1, least, _TEXT, color=MUTED)
    pages.draw(x + 156, pages.y + 1, most, _TEXT, color=MUTED)


def _draw_legend(pages: Pages, chart: Chart, display: Display) -> None:
    """Name the colours below a chart, in as many rows as it takes."""
    names = [series.name for series in chart.series]
    x, right = MARGIN + 4, pages.width - MARGIN
    pages.y -= 10
    shown = names[:_MOST_IN_LEGEND]
    for index, name in enumerate(shown):
        (line,) = fonts.lines(name, _TEXT, pages.room / 2 - 20, 1)
        width = fonts.width(line, _TEXT) + 26
        if x + width > right:
            x = MARGIN + 4
            pages.needs(13)
            pages.y -= 13
        _draw_key(pages, x, pages.y, _color(index, chart), line)
        x += width
    if len(shown) < len(names):
        more = display.words.text("and_more", count=len(names) - len(shown))
        pages.y -= 13
        pages.draw(MARGIN + 4, pages.y, more, _TEXT, color=MUTED)


def _draw_key(pages: Pages, x: float, y: float, color: Color, name: str) -> None:
    pages.canvas.setFillColor(color)
    pages.canvas.rect(x, y - 1, 7, 7, stroke=0, fill=1)
    pages.draw(x + 12, y, name, _TEXT)


def _color(index: int, chart: Chart) -> Color:
    if chart.colours and (own := chart.colours[index % len(chart.colours)]):
        return HexColor(f"#{own}")
    return _COLORS[index % len(_COLORS)]


def _heat(value: float, low: float, high: float) -> Color:
    # What is the same everywhere is there all the same.
    share = (value - low) / (high - low) if high > low else 0.5 if value else 0.0
    if share < 0.5:
        return linearlyInterpolatedColor(WHITE, _MIDDLE, 0, 0.5, share)
    return linearlyInterpolatedColor(_MIDDLE, _HOT, 0.5, 1, share)
