"""Numbers are taken as people type them, and nothing else is a number."""

from __future__ import annotations

import pytest
import voluptuous as vol
from homeassistant.helpers.selector import NumberSelectorConfig

from custom_components.med_exporter.errors import InvalidRequest
from custom_components.med_exporter.form_fields import FiniteSelector, WholeSelector
from custom_components.med_exporter.object_reader import (
    NotANumberError,
    ObjectReader,
    typed_flag,
    typed_number,
    typed_whole,
)


@pytest.mark.parametrize(
    ("typed", "number"),
    [(5, 5), (0.25, 0.25), ("12", 12), (" -1.5 ", -1.5), ("1e3", 1_000), (".5", 0.5), ("3.", 3)],
)
def test_a_number(typed: object, number: float) -> None:
    assert typed_number(typed) == number
    assert FiniteSelector(NumberSelectorConfig(min=-5, max=5_000))(typed) == number


@pytest.mark.parametrize(
    "typed",
    [
        True, False, None, "", "true", "\uff11\uff12", "\u0661", "1_000", "1,5", "nan", "NaN",
        "inf", float("inf"), float("nan"), 10**400, "9" * 400, "1e999", [1], {"a": 1}, b"1",
    ],
)  # fmt: skip
def test_what_only_looks_like_one(typed: object) -> None:
    with pytest.raises(NotANumberError):
        typed_number(typed)
    with pytest.raises(vol.Invalid):
        FiniteSelector(NumberSelectorConfig())(typed)


@pytest.mark.parametrize("typed", [5, 5.0, "5", " 5.0 ", "5e0"])
def test_a_whole_number(typed: object) -> None:
    for number in (typed_whole(typed), WholeSelector(1, 9)(typed)):
        assert (number, type(number)) == (5, int)


@pytest.mark.parametrize("typed", [1.5, "1.5", "15e-1", True, "inf", "\uff11", 1e-9])
def test_what_would_have_to_be_changed_to_be_a_whole_number(typed: object) -> None:
    with pytest.raises(NotANumberError):
        typed_whole(typed)
    with pytest.raises(vol.Invalid):
        WholeSelector(-9, 9)(typed)
    with pytest.raises(InvalidRequest):
        ObjectReader({"number": typed}).integer("number", -9, 9)
    with pytest.raises(InvalidRequest):
        ObjectReader({"numbers": [1, typed]}).integers("numbers", -9, 9)


@pytest.mark.parametrize(
    ("typed", "flag"), [(True, True), (1, True), ("on", True), (0.0, False), ("no", False)]
)
def test_true_and_false(typed: object, flag: object) -> None:
    assert typed_flag(typed) is flag


@pytest.mark.parametrize("typed", [2, -1, 0.5, float("nan"), "2", "maybe", None, []])
def test_what_is_neither_true_nor_false(typed: object) -> None:
    with pytest.raises(vol.Invalid):
        typed_flag(typed)
