"""Standing charges are shared by the days of a month, whatever the stretches asked for."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.costs.standing_charge import standing_charge
from custom_components.med_exporter.engine.tariff import parse_contracts

from ..exports.homes import PARIS, at

FLAT = {"kind": "flat", "price": 0.2}
TARIFF = parse_contracts(
    [
        {"valid_from": "2026-01-10", "standing_charge": 31, **FLAT},
        {"valid_from": "2026-03-16", "standing_charge": 62, **FLAT},
    ]
)


@pytest.mark.parametrize(
    ("start", "end", "charge"),
    [
        ("2026-01-01", "2026-02-01", 22),
        ("2026-02-01", "2026-03-01", 31),
        ("2026-03-01", "2026-04-01", 15 + 32),
        ("2026-03-29", "2026-03-30", 2),
        ("2026-05-01 06:00", "2026-05-01 18:00", 1),
        ("2025-01-01", "2026-01-10", 0),
    ],
)
def test_a_stretch_bears_its_share(start, end, charge):
    """29 March 2026 has 23 hours."""
    assert standing_charge(TARIFF, at(start), at(end), PARIS) == pytest.approx(charge)


@given(cuts=st.lists(st.integers(0, 120 * 86400), min_size=2, max_size=12, unique=True).map(sorted))
def test_stretches_add_up(cuts):
    base = at("2026-01-01")
    edges = [base + cut for cut in cuts]
    parts = [standing_charge(TARIFF, *stretch, PARIS) for stretch in itertools.pairwise(edges)]
    assert sum(parts) == pytest.approx(standing_charge(TARIFF, edges[0], edges[-1], PARIS))
