"""What energy costs, kind by kind, at the edges where it is easy to be wrong."""

from __future__ import annotations

import math
import time
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest

from custom_components.med_exporter.engine.tariff import Charge, FeedIn, Pricer, totals

from .contracts import (
    AUTUMN_NEW_YORK,
    AUTUMN_PARIS,
    FLAT,
    KOLKATA,
    NEW_YORK,
    NIGHT_AND_DAY,
    PARIS,
    SPRING_NEW_YORK,
    SPRING_PARIS,
    TEMPO,
    TIERS,
    day_bounds,
    kwh_by_period,
    local,
    pricer,
    tariff,
)

HOUR = timedelta(hours=1)
MONDAY, TUESDAY = date(2026, 1, 12), date(2026, 1, 13)


def cost(charges: list[Charge]) -> float:
    return math.fsum(charge.cost for charge in charges)


class TestFlat:
    def test_one_charge_says_everything(self):
        start, end = local("2026-01-13 10:00"), local("2026-01-13 11:00")
        assert pricer(FLAT).consumption(start, end, {"kettle": 2.0}) == [
            Charge("kettle", start, end, 2.0, 0.5, 0.25, date(2020, 1, 1), None, None, None)
        ]

    def test_a_price_of_zero_costs_nothing_and_is_known(self):
        (charge,) = pricer({**FLAT, "price": 0}).consumption(*day_bounds(TUESDAY), {"plug": 2.0})
        assert charge.cost == 0

    def test_a_reading_over_midnight_is_cut_by_day(self):
        start, end = local("2026-01-13 23:00"), local("2026-01-14 02:00")
        charges = pricer(FLAT).consumption(start, end, {"plug": 3.0})
        midnight = local("2026-01-14 00:00")
        assert [(c.start, c.end, c.energy_kwh) for c in charges] == [
            (start, midnight, pytest.approx(1)),
            (midnight, end, pytest.approx(2)),
        ]

    def test_an_instant_takes_the_price_that_begins_there(self):
        instant = local("2026-01-13 06:30")
        (charge,) = pricer(NIGHT_AND_DAY).consumption(instant, instant, {"plug": 1.0})
        assert (charge.period, charge.energy_kwh, charge.cost) == ("day", 1.0, 0.3)

    def test_times_of_any_zone_mean_their_instant(self):
        in_tokyo = local("2026-01-13 06:00").astimezone(ZoneInfo("Asia/Tokyo"))
        (charge,) = pricer(NIGHT_AND_DAY).consumption(in_tokyo, in_tokyo + HOUR / 2, {"plug": 1.0})
        assert charge.period == "night"
        assert charge.start.tzinfo is UTC


class TestTimeOfUse:
    def test_a_reading_over_an_edge_is_shared_by_time(self):
        charges = pricer(NIGHT_AND_DAY).consumption(
            local("2026-01-13 06:00"), local("2026-01-13 08:00"), {"plug": 4.0}
        )
        assert kwh_by_period(charges) == {"night": 1.0, "day": 3.0}
        assert cost(charges) == pytest.approx(1.0 * 0.1 + 3.0 * 0.3)

    @pytest.mark.parametrize(
        ("day", "zone", "night"),
        [
            (MONDAY, PARIS, 8),
            (SPRING_PARIS, PARIS, 7),
            (AUTUMN_PARIS, PARIS, 9),
            (MONDAY, NEW_YORK, 8),
            (SPRING_NEW_YORK, NEW_YORK, 7),
            (AUTUMN_NEW_YORK, NEW_YORK, 9),
            (MONDAY, KOLKATA, 8),
        ],
    )
    def test_a_steady_load_through_a_day_of_any_length(self, day, zone, night):
        start, end = day_bounds(day, zone)
        load = {"fridge": (end - start) / HOUR}
        whole = pricer(NIGHT_AND_DAY, zone=zone).consumption(start, end, load)
        assert kwh_by_period(whole) == {"night": night, "day": 16}

        hourly = pricer(NIGHT_AND_DAY, zone=zone)
        charges = []
        while start < end:
            charges += hourly.consumption(start, start + HOUR, {"fridge": 1.0})
            start += HOUR
        assert kwh_by_period(charges) == {"night": night, "day": 16}
        assert cost(charges) == pytest.approx(cost(whole))

    def test_the_two_hours_of_one_name_have_their_own_price(self):
        contract = {
            **NIGHT_AND_DAY,
            "periods": [
                {"name": "a", "price": 0.1, "start": "02:30", "end": "05:00"},
                {"name": "b", "price": 0.2, "start": "05:00", "end": "02:30"},
            ],
        }
        first = local("2026-10-25 02:00", fold=0)
        second = local("2026-10-25 02:00", fold=1)
        assert second - first == HOUR
        for start in (first, second):
            charges = pricer(contract).consumption(start, start + HOUR, {"plug": 1.0})
            assert kwh_by_period(charges) == {"b": 0.5, "a": 0.5}


