"""Several tables: files in a zip, keys of an object, sheets, sections."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest

from custom_components.med_exporter.engine.formats import FORMATS, mime_type_of
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.content import Content
from custom_components.med_exporter.engine.rows.tables import Column

from .documents import readings, table, written

NAME = (Column("device_name", Kind.TEXT), Column("last_seen", Kind.TIME))


def content() -> Content:
    return Content(tables=[readings(3), table(NAME, [("Oven", None)], "device_summary")])


def test_csv_is_a_zip_with_a_file_for_each_table():
    archive = zipfile.ZipFile(io.BytesIO(written(content(), "csv")))
    assert archive.testzip() is None
    assert archive.namelist() == ["device_data.csv", "device_summary.csv"]
    assert archive.read("device_summary.csv") == b"device_name,last_seen\r\nOven,\r\n"
    rows = list(csv.reader(io.StringIO(archive.read("device_data.csv").decode())))
    assert len(rows) == 4


def test_french_csv_files_in_a_zip_are_french():
    archive = zipfile.ZipFile(io.BytesIO(written(content(), "csv", "fr")))
    assert archive.read("device_summary.csv").decode("utf-8-sig").startswith("device_name;")


def test_json_has_a_key_for_each_table():
    found = json.loads(written(content(), "json"))
    assert list(found) == ["metadata", "device_data", "device_summary"]
    assert found["device_summary"] == [{"device_name": "Oven", "last_seen": None}]


BEGINNINGS = {
    "text/csv": b"timestamp",
    "application/json": b"{",
    "application/pdf": b"%PDF",
    "application/zip": b"PK",
    FORMATS["excel"].single.mime_type: b"PK",
}


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("tables", [1, 2])
def test_the_name_of_a_file_tells_what_it_is(file_format, tables):
    written_file = written(Content(tables=content().tables[:tables]), file_format)
    package = FORMATS[file_format].package(tables)
    assert mime_type_of(package.extension) == package.mime_type
    assert written_file.startswith(BEGINNINGS.get(package.mime_type, b""))
