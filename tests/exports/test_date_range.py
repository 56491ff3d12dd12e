from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.errors import InvalidRequest
from custom_components.med_exporter.exports.date_range import PRESETS, read_date_range

PARIS = ZoneInfo("Europe/Paris")
# A Saturday afternoon in Paris.
NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def read(value, time_zone=PARIS, now=NOW):
    return read_date_range(value, time_zone=time_zone, now=now)


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("start", "end", "first", "after"),
    [
        ("2026-01-01", "2026-01-31", "2026-01-01T00:00", "2026-02-01T00:00"),
        ("2026-01-01", "2026-01-01", "2026-01-01T00:00", "2026-01-02T00:00"),
        # 23 and 25 hours: clocks change on these days.
        ("2026-03-29", "2026-03-29", "2026-03-29T00:00", "2026-03-30T00:00"),
        ("2026-10-25", "2026-10-25", "2026-10-25T00:00", "2026-10-26T00:00"),
        ("2026-01-01T06:00", "2026-01-01 07:30:15", "2026-01-01T06:00", "2026-01-01T07:30:15"),
        # What a picker makes of a day that was chosen in it.
        ("2026-01-01 00:00:00", "2026-01-31 00:00:00", "2026-01-01T00:00", "2026-02-01T00:00"),
        ("2026-01-01 00:00", "2026-01-01 00:00", "2026-01-01T00:00", "2026-01-02T00:00"),
        ("2026-01-01", "2026-01-31T00:00:00", "2026-01-01T00:00", "2026-01-31T00:00"),
        ("2026-01-01", "2026-01-31 00:00:00+01:00", "2026-01-01T00:00", "2026-01-31T00:00"),
        ("2026-01-01T05:00:00Z", "2026-01-01", "2026-01-01T06:00", "2026-01-02T00:00"),
        ("2026-01-01", "2026-01-01T05:00:00+02:00", "2026-01-01T00:00", "2026-01-01T04:00"),
    ],
)
def test_dates_are_whole_local_days_and_times_are_moments(start, end, first, after):
    assert read({"start": start, "end": end}) == (local(first), local(after))


@pytest.mark.parametrize(
    ("preset", "first", "after"),
    [
        ("today", "2026-11-21", "2026-11-22"),
        ("yesterday", "2026-11-20", "2026-11-21"),
        ("last_7_days", "2026-11-15", "2026-11-22"),
        ("last_30_days", "2026-10-23", "2026-11-22"),
        ("this_week", "2026-11-16", "2026-11-23"),
        ("last_week", "2026-11-09", "2026-11-16"),
        ("this_month", "2026-11-01", "2026-12-01"),
        ("last_month", "2026-10-01", "2026-11-01"),
        ("this_year", "2026-01-01", "2027-01-01"),
        ("last_year", "2025-01-01", "2026-01-01"),
    ],
)
def test_presets_are_whole_local_days(preset, first, after):
    assert read(preset) == (local(first), local(after))


def test_presets_follow_the_day_of_the_time_zone():
    just_after_midnight = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert read("this_year", now=just_after_midnight)[0] == local("2027-01-01")
    assert read("last_month", now=just_after_midnight)[0] == local("2026-12-01")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"start": "2026-02-01", "end": "2026-01-31"}, "date_range.start"),
        ({"start": "2026-02-01T10:00", "end": "2026-02-01T10:00"}, "date_range.start"),
        ({"start": "2026-02-30", "end": "2026-03-31"}, "date_range.start"),
        ({"start": "2026-01-01", "end": "yesterday"}, "date_range.end"),
        ({"start": "2026-W01-1", "end": "2026-01-31"}, "date_range.start"),
        ({"start": "20260101", "end": "2026-01-31"}, "date_range.start"),
        ({"start": 1767225600, "end": "2026-01-31"}, "date_range.start"),
        ({"start": "0001-01-01T00:00:00+14:00", "end": "2026-01-31"}, "date_range.start"),
        ({"start": "2026-01-01", "end": "9999-12-31"}, "date_range.end"),
        ({"start": "2026-01-01"}, "date_range.end"),
        ({"end": "2026-01-01"}, "date_range.start"),
        ({"start": "2026-01-01", "end": "2026-01-02", "until": "x"}, "date_range.until"),
        ({"start": "2026-01-01", "end": "2027-01-02"}, "date_range"),
        ("last_decade", "date_range"),
        (["2026-01-01", "2026-01-02"], "date_range"),
        (7, "date_range"),
    ],
)
def test_a_mistake_is_named_at_its_field(value, field):
    with pytest.raises(InvalidRequest) as error:
        read(value)
    assert error.value.field == field


@pytest.mark.parametrize("time_zone", [PARIS, ZoneInfo("America/New_York"), UTC])
@given(first=st.dates(date(1980, 1, 1), date(2100, 1, 1)))
def test_a_range_of_366_days_is_allowed_and_one_of_367_is_not(time_zone, first):
    last = first + timedelta(days=365)
    read({"start": first.isoformat(), "end": last.isoformat()}, time_zone)
    with pytest.raises(InvalidRequest) as error:
        read({"start": first.isoformat(), "end": str(last + timedelta(days=1))}, time_zone)
    assert error.value.code == "INVALID_DATE_RANGE"


@given(
    preset=st.sampled_from(PRESETS),
    now=st.integers(0, 4_000_000_000).map(lambda ts: datetime.fromtimestamp(ts, UTC)),
    name=st.sampled_from(["Europe/Paris", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"]),
)
def test_every_preset_begins_and_ends_at_the_start_of_a_day(preset, now, name):
    zone = ZoneInfo(name)
    start, end = read(preset, zone, now)
    assert start < end
    for moment in (start, end):
        day = moment.astimezone(zone).date()
        assert (moment - timedelta(seconds=1)).astimezone(zone).date() < day


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["start", "end"]), inner),
    )
)
def test_nothing_but_an_invalid_request_comes_of_junk(value):
    try:
        start, end = read(value)
    except InvalidRequest:
        return
    assert start < end