class TestTempo:
    known: ClassVar = {MONDAY: "red", TUESDAY: "blue"}

    def period_at(self, text: str) -> str | None:
        instant = local(text)
        (charge,) = pricer(TEMPO, colours=self.known).consumption(instant, instant, {"plug": 1.0})
        return charge.period

    @pytest.mark.parametrize(
        ("wall", "period"),
        [
            ("2026-01-12 06:00:00", "red_peak"),
            ("2026-01-12 21:59:59", "red_peak"),
            ("2026-01-12 22:00:00", "red_off_peak"),
            ("2026-01-13 00:00:00", "red_off_peak"),
            ("2026-01-13 05:59:59", "red_off_peak"),
            ("2026-01-13 06:00:00", "blue_peak"),
            ("2026-01-13 22:00:00", "blue_off_peak"),
        ],
    )
    def test_a_colour_runs_from_six_to_six(self, wall, period):
        assert self.period_at(wall) == period

    def test_a_reading_over_six_and_over_twenty_two(self):
        priced = pricer(TEMPO, colours=self.known)
        morning = priced.consumption(
            local("2026-01-13 05:45"), local("2026-01-13 06:15"), {"plug": 2.0}
        )
        assert kwh_by_period(morning) == {"red_off_peak": 1.0, "blue_peak": 1.0}
        assert cost(morning) == pytest.approx(0.16 + 0.16)
        evening = priced.consumption(
            local("2026-01-13 21:00"), local("2026-01-13 23:00"), {"plug": 2.0}
        )
        assert kwh_by_period(evening) == {"blue_peak": 1.0, "blue_off_peak": 1.0}

    @pytest.mark.parametrize(("day", "off_peak"), [(SPRING_PARIS, 7), (AUTUMN_PARIS, 9)])
    def test_a_steady_load_through_a_tempo_day_with_a_clock_change_in_its_night(
        self, day, off_peak
    ):
        before = day - timedelta(days=1)
        start = local(f"{before} 06:00")
        end = local(f"{day} 06:00")
        charges = pricer(TEMPO, colours={before: "white"}).consumption(
            start, end, {"fridge": (end - start) / HOUR}
        )
        assert kwh_by_period(charges) == {"white_peak": 16, "white_off_peak": off_peak}


class TestAMissingColour:
    def test_leaves_the_cost_unknown_counts_the_energy_and_names_the_date(self):
        charges = pricer(TEMPO, colours={TUESDAY: "blue"}).consumption(
            local("2026-01-13 05:00"), local("2026-01-13 07:00"), {"plug": 2.0}
        )
        assert [(c.period, c.energy_kwh, c.cost, c.price, c.missing_colour) for c in charges] == [
            ("unknown_off_peak", 1.0, None, None, MONDAY),
            ("blue_peak", 1.0, pytest.approx(0.16), 0.16, None),
        ]

    def test_of_every_day_is_named(self):
        charges = pricer(TEMPO).consumption(*day_bounds(TUESDAY), {"plug": 24.0})
        assert kwh_by_period(charges) == {"unknown_off_peak": 8.0, "unknown_peak": 16.0}
        assert totals(charges).missing_colours == (MONDAY, TUESDAY)

    @pytest.mark.parametrize("value", ["BLUE", "green", "", None])
    def test_is_also_one_that_is_none_of_the_three(self, value):
        (charge, *_) = pricer(TEMPO, colours={MONDAY: value}).consumption(
            *day_bounds(TUESDAY), {"plug": 24.0}
        )
        assert (charge.cost, charge.missing_colour) == (None, MONDAY)

    def test_that_comes_later_is_seen(self):
        known = {}
        priced = pricer(TEMPO, colours=known)
        noon = local("2026-01-13 12:00")
        assert priced.price_at(noon).price is None
        known[TUESDAY] = "red"
        assert priced.price_at(noon).price == 0.76

    def test_is_no_matter_to_another_contract(self):
        assert totals(pricer(FLAT).consumption(*day_bounds(TUESDAY), {"plug": 24.0})) == (
            24.0,
            6.0,
            0.0,
            (),
        )


