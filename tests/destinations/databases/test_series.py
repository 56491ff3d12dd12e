"""When periods begin, as databases of time series know it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.destinations.databases.series import stamps_of
from tests.measurements import days, half_hours

HALF_HOUR = timedelta(minutes=30)
# Half-hours of days on which the clock changes are among them.
ZONES = [UTC, ZoneInfo("Europe/Paris"), ZoneInfo("Australia/Lord_Howe")]
FIRST = datetime(2025, 3, 29, tzinfo=UTC)


@given(
    present=st.sets(st.integers(0, 20_000), min_size=1, max_size=40)
    | st.builds(range, st.integers(0, 9999), st.integers(10_000, 10_200)),
    zone=st.sampled_from(ZONES),
    per_second=st.sampled_from([1, 1000]),
)
def test_half_hours_begin_when_they_do_with_gaps_and_without(
    present: set[int] | range, zone: ZoneInfo, per_second: int
) -> None:
    one = half_hours(1)[0]
    starts = [FIRST + number * HALF_HOUR for number in sorted(present)]
    given = [
        replace(one, start=at.astimezone(zone), end=(at + HALF_HOUR).astimezone(zone))
        for at in starts
    ]
    assert stamps_of(given, per_second) == [int(at.timestamp()) * per_second for at in starts]


def test_days_begin_when_they_do_where_the_clock_changes() -> None:
    # From one midnight to another of the next year all changes make up for each other.
    given = days(365)
    assert stamps_of(given, 1) == [int(one.start.timestamp()) for one in given]
