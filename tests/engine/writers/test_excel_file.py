"""The workbook: typed cells, ready to filter and to print, with summary and charts."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import openpyxl
import pytest

from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.content import ChartKind, Content
from custom_components.med_exporter.engine.rows.tables import Column
from custom_components.med_exporter.engine.writers.excel import writer as excel_file

from ..conftest import at
from .documents import (
    FIGURES,
    READING_COLUMNS,
    WARNING,
    charts,
    readings,
    table,
    written,
)  # fmt: skip

NAME = (Column("device_name", Kind.TEXT),)


def local(*parts: int) -> datetime:
    """As a cell holds it: without any zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


def workbook(content: Content, locale: str = "en", **about) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(written(content, "excel", locale, **about)))


def sheet(content: Content, locale: str = "en"):
    return workbook(content, locale).worksheets[-1]


def one_cell(text: str):
    return sheet(Content(tables=[table(NAME, [(text,)])]))["A2"].value


def test_cells_have_the_type_of_their_values():
    found = sheet(
        Content(tables=[table(READING_COLUMNS, [
            (at("2026-01-10 12:30"), "Fridge", 12.5, 0.25, True),
            (None, None, None, None, None),
        ])])
    )  # fmt: skip
    assert [cell.value for cell in found[2]] == [
        local(2026, 1, 10, 13, 30), "UTC+01:00", "Fridge", 12.5, 0.25, True,
    ]  # fmt: skip
    assert [cell.data_type for cell in found[2]] == ["d", "s", "s", "n", "n", "b"]
    assert all(cell.value is None for cell in found[3])


def test_the_repeated_hour_is_told_apart_by_its_offset():
    rows = [(at("2026-10-25 00:30"),), (at("2026-10-25 01:30"),)]
    found = sheet(Content(tables=[table((Column("timestamp", Kind.TIME),), rows)]))
    assert [tuple(cell.value for cell in row) for row in found.iter_rows(min_row=2)] == [
        (local(2026, 10, 25, 2, 30), "UTC+02:00"),
        (local(2026, 10, 25, 2, 30), "UTC+01:00"),
    ]


@pytest.mark.parametrize(
    ("locale", "titles", "formats"),
    [
        (
            "en",
            ["Time", "UTC offset", "Device", "Power (W)", "Cost (€)", "On"],
            ["yyyy-mm-dd hh:mm:ss", "#,##0.00", '"€"#,##0.00'],
        ),
        (
            "fr",
            ["Date et heure", "Décalage UTC", "Appareil", "Puissance (W)", "Coût (€)", "Allumé"],
            ["dd/mm/yyyy hh:mm:ss", "#,##0.00", '#,##0.00 "€"'],
        ),
    ],
)
def test_headings_and_number_formats_follow_the_language(locale, titles, formats):
    found = sheet(Content(tables=[readings(1)]), locale)
    assert [cell.value for cell in found[1]] == titles
    assert [found[2][place].number_format for place in (0, 3, 4)] == formats


def test_decimals_decide_the_number_format():
    columns = (Column("a", Kind.NUMBER, 0), Column("b", Kind.AMOUNT, 6, "kWh"))
    found = sheet(Content(tables=[table(columns, [(1234, 0.000001)])]))
    assert [cell.number_format for cell in found[2]] == ["#,##0", "#,##0.000000"]
    assert [cell.value for cell in found[2]] == [1234, 0.000001]
    assert found["B1"].value == "b (kWh)"


def test_the_header_stays_in_sight_filters_and_is_printed_on_each_page():
    found = sheet(Content(tables=[readings(5)]))
    assert found.freeze_panes == "A2"
    assert found.auto_filter.ref == "A1:F6"
    assert found.dimensions == "A1:F7"
    assert found.print_title_rows == "$1:$1"
    assert found["A1"].font.b


