"""Contracts side by side, checked by a sum that goes from minute to minute."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.tariff import Known, compare, parse_contracts

from .contracts import FLAT, NIGHT_AND_DAY, PARIS, TEMPO, TIERS, day_bounds, local, owed, tariff
from .strategies import PRICINGS, colours, zones
from .test_pricing import KWH, plainly, used

PEAKS = {
    **NIGHT_AND_DAY,
    "periods": [
        {"name": "off-peak", "price": 0.2, "start": "22:00", "end": "06:00"},
        {"name": "peak", "price": 0.3, "start": "06:00", "end": "22:00"},
    ],
}


def whole_days(first: str, days: int, kwh: float = 0.25, **more):
    """Return a steady load, and its range."""
    start = local(f"{first} 00:00")
    _, end = day_bounds(date.fromisoformat(first) + timedelta(days=days - 1))
    quarters = (end - start) // timedelta(minutes=15)
    return [used(start, *[kwh] * quarters, **more)], (start.timestamp(), end.timestamp())


def compared(contracts: dict, energies, stretch, zone=PARIS, **known):
    tariffs = {name: parse_contracts(some) for name, some in contracts.items()}
    return compare(tariffs, zone, Known(**known), energies, stretch)


def test_months_add_up_and_the_cheapest_is_found():
    energies, stretch = whole_days("2026-01-20", 28)
    found = compared(
        {
            "base": [{**FLAT, "standing_charge": 31}],
            "peaks": [{**PEAKS, "standing_charge": 62}],
        },
        energies,
        stretch,
    )
    assert [round(kwh) for kwh in found.kwh] == [12 * 24, 16 * 24]
    base, peaks = found.months["base"], found.months["peaks"]
    assert [month.energy_cost for month in base] == pytest.approx([72, 96])
    assert [month.standing_charge for month in base] == pytest.approx([12, 31 * 16 / 28])
    assert [month.energy_cost for month in peaks] == pytest.approx([12 * 6.4, 16 * 6.4])
    assert found.totals["base"].total == pytest.approx(72 + 96 + 12 + 31 * 16 / 28)
    assert found.cheapest == "base"
    assert found.differences == {
        "base": 0,
        "peaks": pytest.approx(28 * 0.4 + 12 + 31 * 16 / 28),
    }


def test_what_a_shift_to_cheap_hours_brings():
    energies, stretch = whole_days("2026-01-20", 10)
    contracts = {"base": [FLAT], "peaks": [PEAKS], "tempo": [TEMPO], "tiers": [TIERS]}
    known = {date(2026, 1, 19) + timedelta(days=n): "red" for n in range(11)}
    found = compared(contracts, energies, stretch, colours=known)
    assert found.shift == {
        "base": 0,
        "peaks": pytest.approx(0.1 * 10 * 16 * (0.3 - 0.2)),
        "tempo": pytest.approx(0.1 * 10 * 16 * (0.76 - 0.16)),
        "tiers": 0,
    }


def test_the_cheap_hours_of_a_changing_price_are_six():
    start = local("2026-01-13 00:00")
    energies, stretch = whole_days("2026-01-13", 1)
    first = int(start.timestamp())
    shown = {"sensor.spot": {first + 900 * n: 0.01 * (n // 4) for n in range(96)}}
    spot = {"valid_from": "2020-01-01", "kind": "sensor_price", "entity_id": "sensor.spot"}
    found = compared({"spot": [spot]}, energies, stretch, prices=shown)
    cheap = sum(0.01 * hour for hour in range(6)) / 6
    dearer = sum(0.01 * hour - cheap for hour in range(24) if 0.01 * hour > cheap)
    assert found.shift["spot"] == pytest.approx(0.1 * dearer)


def test_production_brings_its_feed_in():
    energies, stretch = whole_days("2026-01-20", 2)
    produced, _ = whole_days("2026-01-20", 2, kwh=1.0, device="sun", role="production")
    found = compared({"base": [{**FLAT, "feed_in": 0.1}]}, energies + produced, stretch)
    assert found.produced_kwh == pytest.approx([192])
    assert found.totals["base"].total == pytest.approx(48 * 0.25 - 19.2)


def test_a_contract_that_leaves_energy_without_a_price_is_not_the_cheapest():
    energies, stretch = whole_days("2026-01-20", 2)
    contracts = {"base": [FLAT], "tempo": [TEMPO]}
    found = compared(contracts, energies, stretch)
    assert found.totals["tempo"].unpriced_kwh == pytest.approx(48)
    assert found.cheapest == "base"
    assert compared({"tempo": [TEMPO]}, energies, stretch).cheapest is None


def test_both_clock_changes_and_a_change_of_contract_lie_inside():
    energies, stretch = whole_days("2026-03-01", 245)
    two = [
        {**PEAKS, "standing_charge": 10},
        {**FLAT, "valid_from": "2026-07-15", "standing_charge": 20},
    ]
    found = compared({"own": two, "base": [FLAT]}, energies, stretch)
    until_july = 31 + 30 + 31 + 30 + 14
    peak = until_july * 16
    off_peak = until_july * 8 - 1
    flat = (17 + 31 + 30 + 31) * 24 + 1
    assert found.totals["own"].energy_cost == pytest.approx(
        peak * 0.3 + off_peak * 0.2 + flat * 0.25
    )
    expected = owed(tariff(*two), date(2026, 3, 1), date(2026, 11, 1))
    assert found.totals["own"].standing_charge == pytest.approx(expected)


@settings(deadline=None, max_examples=25)
@given(
    st.fixed_dictionaries(PRICINGS),
    zones(),
    colours(),
    st.integers(0, 60),
    st.integers(0, 2**32),
)
def test_each_month_is_what_a_plain_sum_gives(pricings, zone, known, days, seed):
    """Three and a half days around the end of a month, in any zone."""
    rng = random.Random(seed)
    begin = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) + days * 86400 + 43200
    energies = [
        used(
            datetime.fromtimestamp(begin, UTC),
            *(rng.uniform(0, 5) for _ in range(48)),
            seconds=3600,
        )
    ]
    end = begin + 48 * 3600
    shown = {begin + 900 * n: rng.uniform(-0.5, 1.0) for n in range(192)}
    everything = Known(known, {"sensor.spot": shown})
    contracts = {
        name: [{"valid_from": "2020-01-01", **pricing}] for name, pricing in pricings.items()
    }
    tariffs = {name: parse_contracts(some) for name, some in contracts.items()}
    found = compare(tariffs, zone, everything, energies, (begin, end))
    assert sum(found.kwh) == pytest.approx(sum(energies[0].mwh) / KWH)
    for name, some in contracts.items():
        for month, (start, after) in zip(found.months[name], pairwise(found.edges), strict=True):
            expected = plainly(some, zone, everything, energies, start, after)
            assert month.energy_cost == pytest.approx(expected, abs=1e-6)
        assert found.totals[name].energy_cost == pytest.approx(
            sum(month.energy_cost for month in found.months[name])
        )
