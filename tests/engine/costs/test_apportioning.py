"""Amounts that are told apart in any way add up to the same rounded total."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.costs.apportioning import (
    Apportioning,
    rounded,
    to_digits,
)

amounts = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-2_000_000, 9_000_000).map(lambda n: n / 1e6)),
    max_size=40,
)


@given(amounts=amounts, decimals=st.integers(0, 6))
def test_rows_add_up_to_the_rounded_total_and_each_owner_keeps_its_own(amounts, decimals):
    totals: dict[int, list[float]] = {}
    for owner, amount in amounts:
        totals.setdefault(owner, []).append(amount)
    exact = {owner: math.fsum(some) for owner, some in totals.items()}
    rounding = Apportioning(decimals, exact)
    shown: dict[int, Decimal] = {}
    for owner, amount in amounts:
        row = Decimal(repr(rounding.rounded(owner, amount)))
        assert row == round(row, decimals)
        shown[owner] = shown.get(owner, Decimal(0)) + row
    grand = sum((Decimal(str(round(amount, 6))) for _, amount in amounts), Decimal(0))
    expected = grand.quantize(Decimal(10) ** -decimals, ROUND_HALF_EVEN)
    assert sum(shown.values(), Decimal(0)) == expected == Decimal(repr(rounding.total))
    unit = 10.0**-decimals
    for owner, total in exact.items():
        assert abs(float(shown[owner]) - total) < unit + 1e-9


def test_an_owner_with_nothing_is_shown_nothing():
    rounding = Apportioning(2, {"a": 0.005, "b": 0.0, "c": 0.005})
    assert [rounding.rounded(owner, 0.0) for owner in "abc"] == [0, 0, 0]
    assert [rounding.rounded("a", 0.005), rounding.rounded("c", 0.005)] == [0.01, 0.0]


@pytest.mark.parametrize("amount", [0.155, 0.145, 1.005, 0.62 * 0.25, -0.155, 0.1 + 0.2, 2.675])
def test_an_amount_by_itself_is_rounded_as_a_total(amount):
    """Half a cent is a tie whatever its nearest number of 64 bits is."""
    assert rounded(amount, 2) == Apportioning(2, {None: amount}).total
    assert rounded(amount, 2) == rounded(round(amount, 8), 2)


def test_without_digits_after_the_point_an_amount_is_a_whole_number():
    rounding = Apportioning(0, {"a": 2.6})
    shown = [rounding.rounded("a", 1.3), rounding.total, rounded(-0.4, 0), to_digits(-0.4, 0)]
    assert list(map(repr, shown)) == ["1", "3", "0", "0"]
