from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.codec import from_json, to_json
from custom_components.med_exporter.engine.job import Privacy, Request
from custom_components.med_exporter.engine.readings.fields import FIELDS
from custom_components.med_exporter.errors import InvalidRequest
from custom_components.med_exporter.exports.request import async_read_request
from tests.file_exports import request


@pytest.fixture
async def read(hass):
    await hass.config.async_set_time_zone("Europe/Paris")

    async def read(value):
        return await async_read_request(hass, value)

    return read


def utc(got):
    return datetime.fromtimestamp(got.start, UTC)


async def test_a_request_that_names_little_gets_the_documented_defaults(read):
    got = await read(request(fields=None))
    assert got.device_names is None
    assert got.fields[:2] == ("timestamp", "device_id")
    assert got.fields == tuple(FIELDS)
    assert got.aggregation == "raw"
    assert got.timezone == "Europe/Paris"
    assert got.options.include_headers
    assert got.options.decimal_places is None
    assert got.options.locale == "en"
    assert not got.options.compression
    assert got.background_processing
    assert not got.cache_results


async def test_the_documents_example_is_understood(read):
    got = await read(
        {
            "export_type": "device_data",
            "format": "csv",
            "date_range": {"start": "2024-01-01T00:00:00Z", "end": "2024-01-31T23:59:59Z"},
            "devices": ["192.168.1.100"],
            "fields": ["timestamp", "power_w", "energy_kwh", "voltage", "current", "cost"],
            "aggregation": "hourly",
            "options": {
                "include_headers": True,
                "timezone": "America/New_York",
                "decimal_places": 2,
            },
            "performance_options": {
                "chunk_size": 10000,
                "compression": True,
                "background_processing": True,
                "cache_results": False,
            },
        }
    )
    assert got.start == datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    assert got.end == datetime(2024, 1, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    assert got.device_names == ("192.168.1.100",)
    assert got.timezone == "America/New_York"
    assert got.options.decimal_places == 2
    assert got.options.chunk_size == 10000
    assert got.options.compression


async def test_days_are_those_of_the_time_zone_asked_for(read):
    days = {"start": "2026-01-01", "end": "2026-01-01"}
    assert utc(await read(request(date_range=days))).hour == 23
    got = await read(request(date_range=days, options={"timezone": "America/New_York"}))
    assert utc(got).hour == 5


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"export_type": None}, "export_type", "INVALID_REQUEST"),
        ({"export_type": "everything"}, "export_type", "INVALID_VALUE"),
        ({"export_type": 1}, "export_type", "INVALID_REQUEST"),
        ({"format": None}, "format", "INVALID_REQUEST"),
        ({"format": "xml"}, "format", "INVALID_VALUE"),
        ({"date_range": None}, "date_range", "INVALID_REQUEST"),
        ({"devices": "fridge"}, "devices", "INVALID_VALUE"),
        ({"devices": []}, "devices", "INVALID_REQUEST"),
        ({"devices": [1]}, "devices", "INVALID_REQUEST"),
        ({"fields": ["timestamp", "colour"]}, "fields", "UNKNOWN_FIELD"),
        ({"fields": ["power_w", "power_w"]}, "fields", "INVALID_VALUE"),
        ({"fields": "power_w"}, "fields", "INVALID_REQUEST"),
        ({"fields": []}, "fields", "INVALID_REQUEST"),
        ({"aggregation": "yearly"}, "aggregation", "INVALID_VALUE"),
        ({"aggregation": ["daily"]}, "aggregation", "INVALID_REQUEST"),
        ({"colour": "red"}, "colour", "INVALID_REQUEST"),
        ({"include_charts": True}, "include_charts", "NOT_APPLICABLE"),
        ({"privacy_options": {"hide": True}}, "privacy_options.hide", "INVALID_REQUEST"),
        (
            {"privacy_options": {"exclude_user_data": "yes"}},
            "privacy_options.exclude_user_data",
            "INVALID_REQUEST",
        ),
        ({"grouping": "monthly"}, "grouping", "NOT_APPLICABLE"),
        ({"users": ["admin"]}, "users", "NOT_APPLICABLE"),
        ({"options": []}, "options", "INVALID_REQUEST"),
        ({"options": {"colour": 1}}, "options.colour", "INVALID_REQUEST"),
        ({"options": {"timezone": "Mars/Olympus"}}, "options.timezone", "INVALID_VALUE"),
        ({"options": {"timezone": "../../etc/passwd"}}, "options.timezone", "INVALID_VALUE"),
        ({"options": {"timezone": "America"}}, "options.timezone", "INVALID_VALUE"),
        ({"options": {"timezone": ""}}, "options.timezone", "INVALID_VALUE"),
        ({"options": {"decimal_places": -1}}, "options.decimal_places", "INVALID_VALUE"),
        ({"options": {"decimal_places": "2"}}, "options.decimal_places", "INVALID_REQUEST"),
        ({"options": {"decimal_places": True}}, "options.decimal_places", "INVALID_REQUEST"),
        ({"options": {"locale": "de"}}, "options.locale", "INVALID_VALUE"),
        ({"options": {"delimiter": "ab"}}, "options.delimiter", "INVALID_VALUE"),
        ({"options": {"delimiter": '"'}}, "options.delimiter", "INVALID_VALUE"),
        ({"options": {"include_headers": "no"}}, "options.include_headers", "INVALID_REQUEST"),
        (
            {"performance_options": {"cache_results": 1}},
            "performance_options.cache_results",
            "INVALID_REQUEST",
        ),
        (
            {"performance_options": {"chunk_size": 0}},
            "performance_options.chunk_size",
            "INVALID_VALUE",
        ),
        (
            {"performance_options": {"threads": 4}},
            "performance_options.threads",
            "INVALID_REQUEST",
        ),
    ],
)
async def test_a_mistake_is_named_at_its_field(read, changes, field, code):
    with pytest.raises(InvalidRequest) as error:
        await read(request(**changes))
    assert (error.value.field, error.value.code) == (field, code)


