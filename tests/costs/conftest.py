"""Costs over a ledger in Home Assistant with a recorder, with words for what tests do to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.helpers.recorder import get_instance
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import select

from custom_components.med_exporter.const import DOMAIN, PlugRole
from custom_components.med_exporter.costs import Costs
from custom_components.med_exporter.costs.tables import costs_table
from custom_components.med_exporter.engine.tariff import parse_contracts
from custom_components.med_exporter.engine.times import HALF_HOUR, floor_to
from custom_components.med_exporter.ledger import PointSeries
from tests.ledger.conftest import Books, books, plug  # noqa: F401 (a fixture)
from tests.ledger.stories import PARIS
from tests.ledger_rows import HalfHourRow, put_half_hours

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.ledger import LedgerPlug

HOUSE = PointSeries("house", PlugRole.CONSUMPTION)
NOW = datetime(2026, 11, 20, 12, tzinfo=PARIS)

FLAT = {"valid_from": "2026-01-01", "kind": "flat", "price": 0.25}


def time_of_use(valid_from: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    return {
        "valid_from": valid_from,
        "kind": "time_of_use",
        "periods": [
            {"name": "night", "price": 0.1, "days": days, "start": "22:00", "end": "06:00"},
            {"name": "day", "price": 0.3, "days": days, "start": "06:00", "end": "22:00"},
        ],
        **more,
    }


TEMPO = {
    "valid_from": "2026-01-01",
    "kind": "tempo",
    "prices": {
        "blue": {"peak": 0.16, "off_peak": 0.13},
        "white": {"peak": 0.19, "off_peak": 0.15},
        "red": {"peak": 0.76, "off_peak": 0.16},
    },
}
TIERS = {
    "valid_from": "2026-01-01",
    "kind": "tiers",
    "tiers": [{"up_to": 100.0, "price": 0.2}, {"price": 0.5}],
}


class PricedBooks:
    """A metering point with contracts, half-hours in the ledger's table, and their costs."""

    def __init__(self, books: Books, entry: MockConfigEntry) -> None:  # noqa: F811
        self.books = books
        self.hass: HomeAssistant = books.hass
        self.freezer: FrozenDateTimeFactory = books.freezer
        self.entry = entry
        self.costs = Costs(self.hass)

    def contracts(self, *contracts: dict[str, Any]) -> None:
        """Let the user enter contracts in the place of those before."""
        stored = parse_contracts(list(contracts)).to_dicts() if contracts else []
        self.hass.config_entries.async_update_entry(self.entry, options={"contracts": stored})

    async def use(
        self,
        start: datetime,
        end: datetime,
        kwh: float | Callable[[datetime], float],
        of: LedgerPlug | None = None,
    ) -> None:
        """Put the same energy into each half-hour of a range, or what a function says."""
        of = of or plug()
        rows = []
        for start_ts in range(
            floor_to(start.timestamp(), HALF_HOUR),
            floor_to(end.timestamp(), HALF_HOUR),
            HALF_HOUR,
        ):
            amount = kwh if isinstance(kwh, float) else kwh(datetime.fromtimestamp(start_ts, PARIS))
            rows.append(HalfHourRow(of.plug_id, start_ts, of.role.value, of.metering_point, amount))

        def write() -> None:
            with get_instance(self.hass).engine.begin() as connection:
                put_half_hours(connection, rows)

        await self.books.committed()
        await get_instance(self.hass).async_add_executor_job(write)

    async def price(self, since: float = 0) -> None:
        """Price what is to be priced."""
        await self.costs.async_update(since=since)
        await self.books.committed()

    async def rows(self) -> list[tuple]:
        """Return all costs as they stand in the database."""
        await self.books.committed()
        columns = costs_table.c

        def read() -> list[tuple]:
            order = (columns.start_ts, columns.plug_id, columns.role, columns.period, columns.tier)
            with get_instance(self.hass).engine.connect() as connection:
                return [
                    tuple(row) for row in connection.execute(select(costs_table).order_by(*order))
                ]

        return await get_instance(self.hass).async_add_executor_job(read)

    async def days(self, start: datetime, days: int = 1, **more: Any) -> list:
        """Return the costs of local days."""
        return await self.costs.async_costs(HOUSE, start, start + timedelta(days=days), **more)


@pytest.fixture
async def house(books: Books) -> PricedBooks:  # noqa: F811
    """A metering point named House with one plug and no contract yet, at noon in Paris."""
    books.freezer.move_to(NOW)
    entry = MockConfigEntry(
        domain=DOMAIN, title="House", data={"type": "kasa", "pdl": "house", "plugs": {}}
    )
    entry.add_to_hass(books.hass)
    return PricedBooks(books, entry)
