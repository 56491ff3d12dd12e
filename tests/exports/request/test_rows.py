"""Rows and columns of a request: each option read, each mistake named at its field."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.codec import from_json, to_json
from custom_components.med_exporter.engine.job import FUNCTIONS, Request, TimeOfDay
from custom_components.med_exporter.engine.readings.fields import FIELDS
from custom_components.med_exporter.errors import InvalidRequest
from custom_components.med_exporter.exports.request import async_read_request
from custom_components.med_exporter.object_reader import shown
from tests.file_exports import request

VALUES = [name for name, field in FIELDS.items() if field.function is not None]
EFFICIENCY = {"name": "efficiency", "formula": "power_w / rated_power * 100", "unit": "%"}


@pytest.fixture
async def read(hass):
    await hass.config.async_set_time_zone("Europe/Paris")

    async def read(value):
        return await async_read_request(hass, value)

    return read


async def test_the_documents_filters_are_understood(read):
    got = await read(
        request(
            filters={
                "min_power": 10,
                "max_power": 1500,
                "device_states": ["on"],
                "exclude_outliers": True,
                "time_of_day": {"start": "06:00", "end": "22:00"},
                "days_of_week": [1, 2, 3, 4, 5],
            }
        )
    )
    assert (got.filters.min_power, got.filters.max_power) == (10, 1500)
    assert got.filters.device_states == ("on",)
    assert got.filters.exclude_outliers
    assert got.filters.time_of_day == TimeOfDay(start="06:00", end="22:00")
    assert got.filters.days_of_week == (1, 2, 3, 4, 5)


async def test_pages_have_no_ids_and_addresses_unless_they_are_asked_for(read):
    assert (await read(request(format="csv", fields=None))).fields == tuple(FIELDS)
    on_pages = (await read(request(format="pdf", fields=None))).fields
    assert set(FIELDS) - set(on_pages) == {"device_id", "device_ip"}
    assert (await read(request(format="pdf", fields=["device_ip"]))).fields == ("device_ip",)


async def test_pages_have_days_unless_readings_are_asked_for(read):
    for file_format, aggregation in (("csv", "raw"), ("excel", "raw"), ("pdf", "daily")):
        asked = request(format=file_format, aggregation=None)
        assert (await read(asked)).aggregation == aggregation
    assert (await read(request(format="pdf", aggregation="raw"))).aggregation == "raw"


async def test_the_documents_custom_fields_are_understood_and_appended(read):
    average = {
        "name": "daily_average",
        "formula": "SUM(energy_kwh) / COUNT(DISTINCT DATE(timestamp))",
        "unit": "kWh/day",
    }
    got = await read(request(fields=["timestamp"], custom_fields=[EFFICIENCY, average]))
    assert got.fields == ("timestamp", "efficiency", "daily_average")
    assert [custom.unit for custom in got.custom_fields] == ["%", "kWh/day"]


async def test_a_custom_field_stands_where_it_is_listed(read):
    got = await read(request(fields=["efficiency", "timestamp"], custom_fields=[EFFICIENCY]))
    assert got.fields == ("efficiency", "timestamp")


async def test_the_documents_functions_are_understood(read):
    asked = {"power_w": "average", "energy_kwh": "sum", "cost": "sum", "voltage": "average"}
    got = await read(request(aggregation="hourly", aggregation_functions=asked))
    assert got.aggregation_functions == asked


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"aggregation_functions": {"power_w": "max"}}, "aggregation_functions", "NOT_APPLICABLE"),
        (
            {"aggregation": "hourly", "aggregation_functions": {"device_name": "max"}},
            "aggregation_functions",
            "UNKNOWN_FIELD",
        ),
        (
            {"aggregation": "hourly", "aggregation_functions": {"power_w": "median"}},
            "aggregation_functions.power_w",
            "INVALID_VALUE",
        ),
        (
            {"aggregation": "hourly", "aggregation_functions": []},
            "aggregation_functions",
            "INVALID_REQUEST",
        ),
        ({"filters": []}, "filters", "INVALID_REQUEST"),
        ({"filters": {"colour": 1}}, "filters.colour", "INVALID_REQUEST"),
        ({"filters": {"min_power": "10"}}, "filters.min_power", "INVALID_REQUEST"),
        ({"filters": {"min_power": True}}, "filters.min_power", "INVALID_REQUEST"),
        ({"filters": {"max_power": 10**400}}, "filters.max_power", "INVALID_VALUE"),
        ({"filters": {"min_power": 2, "max_power": 1}}, "filters.max_power", "INVALID_VALUE"),
        ({"filters": {"device_states": []}}, "filters.device_states", "INVALID_REQUEST"),
        ({"filters": {"device_states": ["ON"]}}, "filters.device_states", "INVALID_VALUE"),
        ({"filters": {"device_states": ["on", "on"]}}, "filters.device_states", "INVALID_VALUE"),
        ({"filters": {"exclude_outliers": 1}}, "filters.exclude_outliers", "INVALID_REQUEST"),
        ({"filters": {"time_of_day": "06:00"}}, "filters.time_of_day", "INVALID_REQUEST"),
        (
            {"filters": {"time_of_day": {"start": "06:00"}}},
            "filters.time_of_day.end",
            "INVALID_REQUEST",
        ),
        (
            {"filters": {"time_of_day": {"start": "6:00", "end": "07:00"}}},
            "filters.time_of_day.start",
            "INVALID_VALUE",
        ),
        (
            {"filters": {"time_of_day": {"start": "06:00", "end": "24:00"}}},
            "filters.time_of_day.end",
            "INVALID_VALUE",
        ),
        (
            {"filters": {"time_of_day": {"start": "06:00", "end": "06:00"}}},
            "filters.time_of_day.end",
            "INVALID_VALUE",
        ),
        ({"filters": {"days_of_week": []}}, "filters.days_of_week", "INVALID_REQUEST"),
        ({"filters": {"days_of_week": [0]}}, "filters.days_of_week", "INVALID_VALUE"),
        ({"filters": {"days_of_week": [8]}}, "filters.days_of_week", "INVALID_VALUE"),
        ({"filters": {"days_of_week": [1, 1]}}, "filters.days_of_week", "INVALID_VALUE"),
        ({"filters": {"days_of_week": ["Monday"]}}, "filters.days_of_week", "INVALID_REQUEST"),
        ({"custom_fields": {}}, "custom_fields", "INVALID_REQUEST"),
        ({"custom_fields": []}, "custom_fields", "INVALID_REQUEST"),
        ({"custom_fields": [1]}, "custom_fields[0]", "INVALID_REQUEST"),
        ({"custom_fields": [{"name": "x"}]}, "custom_fields[0].formula", "INVALID_REQUEST"),
        (
            {"custom_fields": [{"name": "cost", "formula": "1"}]},
            "custom_fields[0].name",
            "INVALID_VALUE",
        ),
        (
            {"custom_fields": [EFFICIENCY, {**EFFICIENCY, "name": "Efficiency"}]},
            "custom_fields[1].name",
            "INVALID_VALUE",
        ),
        (
            {"custom_fields": [{"name": "\u202e\0", "formula": "1"}]},
            "custom_fields[0].name",
            "INVALID_VALUE",
        ),
        (
            {"custom_fields": [{"name": " ", "formula": "1"}]},
            "custom_fields[0].name",
            "INVALID_VALUE",
        ),
        (
            {"custom_fields": [{"name": "x", "formula": "readfile('/etc/passwd')"}]},
            "custom_fields[0].formula",
            "INVALID_FORMULA",
        ),
        (
            {"custom_fields": [EFFICIENCY, {"name": "x", "formula": "efficiency + 1"}]},
            "custom_fields[1].formula",
            "INVALID_FORMULA",
        ),
        ({"custom_fields": [EFFICIENCY] * 21}, "custom_fields", "INVALID_VALUE"),
    ],
)
async def test_a_mistake_is_named_at_its_field(read, changes, field, code):
    with pytest.raises(InvalidRequest) as error:
        await read(request(**changes))
    assert (error.value.field, error.value.code) == (field, code)


async def test_a_formula_error_names_the_place(read):
    with pytest.raises(InvalidRequest) as error:
        await read(request(custom_fields=[{"name": "x", "formula": "power_w + colour"}]))
    assert error.value.translation_placeholders["position"] == "11"


_CLOCK = st.builds(lambda h, m: f"{h:02d}:{m:02d}", st.integers(0, 23), st.integers(0, 59))
_VALID = st.fixed_dictionaries(
    {},
    optional={
        "aggregation": st.sampled_from(["hourly", "daily", "weekly", "monthly"]),
        "fields": st.lists(st.sampled_from(list(FIELDS)), min_size=1, unique=True),
        "filters": st.fixed_dictionaries(
            {},
            optional={
                "min_power": st.integers(-5, 10) | st.floats(-5, 10),
                "max_power": st.integers(10, 5000),
                "device_states": st.lists(st.sampled_from(["on", "off"]), min_size=1, unique=True),
                "exclude_outliers": st.booleans(),
                "time_of_day": st.tuples(_CLOCK, _CLOCK)
                .filter(lambda pair: pair[0] != pair[1])
                .map(lambda pair: {"start": pair[0], "end": pair[1]}),
                "days_of_week": st.lists(st.integers(1, 7), min_size=1, unique=True),
            },
        ),
        "custom_fields": st.just([EFFICIENCY]),
        "options": st.fixed_dictionaries(
            {},
            optional={
                "decimal_places": st.integers(0, 10),
                "locale": st.sampled_from(["en", "fr"]),
                "delimiter": st.sampled_from([";", "\t", "|"]),
            },
        ),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    changes=_VALID, functions=st.dictionaries(st.sampled_from(VALUES), st.sampled_from(FUNCTIONS))
)
async def test_any_valid_request_is_read(hass, changes, functions):
    if "aggregation" in changes:
        changes = {**changes, "aggregation_functions": functions}
    value = {**request(), **changes}
    got = await async_read_request(hass, value)
    assert from_json(Request, json.loads(json.dumps(to_json(got)))) == got
    assert set(changes.get("fields", request()["fields"])) <= set(got.fields)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(changes=_VALID, name=st.text(min_size=1, max_size=8))
async def test_a_name_that_nobody_knows_is_named(hass, changes, name):
    filters = {**changes.get("filters", {}), f"x{name}": 1}
    with pytest.raises(InvalidRequest) as error:
        await async_read_request(hass, {**request(), **changes, "filters": filters})
    assert error.value.field == shown(f"filters.x{name}")
