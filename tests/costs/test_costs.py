"""What energy costs: a function of the ledger and of the contracts, kept as statistics alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import (
    async_import_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.recorder import get_instance

from custom_components.med_exporter.const import DOMAIN, PlugRole
from custom_components.med_exporter.costs import SIGNAL_COSTS_CHANGED, CostChange
from custom_components.med_exporter.costs import costs as costs_module
from custom_components.med_exporter.costs import statistics as statistics_module
from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.engine.ledger import quarters_table
from custom_components.med_exporter.ledger import Correction, Operation, PlugSeries, PointSeries
from custom_components.med_exporter.repairs import async_create_fix_flow
from custom_components.med_exporter.statistics import writer as writer_module
from tests.ledger.conftest import plug
from tests.ledger.stories import PARIS

from .conftest import FLAT, HOUSE, NOW, TEMPO, TIERS, PricedBooks, time_of_use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from homeassistant.core import HomeAssistant


def day(number: int, hour: float = 0, month: int = 11) -> datetime:
    return datetime(2026, month, number, tzinfo=PARIS) + timedelta(hours=hour)


@pytest.fixture
def colours(hass: HomeAssistant) -> Iterator[dict[date, str]]:
    """What a grid that is set up knows of Tempo."""
    known: dict[date, str] = {}
    grid = SimpleNamespace(data=SimpleNamespace(known_colours=known))
    with patch.object(costs_module, "loaded_grid", return_value=grid):
        yield known


async def stored(house: PricedBooks) -> list[tuple[datetime, float]]:
    """Return hours and sums as Home Assistant's own function reads them."""
    await house.books.committed()
    rows = await get_instance(house.hass).async_add_executor_job(
        lambda: statistics_during_period(
            house.hass, NOW - timedelta(days=800), None, {"med_exporter:cost_house"}, "hour", None,
            {"sum"},
        )
    )  # fmt: skip
    return [
        (datetime.fromtimestamp(row["start"], PARIS), row["sum"])
        for row in rows.get("med_exporter:cost_house", [])
    ]


async def add_means(house: PricedBooks, rows: list[dict[str, Any]]) -> None:
    """Import hours of the price sensor's long-term statistics."""
    metadata: dict[str, Any] = {
        "source": "recorder",
        "statistic_id": "sensor.spot",
        "name": None,
        "has_sum": False,
        "mean_type": StatisticMeanType.ARITHMETIC,
        "unit_of_measurement": "EUR/MWh",
    }
    if hasattr(StatisticsMeta, "unit_class"):
        metadata["unit_class"] = None
    async_import_statistics(house.hass, metadata, rows)
    await house.books.committed()


async def unit(house: PricedBooks) -> str | None:
    """Return the unit of the statistic."""
    await house.books.committed()
    found = await get_instance(house.hass).async_add_executor_job(
        lambda: get_metadata(house.hass, statistic_ids={"med_exporter:cost_house"})
    )
    return found["med_exporter:cost_house"][1]["unit_of_measurement"]


def changes(house: PricedBooks) -> list[CostChange]:
    """Return a list that grows with each change that is announced."""
    heard: list[CostChange] = []

    @callback
    def hear(change: CostChange) -> None:
        heard.append(change)

    async_dispatcher_connect(house.hass, SIGNAL_COSTS_CHANGED, hear)
    return heard


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

    async def test_a_contract_entered_ahead_takes_its_turn(self, house: PricedBooks) -> None:
        house.contracts(FLAT, {**FLAT, "valid_from": "2026-11-22", "price": 0.5})
        await house.price()
        house.freezer.move_to(day(24))
        await house.use(day(21), day(23), 0.5)
        await house.price()
        assert [p.cost for p in await house.days(day(21), 2)] == [6.0, 12.0]


