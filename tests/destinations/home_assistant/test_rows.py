"""Sums that continue, whatever is there and whatever comes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.destinations.home_assistant.rows import Row, merged
from custom_components.med_exporter.engine.times import HOUR

VALUES = st.dictionaries(
    st.integers(0, 60).map(lambda hour: hour * HOUR),
    st.integers(0, 50_000).map(lambda watt_hours: watt_hours / 1000),
    max_size=40,
)
BASES = st.floats(0, 1e5, allow_nan=False)


def values_of(base: float, rows: list[Row]) -> dict[int, float]:
    """Return what a dashboard shows for each hour."""
    totals = [base, *(row.sum for row in rows)]
    return {
        row.start: pytest.approx(after - before, abs=1e-5)
        for row, (before, after) in zip(rows, pairwise(totals), strict=True)
    }


@given(base=BASES, there=VALUES, came=VALUES)
def test_each_hour_has_the_value_that_came_last(base, there, came) -> None:
    existing = merged(base, (), there)
    rows = merged(base, existing, came)
    assert values_of(base, rows) == there | came
    assert [row.start for row in rows] == sorted(there | came)
    assert all(row.sum <= after.sum for row, after in pairwise(rows))


@given(base=BASES, values=VALUES)
def test_what_is_there_already_stays_as_it_is(base, values) -> None:
    existing = merged(base, (), values)
    assert merged(base, existing, values) == existing


@given(base=BASES, values=VALUES, cut=st.integers(0, 60))
def test_a_run_goes_on_where_another_one_ended(base, values, cut) -> None:
    first = {start: value for start, value in values.items() if start < cut * HOUR}
    rest = {start: value for start, value in values.items() if start >= cut * HOUR}
    begun = merged(base, (), first)
    total = begun[-1].sum if begun else base
    assert [*begun, *merged(total, (), rest)] == merged(base, (), values)


def test_a_row_without_a_state_is_not_like_one_with_it() -> None:
    assert not Row(0, None, 1.0).is_like(Row(0, 1.0, 1.0))
    assert not Row(0, 1.0, 1.0).is_like(None)
    assert Row(0, 1.0, 1.0).is_like(Row(0, 1.0 + 1e-9, 1.0))