def test_a_total_row_adds_up_by_formulas_below_what_is_filtered():
    columns = (*NAME, Column("energy_kwh", Kind.AMOUNT, 3), Column("power_w", Kind.NUMBER, 1))
    rows = [("Fridge", 1.5, 80), ("Oven", 0.25, None)]
    found = sheet(Content(tables=[table(columns, rows)]), "fr")
    assert found.auto_filter.ref == "A1:C3"
    assert [cell.value for cell in found[4]] == ["Total", "=SUM(B2:B3)", None]
    assert found["B4"].font.b
    assert found["B4"].number_format == "#,##0.000"
    data = written(Content(tables=[table(columns, rows)]), "excel")
    shown = openpyxl.load_workbook(io.BytesIO(data), data_only=True).worksheets[-1]
    assert shown["B4"].value == 1.75
    for change in ({"adds_up": False}, {"totals": 1}):
        other = table(columns, rows)
        for name, value in change.items():
            setattr(other, name, value)
        assert sheet(Content(tables=[other])).max_row == 3


@pytest.mark.parametrize(
    ("span", "locale", "pattern"),
    [
        ("month", "fr", "[$-40C]mmmm yyyy"),
        ("month", "en", "[$-409]mmmm yyyy"),
        ("day", "fr", "dd/mm/yyyy"),
    ],
)
def test_months_and_days_are_dates(span, locale, pattern):
    columns = (Column("period_start", Kind.TIME, span=span), Column("a", Kind.NUMBER))
    found = sheet(Content(tables=[table(columns, [(1_769_900_400.0, 1)])]), locale)
    assert found["A2"].value == datetime(2026, 2, 1)  # noqa: DTZ001
    assert found["A2"].number_format == pattern
    assert found["B1"].value == "a"


def test_every_sheet_is_printed_a_page_wide_with_headings_in_one_font():
    content = Content(tables=[readings(2)], charts=charts("Fridge"))
    book = openpyxl.load_workbook(io.BytesIO(written(content, "excel", "fr")))
    for one in book.worksheets:
        assert one.sheet_properties.pageSetUpPr.fitToPage
        assert (one.page_setup.fitToHeight, one.page_setup.paperSize) == (0, 9)
    assert {font.name for font in book._fonts} == {"Calibri"}
    assert book.worksheets[-1].row_dimensions[1].height >= 18


def test_headings_stand_where_their_values_do():
    tables = workbook(Content(tables=[readings(1)], charts=charts("Fridge"))).worksheets
    left, right, middle = None, "right", "center"
    found = [cell.alignment.horizontal for cell in tables[-1][1]]
    assert found == [right, left, left, right, right, middle]
    beside = next(cell for row in tables[1] for cell in row if cell.value == "Fridge")
    assert beside.alignment.horizontal == right


def test_columns_are_as_wide_as_their_texts_but_not_endless():
    long = sheet(Content(tables=[table(NAME, [("x" * 40,)])]))
    endless = sheet(Content(tables=[table(NAME, [("x" * 4000,)])]))
    assert 40 <= long.column_dimensions["A"].width < 50
    assert endless.column_dimensions["A"].width == 60


def test_the_summary_comes_first():
    content = Content(tables=[readings(3)], figures=FIGURES)
    found = workbook(content, warnings=[WARNING]).worksheets[0]
    rows = {row[0]: row[1] for row in found.iter_rows(values_only=True)}
    assert found.title == "Summary"
    assert found["A1"].value == "Device readings"
    assert rows["Period"] == "January 2026"
    assert rows["Time zone"] == "Europe/Paris (UTC+01:00)"
    assert rows["Created"] == "1 February 2026, 10:00"
    assert rows["Devices"] == "Fridge, Oven"
    assert rows["Total energy (kWh)"] == 1234.5
    assert rows["Total cost (€)"] == 321.5
    texts = [row[1] for row in found.iter_rows(values_only=True)]
    assert any(str(text).startswith("No readings in this range: Fridge") for text in texts)
    assert "NO_READINGS" not in rows


@pytest.mark.parametrize(("rows", "said"), [(1, "1 ligne"), (2, "2 lignes")])
def test_the_summary_counts_in_words(rows, said):
    summary = workbook(Content(tables=[readings(rows)]), "fr").worksheets[0]
    assert said in [row[1] for row in summary.iter_rows(values_only=True)]


def test_a_heading_of_a_chart_that_breaks_has_the_height_of_its_lines():
    names = ("Fridge", "Washing machine of the cellar")
    grid = [one for one in charts(*names) if one.kind in {ChartKind.LINE, ChartKind.HEAT_MAP}]
    sheet = next(
        one
        for one in workbook(Content(tables=[readings(1)], charts=grid)).worksheets
        if one.cell(2, 3).value == names[1]
    )
    assert sheet.row_dimensions[2].height > 30


