"""Standing charges are shared by the days of a month, whatever the stretches asked for."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.med_exporter.engine.standing_charge import read_eras, standing_charge
from custom_components.med_exporter.engine.tariff import Eras, parse_contracts

from .exports.homes import PARIS, Home, at

FLAT = {"kind": "flat", "price": 0.2}
TARIFF = parse_contracts(
    [
        {"valid_from": "2026-01-10", "standing_charge": 31, **FLAT},
        {"valid_from": "2026-03-16", "standing_charge": 62, **FLAT},
    ]
)
ERAS = Eras.of(TARIFF)


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
    assert standing_charge(ERAS, at(start), at(end), PARIS) == pytest.approx(charge)


@given(first=st.integers(0, 200), days=st.integers(0, 200))
def test_whole_days_are_as_the_tariff_has_them(first, days):
    start = date(2026, 1, 1) + timedelta(days=first)
    end = start + timedelta(days=days)
    asked = standing_charge(ERAS, at(start.isoformat()), at(end.isoformat()), PARIS)
    assert asked == pytest.approx(TARIFF.standing_charge(start, end))


@given(cuts=st.lists(st.integers(0, 120 * 86400), min_size=2, max_size=12, unique=True).map(sorted))
def test_stretches_add_up(cuts):
    base = at("2026-01-01")
    edges = [base + cut for cut in cuts]
    parts = [standing_charge(ERAS, *stretch, PARIS) for stretch in itertools.pairwise(edges)]
    assert sum(parts) == pytest.approx(standing_charge(ERAS, edges[0], edges[-1], PARIS))


def test_days_after_a_contract_that_has_ended_bear_none():
    ended = ERAS.followed_by(Eras.of(None), date(2026, 5, 11))
    assert standing_charge(ended, at("2026-05-01"), at("2026-06-01"), PARIS) == pytest.approx(20)


def test_contracts_come_from_the_table(recorder):
    assert read_eras(recorder.connect, ["house"]) == {}
    home = Home(recorder)
    home.priced("house", TARIFF.to_dicts())
    found = read_eras(recorder.connect, ["house", "barn"])
    assert found == {"house": Eras.parse(json.loads(json.dumps(ERAS.to_stored())))}
    assert read_eras(recorder.connect, []) == {}
