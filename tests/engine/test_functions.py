"""Functions that the user asks for, and columns computed from the rows."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.engine.job import CustomField

from .conftest import FRIDGE, WASHER, at

POWER = FRIDGE.entities["power_w"]
ENERGY = FRIDGE.entities["energy_total_kwh"]
SWITCH = FRIDGE.entities["is_on"]
START = at("2026-01-10 00:00")
HOUR = 3600


def by_hour(exports, field: str, function: str, **changes) -> list:
    rows = exports.rows(
        aggregation="hourly", aggregation_functions={field: function},
        fields=("timestamp", field), **({"end": START + 3 * HOUR} | changes),
    )  # fmt: skip
    return [row[field] for row in rows]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("min", [100, 100, 200]),
        ("max", [300, 300, 200]),
        ("first", [300, 100, 200]),
        ("last", [100, 200, 200]),
        ("sum", [400, 500, None]),
        ("count", [2, 2, 0]),
        ("average", [200, 200, 200]),
    ],
)
def test_a_level_counts_while_it_holds_and_is_counted_when_it_is_read(
    recorder, exports, function, expected
):
    recorder.add(POWER, [(START, 300), (START + 1800, 100), (START + HOUR + 1800, 300),
                         (START + 2 * HOUR - 1, 200)])  # fmt: skip
    if function == "average":
        expected = [200, pytest.approx(200, abs=0.1), 200]
    assert by_hour(exports, "power_w", function) == expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [("sum", [1.5, 0]), ("min", [0.5, None]), ("max", [1, None]), ("count", [2, 0]),
     ("average", [0.75, None]), ("first", [0.5, None]), ("last", [1, None])],
)  # fmt: skip
def test_an_amount_belongs_to_the_hour_of_its_reading(recorder, exports, function, expected):
    recorder.add(ENERGY, [(START - 9, 1), (START + 10, 1.5), (START + 20, 2.5)])
    assert by_hour(exports, "energy_kwh", function, end=START + 2 * HOUR) == expected


@pytest.mark.parametrize(("function", "expected"), [("max", True), ("last", False),
                                                    ("average", 0.5), ("count", 2)])  # fmt: skip
def test_a_relay(recorder, exports, function, expected):
    recorder.add(SWITCH, [(START, "on"), (START + 1800, "off")])
    assert by_hour(exports, "is_on", function, end=START + HOUR) == [expected]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20
)
@given(
    states=st.lists(
        st.tuples(st.integers(0, 3 * HOUR - 1), st.integers(0, 2000)),
        min_size=1, max_size=30, unique_by=lambda state: state[0] // 2,
    )
)  # fmt: skip
def test_functions_are_those_of_a_plain_calculation(recorder, exports, states):
    recorder.clear()
    states = sorted((moment // 2 * 2, power) for moment, power in states)
    recorder.add(POWER, [(START + moment, power) for moment, power in states])
    for function, plain in (("min", min), ("max", max), ("first", lambda v: v[0]),
                            ("last", lambda v: v[-1])):  # fmt: skip
        expected = []
        for hour in range(0, 3 * HOUR, HOUR):
            before = [power for moment, power in states if moment <= hour][-1:]
            inside = [power for moment, power in states if hour < moment < hour + HOUR]
            if before or inside:
                expected.append(plain(before + inside))
        assert by_hour(exports, "power_w", function) == expected


class TestCustomFields:
    def test_the_documents_examples(self, recorder, exports):
        recorder.add(POWER, [(START + n * HOUR, 75) for n in range(48)])
        recorder.add(ENERGY, [(START + n * HOUR, n * 0.075) for n in range(48)])
        custom = (
            CustomField(name="efficiency", formula="power_w / rated_power * 100", unit="%"),
            CustomField(
                name="daily_average",
                formula="SUM(energy_kwh) / COUNT(DISTINCT DATE(timestamp))",
                unit="kWh/day",
            ),
        )
        rows = exports.rows(
            end=START + 48 * HOUR, aggregation="daily", custom_fields=custom,
            fields=("daily_average", "device_name", "efficiency"), devices=(FRIDGE, WASHER),
        )  # fmt: skip
        assert rows == [{"daily_average": 1.7625, "device_name": "Fridge", "efficiency": 50}] * 2

    def test_see_the_rows_as_they_stand_in_the_export(self, recorder, exports):
        recorder.add(POWER, [(START, 10), (START + 1800, 30), (START + HOUR, 50)])
        custom = (
            CustomField(name="most", formula="MAX(power_w)"),
            CustomField(name="busy", formula="CASE WHEN power_w > 20 THEN 'yes' ELSE 'no' END"),
        )
        rows = exports.rows(
            end=START + 2 * HOUR, aggregation="hourly", custom_fields=custom,
            fields=("busy", "most"), aggregation_functions={"power_w": "min"},
        )  # fmt: skip
        assert rows == [{"busy": "no", "most": 50}, {"busy": "yes", "most": 50}]

    @pytest.mark.parametrize("decimals", [None, 2])
    def test_whole_numbers_have_no_point(self, recorder, exports, decimals):
        recorder.add(POWER, [(START, 10)])
        custom = (
            CustomField(name="hour", formula="HOUR(timestamp)"),
            CustomField(name="rest", formula="12 % 5"),
            CustomField(name="half", formula="power_w / 5"),
        )
        (row,) = exports.rows(
            custom_fields=custom, fields=("hour", "rest", "half"),
            options=exports.options(decimal_places=decimals),
        )  # fmt: skip
        assert [str(value) for value in row.values()] == ["0", "2", "2.0"]

    @pytest.mark.parametrize("decimals", [None, 0])
    @pytest.mark.parametrize("formula", ["1e15 * 1e15", "1e15 * 1e15 * (power_w / 10)"])
    def test_a_number_that_is_larger_than_those_of_json(self, recorder, exports, formula, decimals):
        recorder.add(POWER, [(START, 10)])
        rows = exports.rows(
            custom_fields=(CustomField(name="huge", formula=formula),), fields=("huge",),
            options=exports.options(decimal_places=decimals),
        )  # fmt: skip
        assert rows == [{"huge": 1e30}]

    def test_chunks_do_not_matter(self, recorder, exports):
        recorder.add(POWER, [(START + n * 10, n) for n in range(50)])
        custom = (CustomField(name="share", formula="power_w / SUM(power_w)"),)
        views = [
            exports.rows(custom_fields=custom, fields=("timestamp", "share"),
                         options=exports.options(chunk_size=size))
            for size in (1, 7, 1000)
        ]  # fmt: skip
        assert views[0] == views[1] == views[2]
        assert len(views[0]) == 50


@pytest.mark.parametrize(("rows", "fits"), [(20, True), (21, False)])
@pytest.mark.parametrize(
    ("file_format", "limit", "code"),
    [("csv", "max_records", ErrorCode.TOO_MANY_RECORDS),
     ("pdf", "max_pdf_rows", ErrorCode.TOO_MANY_PDF_ROWS)],
)  # fmt: skip
@pytest.mark.parametrize("aggregation", ["raw", "hourly"])
def test_a_limit_and_one_past_it(
    recorder, exports, rows, fits, file_format, limit, code, aggregation
):
    recorder.add(POWER, [(START + n * HOUR, n) for n in range(rows)])
    job = exports.job(format=file_format, aggregation=aggregation, end=START + rows * HOUR,
                      fields=("timestamp", "power_w"), **{limit: 20})  # fmt: skip
    if fits:
        assert exports.run(job).records == 20
        return
    with pytest.raises(ExportError) as failed:
        exports.run(job)
    assert failed.value.code is code
    assert exports.left() == []


def test_outliers_and_statistics_do_not_depend_on_chunks(recorder, exports):
    recorder.add(POWER, [(START + n * 10, n % 7) for n in range(50)])
    contents = {
        json.dumps(exports.rows(options=exports.options(chunk_size=size))) for size in (1, 3, 99)
    }
    assert len(contents) == 1
