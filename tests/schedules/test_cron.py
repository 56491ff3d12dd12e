"""When cron expressions are due, clock changes included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.schedules.cron import (
    InvalidCronError,
    check_cron,
    due_times,
    last_due,
    next_due,
)

PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")


def shown(expression, after, count, zone=PARIS):
    moments = list(islice(due_times(expression, after, zone), count))
    assert all(moment.tzinfo is UTC for moment in moments)
    return [moment.astimezone(zone).isoformat() for moment in moments]


def test_the_documented_monthly_schedule():
    after = datetime(2026, 11, 21, tzinfo=PARIS)
    assert shown("0 9 1 * *", after, 2) == [
        "2026-12-01T09:00:00+01:00",
        "2027-01-01T09:00:00+01:00",
    ]


def test_a_time_that_is_due_now_is_not_due_again():
    nine = datetime(2026, 12, 1, 9, tzinfo=PARIS)
    assert next_due("0 9 1 * *", nine, PARIS) == datetime(2027, 1, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("expression", ["30 2 * * *", "15,45 2 * * *", "*/20 2 * * *"])
def test_an_hour_that_is_skipped_runs_once_at_the_end_of_the_gap(expression):
    runs = shown(expression, datetime(2026, 3, 28, 12, tzinfo=PARIS), 2)
    assert runs[0] == "2026-03-29T03:00:00+02:00"
    assert runs[1].startswith("2026-03-30T02:")


def test_an_hour_that_comes_twice_runs_the_first_time():
    assert shown("30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=PARIS), 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]
    assert len(set(shown("*/30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=PARIS), 2))) == 2
    assert shown("*/30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=PARIS), 3)[2].startswith(
        "2026-10-26"
    )


def test_between_the_two_hours_the_next_run_is_tomorrows():
    first = datetime(2026, 10, 25, 2, 45, tzinfo=PARIS)
    assert shown("30 2 * * *", first, 1) == ["2026-10-26T02:30:00+01:00"]


def test_every_hour_follows_the_time_that_passes():
    begin = datetime(2026, 10, 25, 0, 30, tzinfo=PARIS)
    runs = list(islice(due_times("0 * * * *", begin, PARIS), 5))
    assert {b - a for a, b in pairwise(runs)} == {timedelta(hours=1)}


@pytest.mark.parametrize("zone", [PARIS, NEW_YORK])
@settings(max_examples=15, deadline=None)
@given(hour=st.integers(0, 23), minute=st.integers(0, 59))
def test_a_fixed_time_runs_once_on_each_of_a_years_days(zone, hour, minute):
    start = datetime(2025, 12, 31, 23, 59, 59, tzinfo=zone)
    end = datetime(2027, 1, 1, tzinfo=zone)
    days = []
    for moment in due_times(f"{minute} {hour} * * *", start, zone):
        if moment >= end:
            break
        days.append(moment.astimezone(zone).date())
    assert len(days) == len(set(days)) == 365


@settings(max_examples=50, deadline=None)
@given(
    expression=st.sampled_from(["30 2 * * *", "0 9 1 * *", "*/7 * * * *", "0 6 29 2 *"]),
    after=st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 1), timezones=st.just(PARIS)),  # noqa: DTZ001
    hours=st.integers(1, 500),
)
def test_the_last_due_time_is_the_last_of_all_due_times(expression, after, hours):
    until = after.astimezone(UTC) + timedelta(hours=hours)
    all_times = []
    for moment in due_times(expression, after, PARIS):
        if moment > until:
            break
        all_times.append(moment)
    assert last_due(expression, after, until, PARIS) == (all_times[-1] if all_times else None)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("", ""),
        ("9", "9"),
        ("* * * *", "* * * *"),
        ("* * * * * *", "* * * * * *"),
        ("61 * * * *", "61"),
        ("0 9 * 13 8", "13"),
        ("0 0 31 2 *", None),
        ("a b c d e", "a"),
        ("@daily", "@daily"),
        ("0" * 300, "0" * 300),
    ],
)
def test_what_is_no_expression_is_refused_at_the_part_that_is_wrong(expression, part):
    with pytest.raises(InvalidCronError) as error:
        check_cron(expression)
    assert error.value.part == part


@pytest.mark.parametrize("expression", ["0 9 1 * *", "*/15 * * * 1-5", "0 0 * * SUN", "0 0 L * *"])
def test_what_is_one_is_accepted(expression):
    check_cron(expression)
