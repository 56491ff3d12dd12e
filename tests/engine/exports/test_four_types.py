"""Each of the types that are not readings in each format, opened with what people open it with."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import zipfile

import openpyxl
import pytest

from custom_components.med_exporter.engine.database.audit_tables import audit_table
from custom_components.med_exporter.engine.formats import FORMATS
from custom_components.med_exporter.engine.job import REPORT_SECTIONS, GivenTable
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.tables import Column

from .homes import BARN, DEVICES, HOUSE, at, demo
from .test_audit_logs import event

START, END = at("2026-03-01"), at("2026-03-15")
NAME = (Column("name", Kind.TEXT),)
CONFIGURATION = (
    GivenTable(name="users", columns=NAME, rows=(("Zoë",), ("Ali, the 2nd",))),
    GivenTable(name="schedules", columns=NAME, rows=()),
)
TABLES = {
    "cost_analysis": ("cost_analysis",),
    "system_report": REPORT_SECTIONS,
    "audit_logs": ("audit_logs",),
    "configuration": ("users", "schedules"),
}
TITLES = {
    "cost_analysis": ["Analyse des coûts"],
    "system_report": [
        "Appareils", "Consommation d’énergie", "Coûts", "État du système",  # noqa: RUF001
        "Habitudes de consommation",
    ],
    "audit_logs": ["Journal d’audit"],  # noqa: RUF001
    "configuration": ["Utilisateurs", "Planifications"],
}  # fmt: skip


@pytest.fixture
def export(recorder, exports):
    home = demo(recorder, START, END)
    home.insert(audit_table, [event(START + number) for number in range(3)])

    def make(export_type: str, file_format: str, **options: object) -> bytes:
        about_devices = export_type in {"cost_analysis", "system_report"}
        document = FORMATS[file_format].document
        return exports.content(
            export_type=export_type,
            format=file_format,
            devices=DEVICES if about_devices else (),
            points=(HOUSE, BARN),
            start=START,
            end=END,
            timezone="Europe/Paris",
            fields=(),
            breakdown_by=("device", "time_of_use"),
            include_charts=document and about_devices,
            given=CONFIGURATION if export_type == "configuration" else (),
            options=exports.options(locale="fr" if document else "en", **options),
        )

    return make


@pytest.mark.parametrize("export_type", TABLES)
def test_csv_has_a_file_for_each_table_with_the_rows_of_json(export, export_type):
    content = export(export_type, "csv")
    found = json.loads(export(export_type, "json"))
    names = TABLES[export_type]
    if len(names) == 1:
        files = {names[0]: content}
    else:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name.removesuffix(".csv"): archive.read(name) for name in archive.namelist()}
    assert tuple(files) == tuple(names)
    for name, data in files.items():
        rows = found["data"] if len(names) == 1 else found[name]
        shown = list(csv.DictReader(io.StringIO(data.decode())))
        assert [list(row) for row in shown] == [list(row) for row in rows]
        for row, expected in zip(shown, rows, strict=True):
            for column, value in expected.items():
                if isinstance(value, float):
                    assert float(row[column]) == value
                elif not isinstance(value, bool):
                    assert row[column] == ("" if value is None else str(value))


@pytest.mark.parametrize("export_type", TABLES)
def test_excel_has_a_sheet_for_each_table(export, export_type):
    book = openpyxl.load_workbook(io.BytesIO(export(export_type, "excel")))
    found = json.loads(export(export_type, "json"))
    assert [title for title in book.sheetnames if title in TITLES[export_type]] == TITLES[
        export_type
    ]
    for title, name in zip(TITLES[export_type], TABLES[export_type], strict=True):
        rows = found["data"] if len(TABLES[export_type]) == 1 else found[name]
        sheet = book[title]
        adds_up = name in {"cost_analysis", "cost_breakdown"}
        assert sheet.max_row == len(rows) + 1 + adds_up
        if rows and name == "cost_analysis":
            headers = [cell.value for cell in sheet[1]]
            place = headers.index("Coût de l’énergie (€)")  # noqa: RUF001
            assert [sheet.cell(2 + n, place + 1).value for n in range(len(rows))] == [
                row["energy_cost"] for row in rows
            ]
    charts = sum(len(sheet._charts) for sheet in book.worksheets)
    assert charts == {"cost_analysis": 2, "system_report": 3}.get(export_type, 0)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
@pytest.mark.parametrize("export_type", TABLES)
def test_pdf_has_each_title_and_each_device(export, export_type):
    content = export(export_type, "pdf")
    text = subprocess.run(
        ["pdftotext", "-layout", "-", "-"],
        input=content, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    words = " ".join(text.split())
    titles = list(TITLES[export_type])
    if export_type == "system_report":
        # On pages it is a picture.
        titles[-1] = "La production n’est pas comptée"  # noqa: RUF001
    for title in titles:
        assert title in words
    wanted = {
        "cost_analysis": ["Fridge", "Barn", "Montant", "Abonnement", "day"],
        "system_report": ["Lathe", "lundi", "Consommation de fond", "Énergie totale"],
        "audit_logs": ["Alice", "login", "192.0.2.77"][::2],
        "configuration": ["Zoë", "Ali, the 2nd", "Aucune ligne"],
    }[export_type]
    for word in wanted:
        assert word in words


def test_a_french_csv_names_the_offset_of_each_time(exports, recorder):
    demo(recorder, START, END)
    content = exports.content(
        export_type="cost_analysis", format="csv", devices=DEVICES, points=(HOUSE, BARN),
        start=START, end=END, timezone="Europe/Paris", fields=(),
        options=exports.options(locale="fr"),
    )  # fmt: skip
    header = content.decode("utf-8-sig").splitlines()[0].split(";")
    assert header[:4] == ["period_start", "utc_offset", "period_end", "period_end_utc_offset"]


def test_documents_put_our_own_words_into_their_language(export):
    book = openpyxl.load_workbook(io.BytesIO(export("system_report", "excel")))
    roles = {row[5] for row in book["Appareils"].iter_rows(min_row=2, values_only=True)}
    assert roles == {"consommation", "production"}
    periods = {row[1] for row in book["Coûts"].iter_rows(min_row=2, values_only=True)}
    assert {"night", "day"} <= periods
    found = json.loads(export("system_report", "json"))
    assert {row["role"] for row in found["device_summary"]} == {"consumption", "production"}


def test_a_configuration_is_of_no_period(export):
    summary = openpyxl.load_workbook(io.BytesIO(export("configuration", "excel"))).worksheets[0]
    assert "Période" not in {row[0] for row in summary.iter_rows(values_only=True)}


@pytest.mark.parametrize("export_type", ["cost_analysis", "system_report"])
def test_without_digits_after_the_point_numbers_are_whole(export, export_type):
    tables = json.loads(export(export_type, "json", decimal_places=0))
    del tables["metadata"]
    always = {"answer_rate", "longest_gap", "size_mb"}
    fractions = {
        name
        for rows in tables.values()
        for row in rows
        for name, value in row.items()
        if isinstance(value, float) and name not in always
    }
    assert fractions == set()
