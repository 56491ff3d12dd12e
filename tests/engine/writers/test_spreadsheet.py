"""No door lets a text in that a spreadsheet would run, and every name comes back as it was."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from custom_components.med_exporter.engine.job import CustomField
from custom_components.med_exporter.engine.writers.spreadsheet import neutral

from ..conftest import FRIDGE, at

START = at("2026-01-10 00:00")
STARTS = ("=", "+", "-", "@", "\t", "\r")
PAYLOAD = "cmd|' /C calc'!A0"
NAMES = (
    "Lamp, kitchen",
    'The "big" one',
    "two\nlines",
    "été 🧊 👩‍👩‍👧",
    "مصباح المطبخ",
    "מנורה (2)",
    "semi;colon\ttab",
    "'quoted'",
    "\U0001d518\U0001d52b",
    "{name}",
    "<b>&amp;</b>",
)


@pytest.fixture
def whole(recorder, exports):
    """Return the cells of a file with one row, whose texts all come from a user."""
    recorder.add(FRIDGE.entities["power_w"], [(START, 5)])

    def cells(file_format: str, name: str, heading: str = "said") -> list[list[object]]:
        formula = f"CASE WHEN power_w > 1 THEN '{name.replace(chr(39), chr(39) * 2)}' END"
        job = exports.job(
            format=file_format,
            devices=(replace(FRIDGE, device_name=name),),
            fields=("device_name", heading),
            custom_fields=(CustomField(name=heading, formula=formula, unit=heading),),
        )
        exports.run(job)
        data = Path(job.path).read_bytes()
        if file_format == "csv":
            return list(csv.reader(io.StringIO(data.decode(), newline="")))
        if file_format == "json":
            return [[*row] for row in (r.values() for r in json.loads(data)["data"])]
        book = openpyxl.load_workbook(io.BytesIO(data))
        found = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in found} <= {"s", "n", "d", "b", "inlineStr"}
        return [[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()]

    return cells


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("file_format", ["csv", "excel"])
def test_no_cell_begins_like_a_formula(whole, file_format, start):
    for row in whole(file_format, f"{start}{PAYLOAD}", f"{start}SUM(A1)"):
        for cell in row:
            assert not (isinstance(cell, str) and cell.startswith(STARTS))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("file_format", ["csv", "json", "excel"])
def test_any_name_comes_back(whole, file_format, name):
    rows = whole(file_format, name.replace("\t", " "))
    assert [name.replace("\t", " ")] * 2 in [row[:2] for row in rows]


@pytest.mark.parametrize(
    "text", ["-inf", "+nan", "-infinity", "+1_000", "-\u0661", "- 1", "+", "-1e", "-1-1"]
)
def test_what_only_a_program_takes_for_a_number_is_no_number(text):
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-1", "+2.5", "-.5", "-3.", "+1e3", "-1E-3"])
def test_a_number_stays(text):
    assert neutral(text) == text
