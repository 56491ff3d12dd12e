"""The hours of a week, by an independent count of its minutes."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.tariff.week import (
    WEEK_MINUTES,
    day_and_time,
    find_flaw,
    spans,
)

hours = st.tuples(
    st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True),
    st.integers(0, 1439),
    st.integers(0, 1439),
)


def clock(minute: int) -> time:
    return time(minute // 60, minute % 60)


def held_minutes(days: list[int], start: int, end: int) -> list[int]:
    length = (end - start) % 1440 or 1440
    return [(day * 1440 + start + n) % WEEK_MINUTES for day in days for n in range(length)]


@settings(deadline=None)
@given(st.lists(hours, min_size=1, max_size=5))
def test_a_flaw_is_found_where_a_minute_is_held_by_none_or_two(entries):
    held = [
        span
        for owner, (days, start, end) in enumerate(entries)
        for span in spans(owner, days, clock(start), clock(end))
    ]
    count = [0] * WEEK_MINUTES
    for entry in entries:
        for minute in held_minutes(*entry):
            count[minute] += 1

    flaw = find_flaw(held)

    assert (flaw is None) == (set(count) == {1})
    if flaw is not None:
        length = (flaw.end - flaw.start) % WEEK_MINUTES or WEEK_MINUTES
        named = {count[(flaw.start + n) % WEEK_MINUTES] for n in range(length)}
        if flaw.owners:
            assert min(named) >= 2
            assert len(flaw.owners) == 2
        else:
            assert named == {0}


@pytest.mark.parametrize(
    ("minute", "named"),
    [(0, ("mon", "00:00")), (1440 + 390, ("tue", "06:30")), (WEEK_MINUTES, ("mon", "00:00"))],
)
def test_a_minute_is_named_by_day_and_time(minute, named):
    assert day_and_time(minute) == named
