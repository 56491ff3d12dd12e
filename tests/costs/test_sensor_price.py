"""A contract's price may be what a Home Assistant sensor showed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_import_statistics

from custom_components.med_exporter.costs import CostChange

from .asking import changes, day, stored
from .conftest import NOW, PricedBooks


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


def hour_of_means(hour: int, mean: float) -> dict[str, Any]:
    """Return the row of an hour of the 20th."""
    return {"start": day(20, hour).astimezone(UTC), "mean": mean, "min": mean, "max": mean}


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

    async def test_the_mean_of_an_hour_is_no_price_of_what_was_not_shown_in_it(
        self, house: PricedBooks
    ) -> None:
        house.contracts(SPOT)
        await self.show(house, day(20, 7), 100)
        await self.show(house, day(20, 8) + timedelta(seconds=20), "unavailable")
        await self.show(house, day(20, 9), 300)
        # The recorder's mean is that of the seconds in which there was a price.
        start = day(20, 8).astimezone(UTC)
        await add_means(house, [{"start": start, "mean": 100.0, "min": 100, "max": 100}])
        house.freezer.move_to(day(20, 10))
        await house.use(day(20, 8), day(20, 10), 1.0)
        await house.price()
        found = await house.days(day(20, 8), aggregation="hourly")
        costs = [(one.cost, one.unpriced_kwh) for one in found]
        assert costs == [(pytest.approx(0.05), 1.5), (pytest.approx(0.6), 0.0)]

    async def test_what_was_used_before_a_sensor_showed_anything_has_no_price(
        self, house: PricedBooks
    ) -> None:
        house.contracts(SPOT)
        await self.show(house, day(20, 8) + timedelta(minutes=40), 100)
        # The mean of an hour says nothing of when in it the sensor began.
        await add_means(house, [hour_of_means(8, 100.0)])
        house.freezer.move_to(day(20, 10))
        await house.use(day(20, 8), day(20, 9), 1.0)
        await house.price()
        [found] = await house.days(day(20, 8), aggregation="hourly")
        assert (found.cost, found.unpriced_kwh) == (pytest.approx(0.1), 1.0)

    async def test_the_hour_whose_first_states_are_forgotten_keeps_its_mean_until_the_next(
        self, house: PricedBooks
    ) -> None:
        house.contracts(SPOT)
        await self.show(house, day(20, 8) + timedelta(minutes=20), "unknown")
        await self.show(house, day(20, 8) + timedelta(minutes=50), 300)
        await add_means(house, [hour_of_means(7, 100.0), hour_of_means(8, 200.0)])
        house.freezer.move_to(day(20, 10))
        await house.use(day(20, 7), day(20, 9), 1.0)
        await house.price()
        found = await house.days(day(20, 7), aggregation="half_hourly")
        costs = [(one.cost, one.unpriced_kwh) for one in found]
        # 8:15 begins before the first state, 8:30 does not.
        assert costs == [
            (pytest.approx(cost), unpriced)
            for cost, unpriced in ((0.1, 0), (0.1, 0), (0.2, 0), (0.15, 0.5))
        ]

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