@pytest.mark.parametrize(
    "option", [{"delimiter": ";"}, {"locale": "en"}, {"include_headers": True}]
)
async def test_an_option_that_cannot_act_in_json_is_refused(read, option):
    with pytest.raises(InvalidRequest) as error:
        await read(request(format="json", options=option))
    assert error.value.code == "NOT_APPLICABLE"
    assert error.value.field == f"options.{next(iter(option))}"


@pytest.mark.parametrize("value", [None, [], "csv", 7, True])
async def test_a_request_that_is_no_object_is_refused(read, value):
    with pytest.raises(InvalidRequest) as error:
        await read(value)
    assert error.value.field == "body"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    changes=st.dictionaries(
        st.sampled_from(
            [*request(), "devices", "aggregation", "options", "performance_options", "filters"]
        ),
        _JSON,
        max_size=3,
    )
)
async def test_nothing_but_an_invalid_request_comes_of_junk(hass, changes):
    value = {**request(), **changes}
    try:
        got = await async_read_request(hass, value)
    except InvalidRequest:
        return
    assert from_json(Request, json.loads(json.dumps(to_json(got)))) == got


async def test_reports_not_made_yet_or_unknown_are_told_apart(read):
    with pytest.raises(InvalidRequest) as error:
        await read(request(export_type="weather"))
    assert error.value.code == "INVALID_VALUE"


async def test_pdf_and_excel_speak_the_language_of_the_installation(hass, read):
    hass.config.language = "fr-CA"
    for file_format, locale in (("pdf", "fr"), ("excel", "fr"), ("csv", "en")):
        got = await read(request(format=file_format))
        assert got.options.locale == locale
        assert (await read(request(format=file_format, options={"locale": "en"}))) is not None
    hass.config.language = "de"
    assert (await read(request(format="pdf"))).options.locale == "en"


async def test_charts_are_in_a_pdf_unless_not_wanted_and_in_a_workbook_when_wanted(read):
    for file_format, asked, expected in (
        ("pdf", None, True), ("pdf", False, False), ("excel", None, False), ("excel", True, True),
    ):  # fmt: skip
        got = await read(request(format=file_format, include_charts=asked))
        assert got.include_charts is expected


async def test_privacy_options_that_are_on(read):
    asked = {"anonymize_ip_addresses": True, "exclude_user_data": False}
    assert (await read(request(privacy_options=asked))).privacy == Privacy(
        anonymize_ip_addresses=True
    )


async def test_a_device_that_is_named_again_is_named_once(read):
    got = await read(request(devices=["Oven", "Fridge", "Oven", *["Fridge"] * 900]))
    assert got.device_names == ("Oven", "Fridge")


@pytest.mark.parametrize("name", ["devices", "fields", "custom_fields"])
async def test_a_list_that_nobody_can_mean_is_refused_before_it_is_looked_into(read, name):
    with pytest.raises(InvalidRequest) as error:
        await read(request(**{name: ["power_w"] * 240_000}))
    assert (error.value.key, error.value.field) == ("too_many_items", name)


@pytest.mark.parametrize("name", ["devices", "filters", "custom_fields", "options", "date_range"])
async def test_what_is_nested_for_ever_is_refused(read, name):
    value = []
    for _ in range(5_000):
        value = [value]
    with pytest.raises(InvalidRequest):
        await read(request(**{name: value}))


@pytest.mark.parametrize(("days", "allowed"), [(366, True), (367, False)])
async def test_a_range_of_366_days_is_the_longest(read, days, allowed):
    first = date(2024, 3, 1)
    dates = {"start": "2024-03-01", "end": (first + timedelta(days=days - 1)).isoformat()}
    if allowed:
        assert await read(request(date_range=dates))
        return
    with pytest.raises(InvalidRequest) as error:
        await read(request(date_range=dates))
    assert (error.value.code, error.value.field) == ("INVALID_DATE_RANGE", "date_range")
