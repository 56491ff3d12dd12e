"""What is made of the values of a column is made once for each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.rows.repeated import each_once


@given(st.lists(st.sampled_from([None, 1, 1.0, True, False, 0, 0.0, 2.5, "1", "x"]), max_size=50))
def test_as_if_each_value_were_asked_for(values):
    assert each_once(repr, values) == [repr(value) for value in values]


def test_what_comes_again_is_made_once():
    asked = []
    made = each_once(lambda value: asked.append(value) or -value, [1, 2, 1, 2, 1, 2])
    assert made == [-1, -2] * 3
    assert sorted(asked) == [1, 2]
