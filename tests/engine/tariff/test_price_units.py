"""Prices of energy in the units that integrations use, in the currency of the contracts."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.tariff.price_units import per_kwh


@pytest.mark.parametrize(
    ("unit", "currency", "factor"),
    [
        ("EUR/kWh", "EUR", 1),
        ("€/kWh", "EUR", 1),
        ("EUR/MWh", "EUR", 0.001),
        ("€/MWh", "EUR", 0.001),
        ("ct/kWh", "EUR", 0.01),
        ("cents/kWh", "EUR", 0.01),
        ("EURcent/kWh", "EUR", 0.01),
        ("öre/kWh", "SEK", 0.01),
        ("p/kWh", "GBP", 0.01),
        ("£/MWh", "GBP", 0.001),
        ("$/kWh", "AUD", 1),
        ("EUR / kWh", "EUR", 1),
        ("kr/kWh", "NOK", 1),
        ("kr./kWh", "DKK", 1),
        ("€\u00a0/\u202fMWh", "EUR", 0.001),
        ("A$/kWh", "AUD", 1),
    ],
)
def test_prices_of_energy(unit, currency, factor):
    assert per_kwh(unit, currency) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("unit", "currency"),
    [
        (None, "EUR"),
        ("", "EUR"),
        ("EUR", "EUR"),
        ("kWh", "EUR"),
        ("EUR/m³", "EUR"),
        ("SEK/kWh", "EUR"),
        ("€/kWh", "CHF"),
        ("öre/kWh", "EUR"),
        ("/kWh", "EUR"),
        ("W/kWh", "EUR"),
    ],
)
def test_what_is_none(unit, currency):
    assert per_kwh(unit, currency) is None
