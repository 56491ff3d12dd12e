"""Text from outside is on one line, short, and taken by any database, JSON and page."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.outside import LONGEST, clean, cleaned


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("refus\udce9e", "refus\ufffde"),
        ("a\x00b", "a b"),
        ("  two\r\n lines\t", "two lines"),
        ("right\u202eto left\u2028end", "right to left end"),
        ("Réfrigérateur ❄", "Réfrigérateur ❄"),
        ("", ""),
    ],
)
def test_what_nobody_can_see_or_store_is_replaced(said, kept):
    assert clean(said) == kept


def test_what_is_too_long_is_cut_and_shows_it():
    assert clean("x" * 1_000_000) == "x" * (LONGEST - 1) + "…"
    assert clean("x" * 80, 80) == "x" * 80


anything = st.text(st.characters(categories=None))


@given(anything)
def test_a_clean_text_is_stored_and_stays_as_it_is(text):
    once = clean(text)
    once.encode()
    assert "\x00" not in once
    assert len(once.splitlines()) <= 1
    assert clean(once) == once


values = st.recursive(
    st.none() | st.booleans() | st.integers() | anything,
    lambda inner: st.lists(inner) | st.dictionaries(anything, inner),
)


@given(values)
def test_so_is_each_text_of_a_json_value(value):
    json.dumps(cleaned(value), ensure_ascii=False).encode()


def test_a_value_is_bounded_in_number_and_depth():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert len(json.dumps(cleaned(deep))) < 100
    assert len(cleaned(list(range(10_000)))) == 200
