"""What the ledger's tables say of a plug, on each kind of server that is installed."""

from __future__ import annotations

import pytest

from custom_components.med_exporter.engine.costs import plug_ledger as module
from custom_components.med_exporter.engine.costs.plug_ledger import plug_ledger
from custom_components.med_exporter.engine.times import HALF_HOUR, QUARTER

DAY = 86_400


def test_without_tables_or_plug_nothing_is_known(database):
    for plug_id in (None, "plug"):
        ledger = plug_ledger(database.connect, plug_id, costs=True)
        assert (ledger.has_energy, ledger.has_costs) == (False, False)
        assert (ledger.energy(0), ledger.cost(1.0, 0)) == (None, None)
        assert not ledger.is_filled_between(0, DAY)


def test_a_quarter_hour_is_the_sum_of_its_accounts(database):
    database.add_half_hours("plug", [(0, 0.5, 0.25), (DAY, 4, 0)])
    database.add_half_hours("plug", [(0, 1, 0.5)], role="production")
    database.add_half_hours("other", [(HALF_HOUR, 1, 1)])
    ledger = plug_ledger(database.connect, "plug", costs=False)
    assert [ledger.energy(at) for at in (0, HALF_HOUR, DAY)] == [(0.75, 0.375), None, (2, 0)]


def test_a_quarter_hour_is_found_wherever_the_last_one_was(database, monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", DAY)
    starts = [n * DAY for n in range(10)]
    database.add_half_hours("plug", [(start, 2 * start, 0) for start in starts])
    ledger = plug_ledger(database.connect, "plug", costs=False)
    for start in (*starts, *reversed(starts)):
        assert ledger.energy(start) == (start, 0)


def test_an_energy_costs_what_its_half_hour_cost_per_kwh(database):
    database.add_half_hours("plug", [(0, 4, 0), (HALF_HOUR, 2, 0), (DAY, 0, 0)])
    database.add_prices([(0, 0.2), (DAY, 0.1)])
    ledger = plug_ledger(database.connect, "plug", costs=True)
    assert ledger.cost(2, 0) == pytest.approx(0.4)
    assert [ledger.cost(2, at) for at in (HALF_HOUR, DAY, 2 * DAY)] == [None, 0, None]
    assert not plug_ledger(database.connect, "plug", costs=False).has_costs


def test_no_energy_costs_nothing_where_anything_has_a_price(database):
    database.add_half_hours("priced", [(0, 1, 0)])
    database.add_prices([(0, 0.1)])
    assert plug_ledger(database.connect, "priced", costs=True).cost(0, DAY) == 0
    assert plug_ledger(database.connect, "unpriced", costs=True).cost(0, DAY) is None


def test_only_quarter_hours_wholly_between_two_moments_count_as_filled(database):
    database.add_half_hours("plug", [(HALF_HOUR, 1, 1)])
    ledger = plug_ledger(database.connect, "plug", costs=False)
    assert ledger.is_filled_between(HALF_HOUR, HALF_HOUR + QUARTER)
    assert not ledger.is_filled_between(HALF_HOUR + QUARTER + 1, 9 * HALF_HOUR)
    assert not ledger.is_filled_between(0, HALF_HOUR + QUARTER - 1)
