"""Hours, days, weeks and months begin and end as the local clock says."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.times import boundaries, period_start, with_own_offset

from .conftest import at

HOUR = 3600


def lengths(aggregation: str, start: str, end: str, zone: str) -> list[float]:
    edges = boundaries(aggregation, at(start, zone), at(end, zone), ZoneInfo(zone))
    return [(b - a) / HOUR for a, b in pairwise(edges)]


@pytest.mark.parametrize(
    ("zone", "spring", "autumn"),
    [
        ("Europe/Paris", "2026-03-29", "2026-10-25"),
        ("America/New_York", "2026-03-08", "2026-11-01"),
    ],
)
def test_days_have_23_and_25_hours_at_clock_changes(zone: str, spring: str, autumn: str):
    for day, hours in ((spring, 23), (autumn, 25)):
        assert lengths("daily", f"{day} 00:30", f"{day} 23:30", zone) == [hours]
        assert lengths("hourly", f"{day} 00:00", f"{day} 23:59", zone) == [1] * hours


def test_a_zone_half_an_hour_off_has_its_own_hours():
    edges = boundaries(
        "hourly", at("2026-01-10 00:10"), at("2026-01-10 01:00"), ZoneInfo("Asia/Kolkata")
    )
    assert edges == [at("2026-01-09 23:30"), at("2026-01-10 00:30"), at("2026-01-10 01:30")]


def test_where_the_clock_changes_by_half_an_hour_one_hour_is_longer():
    assert set(
        lengths("hourly", "2026-04-05 00:00", "2026-04-05 06:00", "Australia/Lord_Howe")
    ) == {1, 1.5}
    assert set(
        lengths("hourly", "2026-10-04 00:00", "2026-10-04 06:00", "Australia/Lord_Howe")
    ) == {1, 1.5}


def test_a_day_whose_midnight_is_skipped_begins_with_the_change():
    # Cuba goes from 23:59:59 to 01:00:00.
    assert lengths("daily", "2026-03-07 12:00", "2026-03-09 12:00", "America/Havana") == [
        24,
        23,
        24,
    ]


def test_a_day_that_a_zone_skips_is_no_period():
    assert lengths("daily", "2011-12-29 12:00", "2011-12-31 12:00", "Pacific/Apia") == [24, 24]


def test_weeks_begin_on_monday():
    edges = boundaries("weekly", at("2026-01-01 12:00"), at("2026-01-06 00:00"), ZoneInfo("UTC"))
    assert edges == [at("2025-12-29 00:00"), at("2026-01-05 00:00"), at("2026-01-12 00:00")]


def test_months_have_their_own_lengths():
    days = [
        hours / 24 for hours in lengths("monthly", "2025-12-15 00:00", "2026-03-01 00:00", "UTC")
    ]
    assert days == [31, 31, 28]


def test_a_range_that_ends_on_an_edge_has_no_further_period():
    edges = boundaries("daily", at("2026-01-01 00:00"), at("2026-01-02 00:00"), ZoneInfo("UTC"))
    assert edges == [at("2026-01-01 00:00"), at("2026-01-02 00:00")]


@given(
    aggregation=st.sampled_from(["hourly", "daily", "weekly", "monthly"]),
    zone=st.sampled_from([
        "Europe/Paris", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "America/Havana",
        "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia", "UTC",
    ]),
    start=st.floats(1.3e9, 2e9),
    length=st.floats(1, 40 * 86400),
)  # fmt: skip
def test_periods_cover_the_range_without_gap_and_begin_where_the_clock_says(
    aggregation: str, zone: str, start: float, length: float
):
    edges = boundaries(aggregation, start, start + length, ZoneInfo(zone))
    assert edges[0] <= start < edges[1]
    assert edges[-2] < start + length <= edges[-1]
    assert edges == sorted(set(edges))
    for edge in edges[1:-1]:
        local = datetime.fromtimestamp(edge, UTC).astimezone(ZoneInfo(zone))
        before = datetime.fromtimestamp(edge - 1, UTC).astimezone(ZoneInfo(zone))
        assert (local.minute, local.second) == (0, 0)
        if aggregation != "hourly":
            assert local.date() > before.date()
        if aggregation == "weekly":
            assert local.isocalendar().weekday == 1
        if aggregation == "monthly":
            assert local.day == 1


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [
        ("Europe/Paris", {0}),
        ("Asia/Kolkata", {0}),
        ("Asia/Kathmandu", {15}),
        ("America/St_Johns", {0}),
    ],
)
def test_half_hours_begin_where_the_local_clock_shows_them(zone: str, minutes: set[int]):
    edges = boundaries(
        "half_hourly", at("2026-03-01 00:00"), at("2026-11-30 00:00"), ZoneInfo(zone)
    )
    assert {edge // 60 % 30 for edge in edges} == minutes
    assert {b - a for a, b in pairwise(edges)} == {1800}


@given(
    st.integers(1_767_000_000, 1_800_000_000),
    st.sampled_from(["half_hourly", "hourly", "daily", "weekly", "monthly"]),
    st.sampled_from(["Europe/Paris", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_a_period_begins_at_the_edge_before_any_moment_in_it(
    moment: int, aggregation: str, zone: str
):
    start, end, *_ = boundaries(aggregation, moment, moment + 1, ZoneInfo(zone))
    assert start <= moment < end
    assert period_start(aggregation, moment, ZoneInfo(zone)) == start
    assert start % 900 == 0


@given(st.integers(0, 4000), st.integers(0, 4000))
def test_times_with_their_own_offset_compare_and_subtract_as_time_has_passed(
    one: int, other: int
) -> None:
    # From an hour before the clocks change.
    began = at("2026-10-25 01:00")
    a, b = (
        datetime.fromtimestamp(began + 3 * seconds, ZoneInfo("Europe/Paris"))
        for seconds in (one, other)
    )
    fixed, later = with_own_offset(a), with_own_offset(b)
    assert fixed.isoformat() == a.isoformat()
    assert (later - fixed).total_seconds() == 3 * (other - one)
    assert (fixed < later) == (one < other)
    assert (fixed == later) == (one == other)