class TestTiers:
    start = local("2026-01-13 10:00")

    def tiers_of(self, charges: list[Charge]) -> list[tuple[str, int | None, float]]:
        return [(c.device, c.tier, round(c.energy_kwh, 9)) for c in charges]

    def test_an_edge_inside_one_reading_cuts_it_where_the_energy_reaches_it(self):
        priced = pricer(TIERS, used_kwh={date(2026, 1, 1): 99.0})
        charges = priced.consumption(self.start, self.start + HOUR, {"plug": 4.0})
        assert self.tiers_of(charges) == [("plug", 1, 1.0), ("plug", 2, 3.0)]
        assert cost(charges) == pytest.approx(1.0 * 0.1 + 3.0 * 0.2)
        assert charges[0].end == charges[1].start == self.start + HOUR / 4

    def test_one_reading_may_pass_every_edge(self):
        charges = pricer(TIERS).consumption(self.start, self.start + HOUR, {"plug": 1000.0})
        assert self.tiers_of(charges) == [("plug", 1, 100), ("plug", 2, 150), ("plug", 3, 750)]

    def test_devices_share_each_tier_in_proportion_to_their_energy(self):
        priced = pricer(TIERS, used_kwh={date(2026, 1, 1): 96.0})
        charges = priced.consumption(self.start, self.start + HOUR, {"oven": 6.0, "lamp": 2.0})
        assert self.tiers_of(charges) == [
            ("oven", 1, 3.0),
            ("lamp", 1, 1.0),
            ("oven", 2, 3.0),
            ("lamp", 2, 1.0),
        ]

    def test_an_instant_is_cut_too(self):
        priced = pricer(TIERS, used_kwh={date(2026, 1, 1): 99.0})
        charges = priced.consumption(self.start, self.start, {"plug": 4.0})
        assert self.tiers_of(charges) == [("plug", 1, 1.0), ("plug", 2, 3.0)]
        assert {(c.start, c.end) for c in charges} == {(self.start, self.start)}

    def test_a_reading_that_ends_on_an_edge_leaves_the_next_one_to_the_next_tier(self):
        priced = pricer(TIERS, used_kwh={date(2026, 1, 1): 90.0})
        first = priced.consumption(self.start, self.start + HOUR, {"plug": 10.0})
        second = priced.consumption(self.start + HOUR, self.start + 2 * HOUR, {"plug": 1.0})
        assert self.tiers_of(first + second) == [("plug", 1, 10.0), ("plug", 2, 1.0)]

    @pytest.mark.parametrize("off", [-1e-10, 1e-10])
    def test_an_edge_missed_by_rounding_is_the_edge(self, off):
        priced = pricer(TIERS, used_kwh={date(2026, 1, 1): 90.0 + off})
        charges = priced.consumption(self.start, self.start + HOUR, {"plug": 10.0})
        charges += priced.consumption(self.start + HOUR, self.start + 2 * HOUR, {"plug": 1.0})
        assert self.tiers_of(charges) == [("plug", 1, 10.0), ("plug", 2, 1.0)]

    def test_rounding_leaves_no_splinters_at_an_edge(self):
        priced = pricer(TIERS)
        charges = []
        for n in range(1010):
            begin = self.start + n * HOUR / 4
            charges += priced.consumption(begin, begin + HOUR / 4, {"plug": 0.1})
        cut_by_midnights = {c.energy_kwh for c in charges}
        assert min(cut_by_midnights) == pytest.approx(0.1)
        assert math.fsum(c.energy_kwh for c in charges if c.tier == 1) == pytest.approx(100)

    def test_start_again_at_local_midnight_of_the_first(self):
        priced = pricer(TIERS, used_kwh={date(2026, 1, 1): 300.0})
        charges = priced.consumption(
            local("2026-01-31 23:00"), local("2026-02-01 01:00"), {"plug": 2.0}
        )
        assert self.tiers_of(charges) == [("plug", 3, 1.0), ("plug", 1, 1.0)]
        assert priced.used_kwh == {date(2026, 1, 1): 301.0, date(2026, 2, 1): 1.0}

    def test_start_again_where_the_clock_of_the_zone_says_so(self):
        priced = pricer(TIERS, zone=NEW_YORK, used_kwh={date(2026, 10, 1): 300.0})
        charges = priced.consumption(
            datetime(2026, 11, 1, 3, tzinfo=UTC),
            datetime(2026, 11, 1, 5, tzinfo=UTC),
            {"plug": 2.0},
        )
        assert self.tiers_of(charges) == [("plug", 3, 1.0), ("plug", 1, 1.0)]

    def test_count_the_whole_month_whatever_contract_it_fell_under(self):
        change = {**TIERS, "valid_from": "2026-01-16"}
        priced = pricer(FLAT, change)
        before, _ = day_bounds(date(2026, 1, 15))
        charges = priced.consumption(before, before + timedelta(days=2), {"plug": 240.0})
        assert self.tiers_of(charges) == [
            ("plug", None, 120.0),
            ("plug", 2, 120.0),
        ]

    def test_go_on_after_a_restart(self):
        whole = pricer(TIERS)
        first = pricer(TIERS)
        together, apart = [], []
        for n in range(48):
            if n == 24:
                first = Pricer(tariff(TIERS), PARIS, used_kwh=first.used_kwh)
            args = (self.start + n * HOUR, self.start + (n + 1) * HOUR, {"plug": 7.0})
            together += whole.consumption(*args)
            apart += first.consumption(*args)
        assert apart == together