class TestStatistics:
    async def test_closed_hours_stand_in_the_long_term_statistics(self, house: PricedBooks) -> None:
        house.contracts(FLAT)
        await house.use(day(20, 8), day(20, 11.5), 0.5)
        await house.price()
        assert await stored(house) == [
            (day(20, 8), 0.25),
            (day(20, 9), 0.5),
            (day(20, 10), 0.75),
            (day(20, 11), 0.875),
        ]

    async def test_they_are_rewritten_from_the_first_changed_hour_on(
        self, house: PricedBooks
    ) -> None:
        heard = changes(house)
        house.contracts(FLAT)
        await house.use(day(20, 8), day(20, 12), 0.5)
        await house.price()
        assert not heard
        assert len(await stored(house)) == 4
        await house.use(day(20, 9), day(20, 9.5), 2.0)
        await house.price()
        assert await stored(house) == [
            (day(20, 8), 0.25),
            (day(20, 9), 1.0),
            (day(20, 10), 1.25),
            (day(20, 11), 1.5),
        ]
        assert heard == [CostChange("house", int(day(20, 9).timestamp()))]
        await house.price()
        assert len(heard) == 1

    async def test_what_is_too_old_for_the_ledger_stays_and_is_priced_by_its_hours(
        self, house: PricedBooks
    ) -> None:
        house.contracts(FLAT)
        await house.use(day(18, 8), day(18, 12), 0.5)
        await house.price()
        await house.books.execute(quarters_table.delete())
        await house.use(day(20, 8), day(20, 10), 0.5)
        house.contracts({**FLAT, "price": 0.5})
        await house.costs.async_update()
        assert await stored(house) == [
            (day(18, 8), 0.5),
            (day(18, 9), 1.0),
            (day(18, 10), 1.5),
            (day(18, 11), 2.0),
        ]
        assert [(p.kwh, p.cost) for p in await house.days(day(18))] == [(4.0, 2.0)]

    @pytest.mark.parametrize("then", [TIERS, FLAT])
    async def test_what_is_put_right_in_hours_that_are_too_old_has_another_cost(
        self, house: PricedBooks, then: dict
    ) -> None:
        house.contracts({**then, "valid_from": "2024-01-01"})
        books, ledger = house.books, house.books.ledger
        for hours in range(5):
            await books.read(plug(), 30.0 * hours, day(18, 8 + hours))
        # Two years on, only the long-term statistics have these hours.
        later = NOW.replace(year=2028)
        await books.read(plug(), 125.0, later)
        await books.close(later + timedelta(minutes=20))
        await ledger.async_purge()
        await house.costs.async_update(since=0)
        before = await stored(house)
        price = then["tiers"][0]["price"] if "tiers" in then else then["price"]
        tail = before[-1][1] - next(s for at, s in before if at == day(18, 13))
        assert [s for at, s in before if at == day(18, 11)] == pytest.approx(
            [100 * price + 20 * 0.5 if "tiers" in then else 120 * price]
        )

        heard, told = books.changes(), changes(house)
        await ledger.async_correct(
            Correction(
                plug=plug(),
                start=int(day(18, 9).timestamp()),
                end=int(day(18, 11).timestamp()),
                operation=Operation.SCALE,
                value=0.5,
            )
        )
        first = int(day(18, 9).timestamp())
        assert {one.first_ts for one in heard} == {first}
        await house.costs.async_update(since=min(one.first_ts for one in heard))
        assert told == [CostChange("house", first)]
        after = dict(await stored(house))
        assert after[day(18, 8)] == pytest.approx(30 * price)
        assert after[day(18, 9)] == pytest.approx(45 * price)
        assert after[day(18, 11)] == pytest.approx(90 * price)
        assert max(after.values()) == pytest.approx(90 * price + tail)
        [whole] = await house.days(day(18))
        assert (whole.kwh, whole.cost) == (pytest.approx(90.0), pytest.approx(90 * price))


SPOT = {"valid_from": "2026-01-01", "kind": "sensor_price", "entity_id": "sensor.spot"}
UNIT = {"unit_of_measurement": "EUR/MWh", "state_class": "measurement"}


