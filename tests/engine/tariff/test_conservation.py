"""What holds for any tariff, zone and reading: nothing is lost, however it is cut.

An independent reckoning asks for each minute what its wall clock says and what the contract, as a
person entered it, asks for that.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.tariff import Pricer, parse_contracts, totals

from .strategies import colours, contract_lists, energies, intervals, zones

MINUTE = timedelta(minutes=1)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DEVICES = st.dictionaries(st.sampled_from("abcd"), energies, min_size=1)


def new_pricer(contracts, zone, known) -> Pricer:
    return Pricer(parse_contracts(contracts), zone, known)


def cost(charges) -> float | None:
    if any(charge.cost is None for charge in charges):
        return None
    return math.fsum(charge.cost for charge in charges)


def near(amount: float | None):
    return None if amount is None else pytest.approx(amount, abs=1e-6)


def by_device(charges) -> dict:
    sums: dict = {}
    for charge in charges:
        key = (charge.device, charge.valid_from, charge.period, charge.tier)
        energy, money = sums.get(key, (0.0, 0.0))
        sums[key] = (energy + charge.energy_kwh, money + (charge.cost or 0.0))
    return sums


class TestNothingIsLost:
    @settings(deadline=None)
    @given(contract_lists(), zones(), colours(), intervals(), DEVICES)
    def test_energies_and_costs_of_the_charges_add_up(self, contracts, zone, known, interval, load):
        charges = new_pricer(contracts, zone, known).consumption(*interval, load)
        for device, energy in load.items():
            parts = [charge.energy_kwh for charge in charges if charge.device == device]
            assert abs(math.fsum(parts) - energy) < 1e-9
            assert min(parts) >= 0
        for charge in charges:
            assert (charge.cost is None) == (charge.price is None)
            if charge.cost is not None:
                assert charge.cost == charge.energy_kwh * charge.price
        sums = totals(charges)
        priced = math.fsum(c.energy_kwh for c in charges if c.cost is not None)
        assert sums.energy_kwh == pytest.approx(priced + sums.unpriced_kwh, abs=1e-9)
        assert sums.cost == math.fsum(c.cost for c in charges if c.cost is not None)

    @settings(deadline=None)
    @given(contract_lists(), zones(), colours(), intervals(), DEVICES)
    def test_charges_cover_the_interval_once(self, contracts, zone, known, interval, load):
        start, end = interval
        charges = new_pricer(contracts, zone, known).consumption(start, end, load)
        device = next(iter(load))
        spans = [(charge.start, charge.end) for charge in charges if charge.device == device]
        assert spans[0][0] == start
        assert spans[-1][1] == end
        for (_, before), (after, _) in pairwise(spans):
            assert before == after

    @settings(deadline=None)
    @given(contract_lists(), zones(), intervals(), DEVICES)
    def test_production_adds_up(self, contracts, zone, interval, load):
        payments = new_pricer(contracts, zone, {}).production(*interval, load)
        for device, energy in load.items():
            parts = [paid.energy_kwh for paid in payments if paid.device == device]
            assert abs(math.fsum(parts) - energy) < 1e-9


class TestHowItIsCutDoesNotMatter:
    @settings(deadline=None)
    @given(
        contract_lists(),
        zones(),
        colours(),
        intervals(),
        DEVICES,
        st.lists(st.integers(1, 3600), max_size=4),
    )
    def test_an_interval_costs_what_its_pieces_cost(
        self, contracts, zone, known, interval, load, minutes
    ):
        start, end = interval
        cuts = {start + minute * MINUTE for minute in minutes if start + minute * MINUTE < end}
        edges = [start, *sorted(cuts), end]
        whole_pricer = new_pricer(contracts, zone, known)
        piece_pricer = new_pricer(contracts, zone, known)
        whole = whole_pricer.consumption(start, end, load)
        pieces = []
        for begin, after in pairwise(edges):
            share = (after - begin) / (end - start)
            pieces += piece_pricer.consumption(
                begin, after, {device: energy * share for device, energy in load.items()}
            )
        assert cost(pieces) == near(cost(whole))
        assert totals(pieces).missing_colours == totals(whole).missing_colours
        there, here = by_device(whole), by_device(pieces)
        for key in there.keys() | here.keys():
            assert here.get(key, (0.0, 0.0)) == pytest.approx(there.get(key, (0.0, 0.0)), abs=1e-6)
        for month, used in whole_pricer.used_kwh.items():
            assert piece_pricer.used_kwh[month] == pytest.approx(used, abs=1e-6)

    @settings(deadline=None)
    @given(contract_lists(), zones(), colours(), intervals(), DEVICES, st.randoms())
    def test_the_order_of_devices_changes_nothing(
        self, contracts, zone, known, interval, load, random
    ):
        shuffled = list(load.items())
        random.shuffle(shuffled)
        first = new_pricer(contracts, zone, known).consumption(*interval, load)
        second = new_pricer(contracts, zone, known).consumption(*interval, dict(shuffled))
        assert sorted(first, key=str) == sorted(second, key=str)

    @settings(deadline=None)
    @given(contract_lists(), zones(), colours(), intervals(), DEVICES)
    def test_devices_together_cost_what_one_of_all_their_energy_costs(
        self, contracts, zone, known, interval, load
    ):
        apart = new_pricer(contracts, zone, known).consumption(*interval, load)
        whole = {"all": math.fsum(load.values())}
        together = new_pricer(contracts, zone, known).consumption(*interval, whole)
        assert cost(apart) == near(cost(together))


class TestMoreCostsNoLess:
    @settings(deadline=None)
    @given(contract_lists(), zones(), colours(), intervals(), energies, energies)
    def test_in_energy(self, contracts, zone, known, interval, energy, more):
        costs = [
            totals(new_pricer(contracts, zone, known).consumption(*interval, {"plug": kwh})).cost
            for kwh in (energy, energy + more)
        ]
        assert costs[1] >= costs[0] - 1e-9

    @settings(deadline=None)
    @given(contract_lists(kinds=("flat", "time_of_use", "tiers")), zones(), intervals(), energies)
    def test_nor_less_or_more_than_all_at_the_lowest_or_highest_price(
        self, contracts, zone, interval, energy
    ):
        charges = new_pricer(contracts, zone, {}).consumption(*interval, {"plug": energy})
        prices = [charge.price for charge in charges if charge.price is not None]
        if prices:
            sums = totals(charges)
            priced = sums.energy_kwh - sums.unpriced_kwh
            assert min(prices) * priced - 1e-6 <= sums.cost <= max(prices) * priced + 1e-6


def asked_price(contract: dict, wall: datetime, known: dict) -> float | None:
    """Return what a contract, as entered, asks at a time of the wall clock."""
    if contract["kind"] == "flat":
        return contract["price"]
    if contract["kind"] == "tempo":
        colour = known.get((wall - timedelta(hours=6)).date())
        hours = "peak" if 6 <= wall.hour < 22 else "off_peak"
        return None if colour is None else contract["prices"][colour][hours]
    now = f"{wall:%H:%M}"
    today, yesterday = WEEK[wall.weekday()], WEEK[wall.weekday() - 1]
    found = []
    for period in contract["periods"]:
        start, end = period["start"], period["end"]
        if start < end:
            holds = today in period["days"] and start <= now < end
        else:
            holds = (today in period["days"] and now >= start) or (
                yesterday in period["days"] and now < end
            )
        if holds:
            found.append(period["price"])
    (price,) = found
    return price


@settings(deadline=None)
@given(contract_lists(kinds=("flat", "time_of_use", "tempo")), zones(), colours(), intervals(30))
def test_every_minute_is_priced_as_its_wall_clock_asks(contracts, zone, known, interval):
    start, end = interval
    minutes = round((end - start) / MINUTE)
    costs: list[float] = []
    unpriced = 0
    for n in range(minutes):
        wall = (start + n * MINUTE).astimezone(zone).replace(tzinfo=None)
        held = [c for c in contracts if date.fromisoformat(c["valid_from"]) <= wall.date()]
        price = asked_price(held[-1], wall, known) if held else None
        if price is None:
            unpriced += 1
        else:
            costs.append(price)
    sums = totals(new_pricer(contracts, zone, known).consumption(start, end, {"plug": minutes}))
    assert sums.unpriced_kwh == pytest.approx(unpriced, abs=1e-6)
    assert sums.cost == pytest.approx(math.fsum(costs), abs=1e-6)


@settings(deadline=None)
@given(contract_lists(kinds=("tiers",)), zones(), st.lists(energies, min_size=1, max_size=30))
def test_tiers_cost_what_the_months_total_costs_block_by_block(contracts, zone, readings):
    """With a single contract, a month's cost depends on its total alone."""
    contracts = [{**contracts[0], "valid_from": "2020-01-01"}]
    start = datetime(2026, 5, 2, tzinfo=UTC)
    priced = new_pricer(contracts, zone, {})
    charges = []
    for n, energy in enumerate(readings):
        begin = start + n * timedelta(hours=20)
        charges += priced.consumption(begin, begin + timedelta(hours=20), {"plug": energy})
    left, below, expected = math.fsum(readings), 0.0, 0.0
    for tier in contracts[0]["tiers"]:
        block = min(left, tier.get("up_to", math.inf) - below)
        expected += block * tier["price"]
        left -= block
        below += block
    assert cost(charges) == pytest.approx(expected, abs=1e-6)
