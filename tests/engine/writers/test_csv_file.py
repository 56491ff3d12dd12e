"""The CSV file: as spreadsheets and programs read it, and never as a program itself."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import replace

import pytest

from custom_components.med_exporter.engine.job import Options
from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.content import Content
from custom_components.med_exporter.engine.rows.tables import Column
from custom_components.med_exporter.engine.writers.spreadsheet import neutral

from ..conftest import FRIDGE, at
from .documents import table, written

START = at("2026-01-10 00:00")
FIELDS = ("timestamp", "device_name", "power_w", "energy_kwh", "is_on")


@pytest.fixture
def states(recorder):
    recorder.add(FRIDGE.entities["power_w"], [(START + 60 * n, n + 0.123) for n in range(3)])
    recorder.add(FRIDGE.entities["energy_total_kwh"], [(START - 1, 1.0), (START + 60, 1.00002)])
    recorder.add(FRIDGE.entities["is_on"], [(START, "on"), (START + 120, "unavailable")])


def text(exports, **changes) -> str:
    return exports.content(**({"format": "csv", "fields": FIELDS} | changes)).decode()


def rows(content: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content), delimiter=delimiter))


def test_the_whole_file(states, exports):
    assert text(exports, timezone="Europe/Paris") == (
        "timestamp,device_name,power_w,energy_kwh,is_on\r\n"
        "2026-01-10T01:00:00+01:00,Fridge,0.12,0.0,true\r\n"
        "2026-01-10T01:01:00+01:00,Fridge,1.12,0.000020,true\r\n"
        "2026-01-10T01:02:00+01:00,Fridge,2.12,0.0,\r\n"
    )


def test_the_whole_french_file(states, exports):
    options = exports.options(locale="fr", decimal_places=1)
    assert text(exports, timezone="Europe/Paris", options=options) == (
        "\ufefftimestamp;utc_offset;device_name;power_w;energy_kwh;is_on\r\n"
        "10/01/2026 01:00:00;UTC+01:00;Fridge;0,1;0,0;true\r\n"
        "10/01/2026 01:01:00;UTC+01:00;Fridge;1,1;0,0;true\r\n"
        "10/01/2026 01:02:00;UTC+01:00;Fridge;2,1;0,0;\r\n"
    )


def test_the_offset_stands_beside_the_timestamp_only(states, exports):
    options = exports.options(locale="fr")
    header = text(exports, fields=("power_w",), options=options).splitlines()[0]
    assert header == "\ufeffpower_w"


def test_without_headers(states, exports):
    content = text(exports, options=exports.options(include_headers=False))
    assert content.startswith("2026-01-10T00:00:00+00:00,Fridge")


@pytest.mark.parametrize(("locale", "delimiter"), [("en", "\t"), ("fr", ","), ("en", ";")])
def test_another_delimiter(states, exports, locale, delimiter):
    content = text(exports, options=exports.options(locale=locale, delimiter=delimiter))
    table = rows(content, delimiter)
    assert {len(row) for row in table} == {len(table[0])}
    assert table[1][-3] == ("0,12" if locale == "fr" else "0.12")


def test_no_number_has_an_exponent(recorder, exports):
    recorder.add(FRIDGE.entities["energy_total_kwh"], [(START - 1, 0), (START, 0.000001)])
    assert rows(text(exports))[1][3] == "0.000001"


def test_whole_numbers_without_decimals(states, exports):
    assert rows(text(exports, options=exports.options(decimal_places=0)))[2][2] == "1"


def test_names_with_delimiters_quotes_and_line_ends_come_back(states, exports):
    name = 'The "big", old\r\nfridge; été 🧊'
    content = text(exports, devices=(replace(FRIDGE, device_name=name),))
    assert {row[1] for row in rows(content)[1:]} == {name}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_looks_like_a_formula_is_neutralised(states, exports, start):
    name = f"{start}cmd|' /C calc'!A0"
    content = text(exports, devices=(replace(FRIDGE, device_name=name),))
    assert {row[1] for row in rows(content)[1:]} == {f"'{name}"}


@pytest.mark.parametrize("value", ["-12.5", "+3", "-1e3", "plug=1", "", None])
def test_numbers_and_harmless_texts_stay(value):
    assert neutral(value) == value


@pytest.mark.parametrize("locale", ["en", "fr"])
def test_no_cell_of_a_file_begins_like_a_formula(states, exports, locale):
    options = exports.options(locale=locale)
    content = text(exports, timezone="America/New_York", options=options)
    for row in rows(content.lstrip("\ufeff"), ";" if locale == "fr" else ","):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_without_rows_there_is_a_header(recorder, exports):
    assert text(exports) == "timestamp,device_name,power_w,energy_kwh,is_on\r\n"


def test_gzip(states, exports):
    content = exports.content(
        format="csv", fields=FIELDS, options=exports.options(compression=True)
    )
    assert gzip.decompress(content).decode() == text(exports)


def test_a_csv_for_people_has_words_in_their_language():
    columns = (
        Column("timestamp", Kind.TIME),
        Column("last_seen", Kind.TIME),
        Column("energy_kwh", Kind.NUMBER, 2),
        Column("is_on", Kind.FLAG),
    )
    rows = [(0.0, 0.0, 1.5, True)]
    for locale, expected in (
        (
            "fr",
            (
                "\ufeffDate et heure;Décalage UTC;Vu pour la dernière fois;"
                "Décalage UTC (Vu pour la dernière fois);Énergie (kWh);Allumé\r\n"
                "01/01/1970 01:00:00;UTC+01:00;01/01/1970 01:00:00;UTC+01:00;1,5;oui\r\n"
            ),
        ),
        (
            "en",
            (
                "Time,Last seen,Energy (kWh),On\r\n"
                "1970-01-01T01:00:00+01:00,1970-01-01T01:00:00+01:00,1.5,yes\r\n"
            ),
        ),
    ):
        options = Options(locale=locale, machine_names=False)
        content = Content(tables=[table(columns, rows)])
        data = written(content, "csv", locale, job_changes={"options": options})
        assert data.decode() == expected


@pytest.mark.parametrize(
    ("locale", "machine_names", "cells"),
    [
        ("fr", False, ["439,50", "1200,00", "-0,05", "0,123456", ""]),
        ("en", False, ["439.50", "1200.00", "-0.05", "0.123456", ""]),
        ("en", True, ["439.5", "1200.0", "-0.05", "0.123456", ""]),
    ],
)
def test_people_read_money_with_its_cents(locale, machine_names, cells):
    amounts = [(439.5, 439.5), (1_200.0, 1.5), (-0.05, 1.5), (0.123456, 1.5), (None, 1.5)]
    columns = (Column("total", Kind.AMOUNT, 6, "EUR"), Column("energy_kwh", Kind.AMOUNT, 3))
    options = Options(locale=locale, machine_names=machine_names)
    changes = {"currency": "EUR", "options": options}
    content = Content(tables=[table(columns, amounts)])
    lines = rows(
        written(content, "csv", locale, job_changes=changes).decode("utf-8-sig"),
        ";" if locale == "fr" else ",",
    )
    assert [line[0] for line in lines[1:]] == cells
    assert lines[2][1] == ("1,5" if locale == "fr" else "1.5")
