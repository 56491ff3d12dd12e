"""Any valid request gives the same table in all four formats, and a filter only takes away."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections import Counter
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.job import CustomField, Filters, Privacy, TimeOfDay
from custom_components.med_exporter.engine.readings.fields import FIELDS
from custom_components.med_exporter.engine.words.phrases import Words

from .conftest import FRIDGE, WASHER, at

START = at("2026-03-28 12:00")
KEY = "00112233445566778899aabbccddeeff"
AGGREGATIONS = ("raw", "hourly", "daily", "weekly", "monthly")
CUSTOM = (
    CustomField(name="load", formula="power_w / rated_power * 100", unit="%"),
    CustomField(name="mean", formula="SUM(energy_kwh) / COUNT(DISTINCT DATE(timestamp))"),
    CustomField(name="tag", formula="CASE WHEN power_w > 500 THEN 'high, =1' ELSE device_name END"),
)
POWERED = ("timestamp", "device_name", "energy_kwh", "power_w", "filled")
PRIVACY = ("anonymize_ip_addresses", "exclude_user_data", "hash_device_identifiers",
           "remove_location_data")  # fmt: skip

STATES = st.lists(
    st.tuples(
        st.floats(1, 7200),
        st.integers(0, 2000),
        st.integers(0, 900),
        st.sampled_from(["on", "on", "off", "unavailable"]),
    ),
    min_size=1,
    max_size=30,
)
FILTERS = st.builds(
    Filters,
    min_power=st.none() | st.integers(0, 300),
    max_power=st.none() | st.integers(300, 2000),
    device_states=st.sampled_from([(), ("on",), ("off",), ("on", "off")]),
    exclude_outliers=st.booleans(),
    time_of_day=st.none()
    | st.sampled_from(
        [TimeOfDay(start="22:00", end="06:00"), TimeOfDay(start="08:15", end="18:45")]
    ),
    days_of_week=st.sampled_from([(), (6, 7), (1,), (7,)]),
)


@st.composite
def requests(draw: st.DrawFn) -> dict:
    """What may be asked for, apart from the format."""
    aggregation = draw(st.sampled_from(AGGREGATIONS))
    functions: dict[str, str] = {}
    if aggregation != "raw":
        functions = draw(
            st.dictionaries(
                st.sampled_from(["power_w", "energy_kwh", "voltage", "is_on", "energy_total_kwh"]),
                st.sampled_from(["average", "min", "max", "sum", "first", "last", "count"]),
                max_size=2,
            )
        )
    custom = tuple(draw(st.lists(st.sampled_from(CUSTOM), unique=True, max_size=2)))
    if functions.keys() & {"power_w", "energy_kwh", "is_on"}:
        custom = ()
    fields = draw(st.lists(st.sampled_from(list(FIELDS)), min_size=1, max_size=4, unique=True))
    return {
        "devices": draw(st.sampled_from([(FRIDGE,), (FRIDGE, WASHER)])),
        "start": START,
        "end": START + draw(st.sampled_from([3600, 5 * 3600 + 1.5, 86400, 5 * 86400])),
        "timezone": draw(
            st.sampled_from(["UTC", "Europe/Paris", "Asia/Kolkata", "America/New_York"])
        ),
        "aggregation": aggregation,
        "aggregation_functions": functions,
        "fields": (*fields, *(one.name for one in custom)),
        "custom_fields": custom,
        "filters": draw(st.just(Filters()) | FILTERS),
        "privacy": Privacy(
            **dict.fromkeys(draw(st.lists(st.sampled_from(PRIVACY), unique=True)), True), key=KEY
        ),
        "include_charts": draw(st.booleans()),
    }


OPTIONS = st.fixed_dictionaries(
    {
        "locale": st.sampled_from(["en", "fr"]),
        "decimal_places": st.sampled_from([None, 0, 2, 9]),
        "chunk_size": st.sampled_from([1, 7, 10_000]),
    }
)


def live(recorder, life) -> None:
    """Store the states of two plugs."""
    recorder.clear()
    for device, pace in ((FRIDGE, 1.0), (WASHER, 0.7)):
        moment, counter = START - 900, 10.0
        states: dict[str, list] = {name: [] for name in device.entities}
        for pause, power, energy, relay in life:
            moment = round(moment + pause * pace, 3)
            counter += energy / 1000
            for name, value in (
                ("power_w", power), ("energy_total_kwh", round(counter, 3)), ("is_on", relay),
                ("voltage", 229.5),
            ):  # fmt: skip
                if name in states:
                    states[name].append((moment, relay if relay == "unavailable" else value))
        for name, of_entity in states.items():
            recorder.add(device.entities[name], of_entity)


def wall(text: str) -> tuple[datetime, str]:
    """Return the local time and the offset of an ISO 8601 text."""
    return datetime.fromisoformat(text[:19]), text[19:] if len(text) > 19 else ""


def neutral(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def from_csv(data: bytes, rows: list[dict], locale: str) -> None:
    """Compare a CSV with the rows of JSON."""
    french = locale == "fr"
    text = data.decode("utf-8-sig" if french else "utf-8")
    found = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if french else ","))
    assert len(found) == len(rows) + 1
    for cells, row in zip(found[1:], rows, strict=True):
        left = iter(cells)
        for name, value in row.items():
            cell = next(left)
            if value is None:
                assert cell == ""
            elif name == "timestamp" and french:
                local, offset = wall(value)
                assert cell == local.strftime("%d/%m/%Y %H:%M:%S")
                assert next(left) == f"UTC{offset}"
            elif isinstance(value, bool):
                assert cell == ("true" if value else "false")
            elif isinstance(value, str):
                assert cell == (value if name == "timestamp" else neutral(value))
            else:
                assert float(cell.replace(",", ".") if french else cell) == value
        assert list(left) == []


DATED = ("daily", "weekly", "monthly")
"""Aggregations whose rows are told by a date, as people write it."""


def from_excel(data: bytes, rows: list[dict], aggregation: str) -> None:
    """Compare the last sheet of a workbook with the rows of JSON."""
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[-1]
    found = list(sheet.iter_rows(min_row=2, max_row=len(rows) + 1, values_only=True))
    assert len(found) == len(rows)
    for cells, row in zip(found, rows, strict=True):
        left = iter(cells)
        for name, value in row.items():
            cell = next(left)
            if value is not None and name == "timestamp" and aggregation in DATED:
                assert isinstance(cell, datetime)
            elif value is not None and name == "timestamp":
                local, offset = wall(value)
                assert (cell, next(left)) == (local, f"UTC{offset}")
            elif isinstance(value, str):
                assert cell == neutral(value)
            else:
                assert cell == value
                assert type(cell) is not bool or isinstance(value, bool)


def printed(number: Decimal, *, french: bool) -> str:
    """Return a pattern of a number as people write it, with its thousands set apart."""
    digits = f"{abs(number):,f}"
    whole, _, fraction = digits.partition(".")
    groups = (r"\s?" if french else ",?").join(whole.split(","))
    point = "," if french else r"\."
    decimals = f"{point}{fraction}0*" if fraction else f"(?:{point}0+)?"
    return rf"(?<![\d.,]){'-' if number < 0 else ''}{groups}{decimals}(?!\d)"


def from_pdf(data: bytes, rows: list[dict], options: dict, aggregation: str) -> None:
    """Look for each cell of JSON in the text of a PDF."""
    locale, decimals = options["locale"], options["decimal_places"]
    text = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True
    ).stdout.decode()
    french, words = locale == "fr", Words(locale)
    closed = "".join(text.split())
    wanted: Counter[Decimal] = Counter()
    for name, value in ((name, value) for row in rows for name, value in row.items()):
        if value is None:
            continue
        if name == "timestamp":
            local, _ = wall(value)
            day = local.strftime("%d/%m/%Y" if french else "%b%Y")
            day = day if french else f"{local.day}{day}"
            assert aggregation in DATED or f"{day}{local:%H:%M:%S}" in closed
        elif isinstance(value, bool):
            assert words.text("yes" if value else "no") in text
        elif isinstance(value, str):
            assert "".join(value.split()) in closed
        elif name != "is_on" or decimals is None:
            # A share of time is told in percent: of as many digits, two are not in JSON.
            percent = 100 if name == "is_on" else 1
            wanted[(percent * Decimal(str(value))).normalize()] += 1
    for number, count in wanted.items():
        # A page has as many digits as people read, unless others were asked for.
        shown = {number, *(Decimal(f"{number:.{digits}f}") for digits in range(7))}
        pattern = "|".join(printed(one, french=french) for one in shown)
        assert len(re.findall(pattern, text)) >= count


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(life=STATES, request=requests(), options=OPTIONS)
def test_all_formats_show_the_same_table(recorder, exports, life, request, options):
    live(recorder, life)
    made = {
        file_format: exports.content(
            format=file_format, options=exports.options(**options), **request
        )
        for file_format in ("json", "csv", "excel", "pdf")
    }
    rows = json.loads(made["json"])["data"]
    from_csv(made["csv"], rows, options["locale"])
    from_excel(made["excel"], rows, request["aggregation"])
    from_pdf(made["pdf"], rows, options, request["aggregation"])
    if request["privacy"].hash_device_identifiers:
        shown = made["json"] + made["csv"]
        for device in request["devices"]:
            assert device.device_id.encode() not in shown
            assert device.device_name.encode() not in shown


def total(rows: list[dict]) -> Decimal:
    return sum((Decimal(str(row["energy_kwh"] or 0)) for row in rows), Decimal(0))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20
)
@given(life=STATES, filters=FILTERS, zone=st.sampled_from(["Europe/Paris", "Asia/Kolkata"]))
def test_a_filter_only_takes_away_and_its_rest_adds_up(recorder, exports, life, filters, zone):
    live(recorder, life)
    asked = {
        "devices": (FRIDGE, WASHER), "start": START, "end": START + 5 * 86400, "timezone": zone,
        "fields": POWERED,
    }  # fmt: skip
    totals = set()
    for aggregation in AGGREGATIONS:
        every = exports.rows(**asked, aggregation=aggregation)
        kept = exports.rows(**asked, aggregation=aggregation, filters=filters)
        assert len(kept) <= len(every)
        assert total(kept) <= total(every)
        totals.add(total(kept))
        if aggregation == "raw":
            by_name = {(row["timestamp"], row["device_name"], row["power_w"]) for row in every}
            assert {
                (row["timestamp"], row["device_name"], row["power_w"]) for row in kept
            } - by_name <= beginnings(filters, kept)
    assert len(totals) == 1


def beginnings(filters: Filters, rows: list[dict]) -> set[tuple]:
    """Return the rows at which a time of day or a weekday begins: they say what is in force."""
    begins = {"00:00"} | ({filters.time_of_day.start} if filters.time_of_day else set())
    return {
        (row["timestamp"], row["device_name"], row["power_w"])
        for row in rows
        if row["timestamp"][11:16] in begins and filters.by_time
    }
