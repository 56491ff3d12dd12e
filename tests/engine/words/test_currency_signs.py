"""Money as people of each language write it."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.words.currency_signs import for_people, in_front


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("EUR", "€"), ("EUR/kWh", "€/kWh"), ("USD", "$"), ("GBP/kWh", "£/kWh"), ("CHF", "CHF"),
        ("SEK/kWh", "SEK/kWh"), ("kWh", "kWh"), ("%", "%"), ("", ""),
    ],
)  # fmt: skip
def test_a_currency_has_its_sign_where_it_has_one_of_its_own(unit, shown):
    assert for_people(unit) == shown


def test_a_sign_stands_in_front_in_english():
    assert in_front("EUR", french=False)
    assert not in_front("EUR", french=True)
    assert not in_front("CHF", french=False)
    assert not in_front("EUR/kWh", french=False)