def test_a_zone_that_is_kept_secret_is_shown_by_its_offsets_only():
    content = written(Content(tables=[readings(1)]), "excel", timezone=None)
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert not [name for name in archive.namelist() if b"Paris" in archive.read(name)]


def test_charts_are_real_ones_and_a_heat_map_is_a_coloured_grid():
    content = written(Content(tables=[readings(1)], charts=charts("Fridge", "Oven")), "excel")
    archive = zipfile.ZipFile(io.BytesIO(content))
    parts = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/charts/")]
    kinds = [[k for k in ("barChart", "lineChart", "pieChart") if f"<{k}>" in xml] for xml in parts]
    assert kinds == [["barChart"], ["barChart"], ["lineChart"], ["pieChart"]]
    assert 'grouping val="stacked"' in parts[1]
    assert all("'Charts'!$B$" in xml for xml in parts)
    # Columns below zero do not cover what stands below them.
    assert [xml.count('tickLblPos val="low"') for xml in parts] == [1, 1, 1, 0]
    found = openpyxl.load_workbook(io.BytesIO(content))["Charts"]
    (area,) = found.conditional_formatting
    assert area.rules[0].type == "colorScale"


def test_every_part_is_well_formed_and_has_no_author():
    content = written(Content(tables=[readings(1)], charts=charts("<&>")), "excel")
    archive = zipfile.ZipFile(io.BytesIO(content))
    for name in archive.namelist():
        ET.fromstring(archive.read(name))
    core = archive.read("docProps/core.xml").decode()
    assert "<dc:creator>MED Exporter</dc:creator>" in core
    assert "lastModifiedBy" not in core


def test_several_tables_are_several_sheets_with_names_that_excel_takes():
    names = ["device_summary", "a/b:[c]*?", "x" * 40, "x" * 50, "Summary", "summary"]
    content = Content(tables=[table(NAME, [("x",)], name) for name in names])
    assert workbook(content).sheetnames == [
        "Summary", "Devices", "a b  c", "x" * 31, "x" * 27 + " (2)", "Summary (2)", "summary (3)",
    ]  # fmt: skip


def test_past_the_last_row_of_a_sheet_there_is_another(monkeypatch):
    monkeypatch.setattr(excel_file, "MOST_ROWS", 150)
    found = workbook(Content(tables=[readings(400)]))
    assert found.sheetnames[1:] == ["Device readings", "Device readings (2)", "Device readings (3)"]
    assert [part.max_row for part in found.worksheets[1:]] == [151, 151, 101]
    powers = [
        row[3] for part in found.worksheets[1:] for row in part.iter_rows(2, values_only=True)
    ]
    assert powers == [1000.5 + number for number in range(400)]


def test_a_table_without_rows_has_its_header():
    found = sheet(Content(tables=[table(NAME, [])]))
    assert [[cell.value for cell in row] for row in found.iter_rows()] == [["Device"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_looks_like_a_formula_is_neutralised(start):
    assert one_cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    "name", ["-12", 'The "big", old\r\nfridge; <été> & 🧊', " spaces ", "غرفة", "#N/A", "客厅灯"]
)
def test_other_names_come_back(name):
    assert one_cell(name) == name


def test_what_a_cell_cannot_hold_is_replaced():
    assert one_cell("a\x00b\x1fc\ud800") == "a\ufffdb\ufffdc\ufffd"
    assert len(one_cell("x" * 40_000)) == 32_767


def test_a_text_is_not_taken_for_the_code_of_a_character():
    content = written(Content(tables=[table(NAME, [("_x0041_",)])]), "excel")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b">_x005F_x0041_<" in archive.read("xl/worksheets/sheet2.xml")


def test_numbers_that_are_not_finite_are_empty():
    columns = (Column("a", Kind.NUMBER, 2), Column("b", Kind.NUMBER, 2))
    found = sheet(Content(tables=[table(columns, [(float("nan"), float("inf"))])]))
    assert [cell.value for cell in found[2]] == [None, None]


def test_nothing_lies_beside_the_file_while_it_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert sheet(Content(tables=[readings(3)], charts=charts("Fridge"))).max_row == 5