class TestSensorPrice:
    async def show(
        self, house: PricedBooks, at: datetime, price: float | str, unit: str = "EUR/MWh"
    ) -> None:
        house.freezer.move_to(at)
        attributes = {**UNIT, "unit_of_measurement": unit}
        house.hass.states.async_set("sensor.spot", str(price), attributes)
        await house.books.committed()

    async def test_each_quarter_hour_costs_what_the_sensor_showed(self, house: PricedBooks) -> None:
        house.contracts({**SPOT, "factor": 2, "fixed": 0.1, "tax": 10})
        await self.show(house, day(20, 8) - timedelta(minutes=5), 100)
        await self.show(house, day(20, 8) + timedelta(seconds=20), 200)
        await self.show(house, day(20, 8) + timedelta(minutes=15, seconds=20), -50)
        await self.show(house, day(20, 8.5) + timedelta(seconds=20), "unavailable")
        await self.show(house, day(20, 9) + timedelta(seconds=20), 0)
        house.freezer.move_to(day(20, 10))
        await house.use(day(20, 8), day(20, 9.5), 1.0)
        await house.price()
        first, second, third = await house.days(day(20, 8), aggregation="half_hourly")
        assert first.cost == pytest.approx(((0.4 + 0.1) + (-0.1 + 0.1)) / 2 * 1.1)
        assert (second.cost, second.unpriced_kwh) == (pytest.approx(0.0), 0.5)
        assert third.cost == pytest.approx(0.11)

    async def test_each_price_is_in_the_unit_that_the_sensor_had_then(
        self, house: PricedBooks
    ) -> None:
        house.contracts(SPOT)
        await self.show(house, day(20, 8), 100)
        await self.show(house, day(20, 8.5), 0.2, "EUR/kWh")
        await self.show(house, day(20, 9), 30, "ct/kWh")
        await self.show(house, day(20, 9.5), 7, "points")
        house.freezer.move_to(day(20, 10))
        await house.use(day(20, 8), day(20, 10), 1.0)
        await house.price()
        found = await house.days(day(20, 8), aggregation="half_hourly")
        costs = [(one.cost, one.unpriced_kwh) for one in found]
        assert costs == [(pytest.approx(cost), 0) for cost in (0.1, 0.2, 0.3)] + [(None, 1.0)]

    async def test_what_no_kwh_ever_costs_is_no_price(self, house: PricedBooks) -> None:
        house.contracts(SPOT)
        await self.show(house, day(20, 8), 1e300)
        await self.show(house, day(20, 8.5), -200)
        house.freezer.move_to(day(20, 9))
        await house.use(day(20, 8), day(20, 9), 1.0)
        await house.price()
        found = await house.days(day(20, 8), aggregation="half_hourly")
        assert [one.cost for one in found] == [None, pytest.approx(-0.2)]

    async def test_a_price_that_comes_late_prices_what_it_concerns(
        self, house: PricedBooks
    ) -> None:
        heard = changes(house)
        house.contracts(SPOT)
        await house.use(day(19, 22), day(20, 2), 0.5)
        await house.price()
        [whole] = await house.days(day(19))
        assert (whole.cost, whole.unpriced_kwh) == (None, 2.0)
        means = [
            {"start": day(19, 22 + n).astimezone(UTC), "mean": 100.0 * n, "min": 0, "max": 0}
            for n in range(4)
        ]
        await add_means(house, means)
        await house.price(since=NOW.timestamp() - 86400)
        [whole] = await house.days(day(19))
        assert (whole.cost, whole.unpriced_kwh) == (pytest.approx(0.1), 0.0)
        assert (await stored(house))[-1][1] == pytest.approx(0.6)
        assert heard == [CostChange("house", int(day(19, 23).timestamp()))]

    async def test_a_mean_that_is_put_right_prices_it_anew(self, house: PricedBooks) -> None:
        house.contracts(SPOT)
        await house.use(day(20, 8), day(20, 9), 0.5)
        start = day(20, 8).astimezone(UTC)
        await add_means(house, [{"start": start, "mean": 100.0, "min": 0, "max": 0}])
        await house.price()
        await add_means(house, [{"start": start, "mean": 300.0, "min": 0, "max": 0}])
        await house.price(since=NOW.timestamp() - 86400)
        assert [p.cost for p in await house.days(day(20))] == [pytest.approx(0.3)]

    async def test_what_the_recorder_forgets_stays_priced(self, house: PricedBooks) -> None:
        house.contracts(SPOT)
        await self.show(house, day(20, 8), 100)
        await self.show(house, day(20, 8.25), 300)
        house.freezer.move_to(NOW)
        await house.use(day(20, 8), day(20, 9), 0.5)
        await house.price()
        [before] = await house.days(day(20))
        await house.hass.services.async_call(
            "recorder", "purge_entities", {"entity_id": ["sensor.spot"]}, blocking=True
        )
        await house.books.committed()
        # Only the mean of the hour is left.
        start = day(20, 8).astimezone(UTC)
        await add_means(house, [{"start": start, "mean": 250.0, "min": 100, "max": 300}])
        await house.price()
        assert await house.days(day(20)) == [before]
        assert before.cost == pytest.approx(0.5 * (0.1 + 0.3) / 2 + 0.5 * 0.3)

    async def test_another_currency_is_no_price(self, house: PricedBooks) -> None:
        house.contracts(SPOT)
        house.hass.states.async_set("sensor.spot", "1", {"unit_of_measurement": "SEK/kWh"})
        house.freezer.move_to(NOW + timedelta(hours=1))
        await house.use(NOW, NOW + timedelta(hours=1), 0.5)
        await house.price()
        [whole] = await house.days(day(20))
        assert (whole.cost, whole.unpriced_kwh) == (None, 1.0)


