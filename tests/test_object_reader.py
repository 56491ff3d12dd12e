"""Numbers are taken as people type them, and nothing else is a number."""

from __future__ import annotations

import pytest
import voluptuous as vol
from homeassistant.helpers.selector import NumberSelectorConfig

from custom_components.med_exporter.form_fields import FiniteSelector
from custom_components.med_exporter.object_reader import NotANumberError, typed_number


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
