"""What is made of the values of a column is made once for each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.rows import repeated
from custom_components.med_exporter.engine.rows.repeated import Made

VALUES = st.sampled_from([None, 1, 1.0, True, False, 0, 0.0, 2.5, "1", "x"])


@given(st.lists(st.lists(VALUES | st.integers(), max_size=50), max_size=5))
def test_as_if_each_value_were_asked_for(pieces):
    made = Made(repr)
    for values in pieces:
        assert made.of(values) == [repr(value) for value in values]


@given(st.lists(st.lists(VALUES | st.integers(), max_size=50), max_size=5))
def test_kinds_do_not_matter_to_what_makes_the_same_of_all(pieces):
    made = Made(bool, by_kind=False)
    for values in pieces:
        assert made.of(values) == [bool(value) for value in values]


@given(st.lists(st.lists(st.integers(0, 20), max_size=20), max_size=9))
def test_as_if_each_value_were_asked_for_where_little_is_remembered(pieces):
    remembered = repeated._MOST
    repeated._MOST = 3
    try:
        made = Made(repr)
        for values in pieces:
            assert made.of(values) == [repr(value) for value in values]
    finally:
        repeated._MOST = remembered


def test_what_comes_again_is_made_once():
    asked = []
    made = Made(lambda value: asked.append(value) or -value)
    assert made.of([1, 2, 1, 2, 1, 2]) == [-1, -2] * 3
    assert made.of([2, 3]) == [-2, -3]
    assert asked == [1, 2, 3]


def test_where_all_are_new_none_is_remembered():
    made = Made(str)
    for first in range(0, 50_000, 10_000):
        made.of(range(first, first + 10_000))
    assert len(made._known) <= 10_000
