"""Rounding: levels one by one, amounts so that they still add up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.readings.fields import Kind
from custom_components.med_exporter.engine.rows.tables import Column, Rounding


def rounded(kind: Kind, decimals: int, values: list, owners: list | None = None) -> list:
    rounding = Rounding([Column("x", kind, decimals)])
    return rounding.column(0, values, owners or [0] * len(values))


def test_levels_are_rounded_one_by_one():
    assert rounded(Kind.NUMBER, 1, [1.26, None, -0.04]) == [1.3, None, 0.0]
    assert str(rounded(Kind.NUMBER, 1, [-0.04])) == "[0.0]"


def test_without_decimals_numbers_are_whole():
    assert str(rounded(Kind.NUMBER, 0, [1.6, -0.2])) == "[2, 0]"
    assert str(rounded(Kind.AMOUNT, 0, [1.6, 0.2])) == "[2, 0]"


def test_flags_are_true_false_or_empty():
    assert rounded(Kind.FLAG, 4, [1.0, 0.0, None]) == [True, False, None]


def test_texts_stay():
    assert rounded(Kind.TEXT, 0, ["a", None]) == ["a", None]


def test_amounts_too_small_to_be_seen_still_add_up():
    shown = rounded(Kind.AMOUNT, 2, [0.003] * 1000)
    assert set(shown) == {0.0, 0.01}
    assert sum(shown) == pytest.approx(3.0)


def test_amounts_of_different_owners_have_totals_of_their_own():
    assert rounded(Kind.AMOUNT, 0, [0.4, 0.4, 0.4, 0.4], ["a", "b", "a", "b"]) == [0, 0, 1, 1]


def test_an_unknown_amount_is_empty_and_adds_nothing():
    assert rounded(Kind.AMOUNT, 0, [0.4, None, 0.4]) == [0, None, 1]


@given(
    st.lists(st.floats(-5, 5), max_size=200),
    st.integers(0, 6),
    st.lists(st.integers(1, 40), max_size=9),
)
def test_amounts_add_up_to_the_rounded_total_however_they_are_cut(values, decimals, cuts):
    rounding = Rounding([Column("x", Kind.AMOUNT, decimals)])
    shown, rest = [], values
    for cut in [*cuts, len(values)]:
        part, rest = rest[:cut], rest[cut:]
        shown += rounding.column(0, part, [0] * len(part))
    total = sum(Decimal(str(value)) for value in shown)
    assert abs(float(total) - sum(values)) <= 0.5000001 / 10**decimals
    for exact, seen in zip(values, shown, strict=True):
        assert abs(exact - seen) <= 1.0000001 / 10**decimals
