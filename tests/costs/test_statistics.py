"""Costs are kept as hours of long-term statistics, and nowhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from custom_components.med_exporter.costs import CostChange
from custom_components.med_exporter.engine.ledger import quarters_table
from custom_components.med_exporter.ledger.corrections import Correction, Operation
from tests.ledger.conftest import plug

from .asking import changes, day, stored
from .conftest import FLAT, NOW, TIERS, PricedBooks


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