class TestAChangeOfContractAtMidnight:
    contracts = (FLAT, {**TEMPO, "valid_from": "2026-01-13", "feed_in": 0.2})

    def test_prices_each_kwh_as_on_its_day(self):
        charges = pricer(*self.contracts, colours={MONDAY: "red"}).consumption(
            local("2026-01-12 23:00"), local("2026-01-13 01:00"), {"plug": 2.0}
        )
        assert [(c.valid_from, c.period, c.energy_kwh, c.cost) for c in charges] == [
            (date(2020, 1, 1), None, 1.0, 0.25),
            # The new contract takes over a Tempo day that has begun.
            (date(2026, 1, 13), "red_off_peak", 1.0, 0.16),
        ]

    def test_is_at_midnight_of_the_zone(self):
        change = {**FLAT, "valid_from": "2026-01-13", "price": 1}
        charges = pricer(FLAT, change, zone=KOLKATA).consumption(
            datetime(2026, 1, 12, 18, tzinfo=UTC),
            datetime(2026, 1, 12, 19, tzinfo=UTC),
            {"plug": 1.0},
        )
        assert [(c.energy_kwh, c.price) for c in charges] == [(0.5, 0.25), (0.5, 1.0)]

    @pytest.mark.parametrize("day", [SPRING_PARIS, AUTUMN_PARIS])
    def test_on_a_day_when_the_clock_changes(self, day):
        start, end = day_bounds(day)
        change = {**FLAT, "valid_from": day.isoformat(), "price": 1}
        charges = pricer(FLAT, change).consumption(start - HOUR, end, {"plug": 10.0})
        assert [(c.start, c.price) for c in charges] == [(start - HOUR, 0.25), (start, 1.0)]

    def test_before_the_first_contract_the_cost_is_unknown(self):
        later = {**FLAT, "valid_from": "2026-01-13"}
        charges = pricer(later).consumption(
            local("2026-01-12 23:00"), local("2026-01-13 01:00"), {"plug": 2.0}
        )
        assert [(c.energy_kwh, c.cost, c.price, c.valid_from) for c in charges] == [
            (1.0, None, None, None),
            (1.0, 0.25, 0.25, date(2026, 1, 13)),
        ]
        assert totals(charges) == (2.0, 0.25, 1.0, ())

    def test_without_any_contract_every_cost_is_unknown(self):
        charges = pricer().consumption(*day_bounds(TUESDAY), {"plug": 2.0})
        assert [(c.energy_kwh, c.cost) for c in charges] == [(2.0, None)]


