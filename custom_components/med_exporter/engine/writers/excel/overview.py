"""The sheets of a workbook that people look at first: summary and charts."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from openpyxl.chart import BarChart, LineChart, PieChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import DataPoint
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break

from ...readings.fields import Kind
from ...rows.content import ChartKind
from ...words.currency_signs import for_people
from .rows import plain
from .styles import BOLD, TITLE_FONT, as_heading, fit_to_width, heading_height, number_format

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from ...job import Job
    from ...rows.content import Chart, Content, Figure
    from ..display import Display

_CHART_WIDTH, _CHART_HEIGHT = 24, 11
"""Centimetres."""
_CHART_ROWS = 24
"""Rows that a chart covers, and some more."""
_LABEL_WIDTH, _VALUE_WIDTH = 28, 60
_LINE_HEIGHT = 15
"""Points."""
_GRID_WIDTH = 12
_COLD, _MIDDLE, _HOT = "FFFFFF", "FFD966", "C00000"


def write_summary(
    sheet: Worksheet,
    content: Content,
    job: Job,
    metadata: Mapping[str, Any],
    display: Display,
) -> None:
    """Fill the first sheet: what this is, for when, totals and warnings."""
    words = display.words
    fit_to_width(sheet)
    sheet.column_dimensions["A"].width = _LABEL_WIDTH
    sheet.column_dimensions["B"].width = _VALUE_WIDTH
    sheet.append([display.title()])
    sheet["A1"].font = TITLE_FONT
    sheet.append([])
    facts: list[tuple[str, str | None]] = [
        (words.text("period"), display.period()),
        (words.text("time_zone"), display.time_zone()),
        (words.text("created"), display.created()),
    ]
    for label, value in facts:
        if value is not None:
            _append_line(sheet, label, plain(value))
    for figure in content.figures:
        _append_figure(sheet, figure, job, display)
    for table in content.tables:
        label = words.title(table.name)
        count = display.number(table.count, 0)
        name = "row_count_one" if table.count == 1 else "row_count"
        _append_line(sheet, label, words.text(name, count=count))
    if metadata["warnings"]:
        sheet.append([])
        sheet.append([words.text("warnings")])
        sheet.cell(sheet.max_row, 1).font = BOLD
        for warning in metadata["warnings"]:
            _append_line(sheet, "", plain(display.warning(warning)))


def write_charts(sheet: Worksheet, charts: Sequence[Chart], job: Job, display: Display) -> None:
    """Fill a sheet with the values of the charts and, beside them, the charts."""
    fit_to_width(sheet, landscape=True)
    beside = 4 + max((len(c.series) for c in charts if c.kind is not ChartKind.HEAT_MAP), default=1)
    sheet.column_dimensions["A"].width = _LABEL_WIDTH
    names = [series.name for chart in charts for series in chart.series]
    if not any(chart.kind is ChartKind.HEAT_MAP for chart in charts):
        for place in range(2, beside - 1):
            width = min(max(_GRID_WIDTH, *map(len, names)) + 2, _LABEL_WIDTH)
            sheet.column_dimensions[get_column_letter(place)].width = width
    row = 1
    for chart in charts:
        if row > 1:
            # No page ends within a chart.
            sheet.row_breaks.append(Break(id=row - 1))
        pattern = number_format(chart.decimals, chart.unit, french=job.options.locale == "fr")
        title = display.titled(chart.title, chart.unit)
        sheet.cell(row, 1, plain(title)).font = BOLD
        if chart.kind is ChartKind.HEAT_MAP:
            height = _fill_heat_map(sheet, row + 1, chart, pattern)
        else:
            height = _fill_columns(sheet, row + 1, chart, pattern)
            drawn = _drawn(sheet, row + 1, chart, pattern)
            sheet.add_chart(drawn, f"{get_column_letter(beside)}{row}")
            height = max(height, _CHART_ROWS)
        row += height + 3


def _append_line(sheet: Worksheet, label: str, value: float | str | None) -> None:
    sheet.append([plain(label), value])
    row = sheet.max_row
    sheet.cell(row, 1).font = BOLD
    sheet.cell(row, 1).alignment = Alignment(vertical="top")
    sheet.cell(row, 2).alignment = Alignment(horizontal="left", vertical="top", wrap_text=True)
    if isinstance(value, str):
        lines = sum(ceil(len(line) / _VALUE_WIDTH) or 1 for line in value.split("\n"))
        sheet.row_dimensions[row].height = _LINE_HEIGHT * lines


def _append_figure(sheet: Worksheet, figure: Figure, job: Job, display: Display) -> None:
    label = display.words.figure(figure.name)
    if figure.value is None or isinstance(figure.value, str):
        _append_line(sheet, label, None if figure.value is None else plain(figure.value))
        return
    _append_line(sheet, display.titled(label, figure.unit), figure.value)
    pattern = number_format(figure.decimals, figure.unit, french=job.options.locale == "fr")
    sheet.cell(sheet.max_row, 2).number_format = pattern


def _fill_columns(sheet: Worksheet, row: int, chart: Chart, pattern: str) -> int:
    """Write a column for the categories and one for each series; return the number of rows."""
    for place, series in enumerate(chart.series, 2):
        as_heading(sheet.cell(row, place, plain(series.name)), Kind.NUMBER)
    as_heading(sheet.cell(row, 1))
    widths = [
        sheet.column_dimensions[get_column_letter(place)].width
        for place in range(2, len(chart.series) + 2)
    ]
    names = [series.name for series in chart.series]
    sheet.row_dimensions[row].height = heading_height(names, widths)
    for index, category in enumerate(chart.categories):
        sheet.cell(row + 1 + index, 1, plain(category))
        for place, series in enumerate(chart.series, 2):
            sheet.cell(row + 1 + index, place, series.values[index]).number_format = pattern
    return len(chart.categories) + 1


def _fill_heat_map(sheet: Worksheet, row: int, chart: Chart, pattern: str) -> int:
    """Write a coloured row for each series; return the number of rows."""
    as_heading(sheet.cell(row, 1))
    for place, category in enumerate(chart.categories, 2):
        as_heading(sheet.cell(row, place, plain(category)), Kind.NUMBER)
        sheet.column_dimensions[get_column_letter(place)].width = _GRID_WIDTH
    for index, series in enumerate(chart.series, 1):
        sheet.cell(row + index, 1, plain(series.name))
        for place, value in enumerate(series.values, 2):
            sheet.cell(row + index, place, value).number_format = pattern
    last = f"{get_column_letter(len(chart.categories) + 1)}{row + len(chart.series)}"
    sheet.conditional_formatting.add(
        f"B{row + 1}:{last}",
        ColorScaleRule(  # type: ignore[no-untyped-call]
            start_type="min", start_color=_COLD,
            mid_type="percentile", mid_value=50, mid_color=_MIDDLE,
            end_type="max", end_color=_HOT,
        ),
    )  # fmt: skip
    return len(chart.series) + 1


def _drawn(
    sheet: Worksheet, row: int, chart: Chart, pattern: str
) -> BarChart | LineChart | PieChart:
    """Return the chart of values whose headings stand in a row."""
    drawn = _pie() if chart.kind is ChartKind.PIE else _over_axes(chart, pattern)
    last = row + len(chart.categories)
    columns = 2 if chart.kind is ChartKind.PIE else 1 + len(chart.series)
    drawn.add_data(
        Reference(sheet, min_col=2, max_col=columns, min_row=row, max_row=last),
        titles_from_data=True,
    )
    drawn.set_categories(Reference(sheet, min_col=1, min_row=row + 1, max_row=last))
    drawn.title = chart.title
    drawn.width, drawn.height = _CHART_WIDTH, _CHART_HEIGHT
    if chart.kind is ChartKind.LINE:
        for series in drawn.series:
            series.smooth = False
    _colour(drawn, chart)
    return drawn


def _colour(drawn: BarChart | LineChart | PieChart, chart: Chart) -> None:
    """Give series, or shares, the colours that they have of their own."""
    if chart.kind is ChartKind.PIE and chart.colours:
        (series,) = drawn.series
        for place, colour in enumerate(chart.colours):
            if colour:
                point = DataPoint(idx=place)
                point.graphicalProperties.solidFill = colour
                series.dPt.append(point)
        return
    for series, colour in zip(drawn.series, chart.colours, strict=False):
        if colour:
            series.graphicalProperties.solidFill = colour


def _pie() -> PieChart:
    drawn = PieChart()
    drawn.dataLabels = DataLabelList()
    labels = drawn.dataLabels
    labels.showPercent = True
    labels.showVal = labels.showCatName = labels.showSerName = labels.showLegendKey = False
    return drawn


def _over_axes(chart: Chart, pattern: str) -> BarChart | LineChart:
    drawn: BarChart | LineChart
    if chart.kind is ChartKind.LINE:
        drawn = LineChart()
    else:
        drawn = bars = BarChart()
        bars.gapWidth = 40
        if chart.kind is ChartKind.STACKED_BAR:
            bars.grouping = "stacked"
            bars.overlap = 100
    drawn.y_axis.title = for_people(chart.unit) or None
    drawn.y_axis.number_format = pattern
    # Without this, recent spreadsheets hide the axes.
    drawn.x_axis.delete = drawn.y_axis.delete = False
    # Columns below zero would cover them.
    drawn.x_axis.tickLblPos = "low"
    if len(chart.series) == 1:
        drawn.legend = None
    return drawn