class TestCurrency:
    async def test_amounts_keep_the_one_that_they_were_entered_in(self, house: PricedBooks) -> None:
        house.contracts(FLAT)
        await house.use(day(20, 8), day(20, 10), 0.5)
        await house.price()
        await house.hass.config.async_update(currency="CHF")
        await house.price()
        assert house.costs.running("house").currency == "EUR"
        assert await unit(house) == "EUR"
        issue = ir.async_get(house.hass).async_get_issue(
            DOMAIN, f"currency_changed_{house.entry.entry_id}"
        )
        assert issue.translation_placeholders == {"name": "House", "before": "EUR", "now": "CHF"}

    async def test_the_repair_prices_all_of_the_past_in_the_new_one(
        self, house: PricedBooks
    ) -> None:
        house.contracts(FLAT)
        await house.use(day(10), day(20), 0.01)
        await house.use(day(20, 8), day(20, 10), 0.5)
        await house.price()
        await house.hass.config.async_update(currency="CHF")
        await house.price()
        issue_id = f"currency_changed_{house.entry.entry_id}"
        flow = await async_create_fix_flow(house.hass, issue_id, {"entry_id": house.entry.entry_id})
        flow.hass = house.hass
        assert (await flow.async_step_init())["type"] == "form"
        with patch.object(house.hass.config_entries, "async_schedule_reload") as reload:
            assert (await flow.async_step_confirm({}))["type"] == "create_entry"
        assert reload.called
        await house.price()
        assert house.costs.running("house").currency == "CHF"
        assert await unit(house) == "CHF"
        assert ir.async_get(house.hass).async_get_issue(DOMAIN, issue_id) is None
        assert [p.cost for p in await house.days(day(20))] == [0.5]


async def test_times_need_a_zone(house: PricedBooks) -> None:
    with pytest.raises(ValueError, match="time zone"):
        await house.costs.async_costs(HOUSE, datetime(2026, 11, 1), day(2))  # noqa: DTZ001