class TestProduction:
    def test_is_paid_at_feed_in_apart_from_cost(self):
        start, end = local("2026-01-13 10:00"), local("2026-01-13 11:00")
        paid = {**NIGHT_AND_DAY, "feed_in": 0.1}
        assert pricer(paid).production(start, end, {"roof": 3.0}) == [
            FeedIn("roof", start, end, 3.0, pytest.approx(0.3), 0.1, date(2020, 1, 1))
        ]

    def test_is_cut_at_midnight_and_change_of_contract_only(self):
        contracts = (
            {**TEMPO, "feed_in": 0.1},
            {**FLAT, "valid_from": "2026-01-13", "feed_in": 0.2},
        )
        start, _ = day_bounds(MONDAY)
        payments = pricer(*contracts).production(start, start + 2 * 24 * HOUR, {"a": 2.0, "b": 4.0})
        assert [(p.device, p.energy_kwh, p.price) for p in payments] == [
            ("a", 1.0, 0.1),
            ("b", 2.0, 0.1),
            ("a", 1.0, 0.2),
            ("b", 2.0, 0.2),
        ]

    def test_is_worth_nothing_without_a_feed_in_price_and_unknown_without_a_contract(self):
        start, end = day_bounds(TUESDAY)
        assert pricer(FLAT).production(start, end, {"roof": 3.0})[0].amount == 0
        assert pricer().production(start, end, {"roof": 3.0})[0].amount is None

    def test_moves_no_tier_and_needs_no_order(self):
        priced = pricer(TIERS)
        start, end = day_bounds(TUESDAY)
        priced.production(start, end, {"roof": 300.0})
        priced.production(start - 24 * HOUR, start, {"roof": 300.0})
        assert priced.used_kwh == {}


class TestTheCurrentPrice:
    def test_of_hours_holds_until_they_end(self):
        price = pricer(NIGHT_AND_DAY).price_at(local("2026-01-13 12:00"))
        assert (price.price, price.period, price.tier) == (0.3, "day", None)
        assert price.until == local("2026-01-13 22:30")

    def test_of_tempo(self):
        price = pricer(TEMPO, colours={MONDAY: "red"}).price_at(local("2026-01-13 05:59:59"))
        assert (price.price, price.period) == (0.16, "red_off_peak")
        assert price.until == local("2026-01-13 06:00")

    def test_of_tiers_is_that_of_the_next_kwh(self):
        noon = local("2026-01-13 12:00")
        assert pricer(TIERS).price_at(noon)[:1] == (0.1,)
        for used, price, tier in ((99.9, 0.1, 1), (100.0, 0.2, 2), (1e6, 0.4, 3)):
            found = pricer(TIERS, used_kwh={date(2026, 1, 1): used}).price_at(noon)
            assert (found.price, found.tier) == (price, tier)

    def test_is_unknown_without_a_contract(self):
        price = pricer().price_at(local("2026-01-13 12:00"))
        assert (price.price, price.valid_from) == (None, None)


class TestWhatCannotBePriced:
    start, end = day_bounds(TUESDAY)

    @pytest.mark.parametrize("energy", [-0.001, math.nan, math.inf])
    @pytest.mark.parametrize("method", ["consumption", "production"])
    def test_an_energy_that_is_none(self, method, energy):
        with pytest.raises(ValueError, match="plug"):
            getattr(pricer(FLAT), method)(self.start, self.end, {"plug": energy})

    @pytest.mark.parametrize("used", [-1.0, math.nan])
    def test_a_month_that_is_none(self, used):
        with pytest.raises(ValueError, match="2026-01-01"):
            pricer(FLAT, used_kwh={date(2026, 1, 1): used})

    @pytest.mark.parametrize("method", ["consumption", "production"])
    def test_an_end_before_the_start(self, method):
        with pytest.raises(ValueError, match="ends before"):
            getattr(pricer(FLAT), method)(self.end, self.start, {"plug": 1.0})

    def test_a_time_without_zone(self):
        with pytest.raises(ValueError, match="time zone"):
            pricer(FLAT).price_at(self.start.replace(tzinfo=None))

    def test_consumption_out_of_order(self):
        priced = pricer(TIERS)
        priced.consumption(self.start, self.end, {"plug": 1.0})
        with pytest.raises(ValueError, match="order"):
            priced.consumption(self.start - HOUR, self.start, {"plug": 1.0})
        assert priced.used_kwh == {date(2026, 1, 1): 1.0}

    def test_no_device_is_no_charge(self):
        assert pricer(TIERS).consumption(self.start, self.end, {}) == []


@pytest.mark.parametrize("contract", [FLAT, NIGHT_AND_DAY, TEMPO, TIERS])
def test_a_year_of_hours_of_ten_devices_is_priced_within_a_second(contract):
    known = {date(2025, 12, 31) + timedelta(days=n): "white" for n in range(366)}
    priced = pricer(contract, colours=known)
    start, end = local("2026-01-01 00:00"), local("2027-01-01 00:00")
    load = {f"plug {n}": 0.1 * n for n in range(10)}
    charges = []
    began = time.process_time()
    while start < end:
        charges += priced.consumption(start, start + HOUR, load)
        start += HOUR
    assert time.process_time() - began < 1
    assert totals(charges).energy_kwh == pytest.approx(8760 * 4.5)
