"""Numbers and their units, as people of each language write them."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.words.quantities import quantity_text


@pytest.mark.parametrize(
    ("value", "decimals", "unit", "english", "french"),
    [
        (63.1, 1, "%", "63.1%", "63,1\xa0%"),
        (1234.5, 1, "kWh", "1,234.5\xa0kWh", "1\u202f234,5\xa0kWh"),
        (-2.5, 2, "EUR", "-€2.50", "-2,50\xa0€"),
        (3, 0, "", "3", "3"),
    ],
)
def test_a_number_and_its_unit(value, decimals, unit, english, french) -> None:
    assert quantity_text(value, decimals, unit, french=False) == english
    assert quantity_text(value, decimals, unit, french=True) == french
