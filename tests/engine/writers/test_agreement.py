"""CSV, JSON and Excel show the same table, cell by cell."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.content import Content
from custom_components.med_exporter.engine.rows.tables import Column
from custom_components.med_exporter.engine.writers.spreadsheet import neutral

from .documents import table, written

if TYPE_CHECKING:
    from datetime import datetime

COLUMNS = (
    Column("timestamp", Kind.TIME),
    Column("device_name", Kind.TEXT),
    Column("power_w", Kind.NUMBER, 3),
    Column("is_on", Kind.FLAG),
)
CODE = re.compile("_x[0-9A-Fa-f]{4}_")
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"),
    min_size=1,
).filter(lambda text: not CODE.search(text))
ROWS = st.tuples(
    st.none() | st.integers(0, 4_000_000_000).map(float),
    st.none() | TEXTS,
    st.none() | st.integers(-(10**12), 10**12).map(lambda value: value / 1000),
    st.none() | st.booleans(),
)


def content(rows: list[tuple[Any, ...]]) -> Content:
    return Content(tables=[table(COLUMNS, rows, size=3)])


def from_json(data: bytes) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in json.loads(data)["data"]]


def from_csv(data: bytes) -> list[tuple[Any, ...]]:
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))[1:]
    return [
        (
            moment or None,
            name or None,
            float(power) if power else None,
            {"": None, "true": True, "false": False}[state],
        )
        for moment, name, power, state in rows
    ]


def from_excel(data: bytes, count: int) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[-1]
    rows = []
    for moment, offset, name, power, state in sheet.iter_rows(
        2, 1 + count, max_col=5, values_only=True
    ):
        text = None if moment is None else as_text(moment, offset)
        rows.append((text, name, power, state))
    return rows


def as_text(moment: datetime, offset: str) -> str:
    return moment.isoformat(timespec="seconds") + offset.removeprefix("UTC")


@given(st.lists(ROWS, max_size=8))
@settings(max_examples=60, deadline=None)
def test_they_agree(rows):
    expected = [
        (moment, neutral(name), power, state)
        for moment, name, power, state in from_json(written(content(rows), "json"))
    ]
    assert from_csv(written(content(rows), "csv")) == expected
    assert from_excel(written(content(rows), "excel"), len(rows)) == expected
