"""What energy costs is a function of the ledger and of the contracts."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from unittest.mock import patch

import pytest
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir

from custom_components.med_exporter.const import DOMAIN, PlugRole
from custom_components.med_exporter.costs import CostChange, cost_statistic_id
from custom_components.med_exporter.costs import costs as costs_module
from custom_components.med_exporter.costs import statistics as statistics_module
from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.ledger import PlugSeries, PointSeries
from custom_components.med_exporter.statistics import writer as writer_module
from custom_components.med_exporter.statistics.pace import Pace
from tests.ledger.conftest import plug
from tests.ledger.stories import PARIS

from .asking import changes, day, stored
from .conftest import FLAT, HOUSE, NOW, TEMPO, TIERS, PricedBooks, time_of_use


class TestPricing:
    async def test_hours_of_a_day_have_the_price_of_their_period(self, house: PricedBooks) -> None:
        house.contracts(time_of_use())
        await house.use(day(19), day(20), 0.5)
        await house.price()
        periods = await house.days(day(19), by={"period"})
        assert [(p.period, p.kwh, p.cost) for p in periods] == [
            ("day", 16.0, 4.8),
            ("night", 8.0, 0.8),
        ]
        [whole] = await house.days(day(19))
        assert (whole.kwh, whole.cost, whole.unpriced_kwh) == (24.0, 5.6, 0.0)

    async def test_energy_before_the_first_contract_has_no_cost(self, house: PricedBooks) -> None:
        house.contracts({**FLAT, "valid_from": "2026-11-19"})
        await house.use(day(18), day(20), 0.5)
        await house.price()
        before, after = await house.days(day(18), 2)
        assert (before.cost, before.unpriced_kwh) == (None, 24.0)
        assert (after.cost, after.unpriced_kwh) == (6.0, 0.0)

    async def test_tiers_count_the_whole_metering_point_over_the_month(
        self, house: PricedBooks
    ) -> None:
        house.contracts(TIERS)
        for number in (1, 2):
            await house.use(day(29, month=10), day(5), 0.5, plug(number))
        await house.price()
        days = await house.days(day(29, month=10), 7, by={"tier"})
        assert [(p.start.day, p.tier, p.kwh) for p in days] == [
            (29, 1, 48.0),
            (30, 1, 48.0),
            (31, 1, 4.0),
            (31, 2, 44.0),
            (1, 1, 48.0),
            (2, 1, 48.0),
            (3, 1, 4.0),
            (3, 2, 44.0),
            (4, 2, 48.0),
        ]
        both = await house.days(day(3), by={"plug", "tier"})
        assert [(p.plug_id[-1], p.tier, p.kwh, p.cost) for p in both] == [
            ("1", 1, 2.0, 0.4),
            ("1", 2, 22.0, 11.0),
            ("2", 1, 2.0, 0.4),
            ("2", 2, 22.0, 11.0),
        ]

    async def test_plugs_that_are_ignored_have_no_cost_and_fill_no_tier(
        self, house: PricedBooks
    ) -> None:
        house.contracts(TIERS)
        await house.use(day(1), day(5), 0.5)
        await house.use(day(1), day(5), 5.0, plug(2, PlugRole.IGNORED))
        await house.price()
        assert {p.tier for p in await house.days(day(1), 4, by={"tier"})} == {1}
        assert {p.plug_id for p in await house.days(day(1), 4, by={"plug"})} == {plug().plug_id}

    async def test_production_is_paid_and_kept_apart(self, house: PricedBooks) -> None:
        house.contracts({**FLAT, "feed_in": 0.13})
        await house.use(day(19), day(20), 0.5)
        await house.use(day(19), day(20), 1.0, plug(2, PlugRole.PRODUCTION))
        await house.price()
        [used] = await house.days(day(19))
        [produced] = await house.costs.async_costs(
            PointSeries("house", PlugRole.PRODUCTION), day(19), day(20)
        )
        assert used.cost == 6.0
        assert (produced.kwh, produced.cost) == (48.0, 6.24)

    @pytest.mark.parametrize(("first", "hours"), [(day(29, month=3), 23), (day(25, month=10), 25)])
    async def test_days_of_the_clock_change(
        self, house: PricedBooks, first: datetime, hours: int
    ) -> None:
        house.contracts(time_of_use())
        following = datetime(first.year, first.month, first.day + 1, tzinfo=PARIS)
        await house.use(first, following, 0.5)
        await house.price()
        periods = await house.days(first, by={"period"})
        assert [(p.period, p.kwh) for p in periods] == [("day", 16.0), ("night", hours - 16.0)]

    async def test_a_contract_changes_at_midnight(self, house: PricedBooks) -> None:
        house.contracts(FLAT, {**FLAT, "valid_from": "2026-11-19", "price": 0.5})
        await house.use(day(18), day(20), 0.5)
        await house.price()
        assert [p.cost for p in await house.days(day(18), 2)] == [6.0, 12.0]


class TestConservation:
    async def test_plugs_days_and_months_add_up(self, house: PricedBooks) -> None:
        house.contracts(time_of_use("2026-01-01"), {**TIERS, "valid_from": "2026-10-15"})
        for number in (1, 2, 3):
            await house.use(
                day(20, month=9), day(20), lambda at, n=number: (at.hour * n % 7) / 13, plug(number)
            )
        await house.price()
        stretch = (day(1, month=9), day(1, month=12))
        sums = {}
        for aggregation in ("half_hourly", "hourly", "daily", "weekly", "monthly"):
            periods = await house.costs.async_costs(HOUSE, *stretch, aggregation=aggregation)
            sums[aggregation] = sum(p.cost for p in periods)
        parts = await house.costs.async_costs(HOUSE, *stretch, by={"plug", "period", "tier"})
        sums["parts"] = sum(p.cost for p in parts)
        plugs = [
            await house.costs.async_costs(
                PlugSeries(plug(n).plug_id), *stretch, aggregation="monthly"
            )
            for n in (1, 2, 3)
        ]
        sums["plugs"] = sum(p.cost for periods in plugs for p in periods)
        assert all(total == pytest.approx(sums["monthly"], abs=1e-6) for total in sums.values())
        assert sums["monthly"] > 100

    async def test_a_second_pass_changes_nothing(self, house: PricedBooks) -> None:
        house.contracts(TIERS)
        await house.use(day(1), NOW, 0.5)
        await house.price()
        before = await house.terms(), await stored(house)
        with patch.object(writer_module, "async_add_external_statistics") as again:
            await house.price()
        assert not again.called
        assert (await house.terms(), await stored(house)) == before

    async def test_late_energy_moves_the_tiers_of_the_rest_of_its_month(
        self, house: PricedBooks
    ) -> None:
        house.contracts(TIERS)
        await house.use(day(1), day(20), 0.1)
        await house.price()
        assert {p.tier for p in await house.days(day(1), 19, by={"tier"})} == {1}
        await house.use(day(3), day(5), 0.5, plug(2))
        await house.price()
        assert {p.tier for p in await house.days(day(1), 19, by={"tier"})} == {1, 2}
        whole = sum(p.cost for p in await house.days(day(1), 19))
        assert (await stored(house))[-1][1] == pytest.approx(whole)

    async def test_work_that_was_cut_short_goes_on(self, house: PricedBooks) -> None:
        house.contracts(FLAT)
        await house.use(day(1, month=6), day(20), 0.5)
        price = statistics_module.price_point
        calls = 0

        def stop(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls > 3:
                raise RuntimeError("no power")
            return price(*args, **kwargs)

        with (
            patch.object(Pace, "took_long", new=True),
            patch.object(statistics_module, "price_point", stop),
            pytest.raises(DatabaseUnavailableError),
        ):
            await house.price()
        assert 0 < len(await stored(house)) < 172 * 24 + 1
        await house.price(since=NOW.timestamp())
        assert len(await stored(house)) == 172 * 24 + 1
        assert (await stored(house))[-1][1] == pytest.approx((172 * 48 + 2) * 0.125)


class TestTempo:
    async def test_a_colour_that_comes_late_prices_its_day_and_no_other(
        self, house: PricedBooks, colours: dict[date, str]
    ) -> None:
        house.contracts(TEMPO)
        heard = changes(house)
        colours |= {date(2026, 11, 16): "blue", date(2026, 11, 18): "white"}
        await house.use(day(17), day(19, 6), 0.5)
        await house.price()
        before = await stored(house)
        days = await house.days(day(17), 2, by={"period"})
        assert [(p.start.day, p.period, p.kwh) for p in days] == [
            (17, "blue_off_peak", 6.0),
            (17, "unknown_off_peak", 2.0),
            (17, "unknown_peak", 16.0),
            (18, "unknown_off_peak", 6.0),
            (18, "white_off_peak", 2.0),
            (18, "white_peak", 16.0),
        ]
        colours[date(2026, 11, 17)] = "red"
        await house.price(since=NOW.timestamp())
        changed = await stored(house)
        assert changed[:6] == before[:6]
        assert changed[6] == (day(17, 6), pytest.approx(before[5][1] + 0.76))
        assert heard == [CostChange("house", int(day(17, 6).timestamp()))]
        first, _ = await house.days(day(17), 2)
        assert (first.cost, first.unpriced_kwh) == (
            pytest.approx(6 * 0.13 + 16 * 0.76 + 2 * 0.16),
            0.0,
        )

    async def test_a_grid_that_is_gone_leaves_prices_alone(
        self, house: PricedBooks, colours: dict[date, str]
    ) -> None:
        house.contracts(TEMPO)
        colours |= {date(2026, 11, 17): "blue", date(2026, 11, 18): "white"}
        await house.use(day(18), day(19), 0.5)
        await house.price()
        before = await house.days(day(18))
        colours.clear()
        await house.price()
        assert await house.days(day(18)) == before
        assert before[0].unpriced_kwh == 0


class TestContracts:
    async def test_a_contract_that_is_put_right_reprices_what_it_concerns(
        self, house: PricedBooks
    ) -> None:
        heard = changes(house)
        house.contracts(FLAT)
        await house.use(day(18), day(20, 12), 0.5)
        await house.price()
        house.contracts(FLAT, {**FLAT, "valid_from": "2026-11-19", "price": 0.5})
        await house.price(since=NOW.timestamp())
        assert [p.cost for p in await house.days(day(18), 3)] == [6.0, 12.0, 6.0]
        assert (await stored(house))[-1][1] == pytest.approx(24.0)
        assert heard == [CostChange("house", int(day(19).timestamp()))]

    async def test_a_first_contract_prices_the_past_at_once(self, house: PricedBooks) -> None:
        await house.use(day(18), day(20), 0.5)
        await house.price()
        house.contracts({**FLAT, "valid_from": "2026-11-19"})
        await house.price(since=NOW.timestamp())
        assert [p.cost for p in await house.days(day(18), 2)] == [None, 6.0]
        assert (await stored(house))[-1][1] == pytest.approx(6.0)

    async def test_without_a_contract_there_is_no_row_no_statistic_and_no_work(
        self, house: PricedBooks
    ) -> None:
        await house.use(day(18), day(20), 0.5)
        with patch.object(costs_module, "queue_work") as work:
            await house.price()
        assert not work.called
        assert (await house.terms(), await stored(house)) == ([], [])
        assert house.costs.running("house") is None
        assert await house.days(day(18), 2) == []

    async def test_what_contracts_had_brought_goes_with_the_last(self, house: PricedBooks) -> None:
        house.contracts(FLAT)
        await house.use(day(18), day(20, 12), 0.5)
        await house.price()
        assert await stored(house)
        house.contracts()
        await house.price()
        assert (await house.terms(), await stored(house)) == ([], [])

    async def test_a_refused_statistic_is_told_of_until_the_last_contract_goes(
        self, house: PricedBooks
    ) -> None:
        house.contracts(FLAT)
        await house.use(day(19), day(20), 0.5)
        told = partial(
            ir.async_get(house.hass).async_get_issue,
            DOMAIN,
            f"statistic_refused_{cost_statistic_id('house')}",
        )
        refusal = HomeAssistantError("refused")
        with patch.object(writer_module, "async_add_external_statistics", side_effect=refusal):
            await house.price()
        assert told()
        house.contracts()
        await house.price()
        assert not told()

    async def test_a_contract_entered_ahead_takes_its_turn(self, house: PricedBooks) -> None:
        house.contracts(FLAT, {**FLAT, "valid_from": "2026-11-22", "price": 0.5})
        await house.price()
        house.freezer.move_to(day(24))
        await house.use(day(21), day(23), 0.5)
        await house.price()
        assert [p.cost for p in await house.days(day(21), 2)] == [6.0, 12.0]


async def test_times_need_a_zone(house: PricedBooks) -> None:
    with pytest.raises(ValueError, match="time zone"):
        await house.costs.async_costs(HOUSE, datetime(2026, 11, 1), day(2))  # noqa: DTZ001
