"""Costs over a ledger in Home Assistant with a recorder, with words for what tests do to them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import inspect, select

from custom_components.med_exporter.const import DOMAIN, PlugRole
from custom_components.med_exporter.costs import Costs
from custom_components.med_exporter.costs import costs as costs_module
from custom_components.med_exporter.engine.database.cost_tables import tariffs_table
from custom_components.med_exporter.engine.tariff import parse_contracts
from custom_components.med_exporter.engine.times import HALF_HOUR, floor_to
from custom_components.med_exporter.ledger import PointSeries
from custom_components.med_exporter.ledger.tables import SCHEMA
from tests.ledger.conftest import Books, books, plug  # noqa: F401 (a fixture)
from tests.ledger.stories import PARIS
from tests.ledger_rows import HalfHourRow, half_hours, put_half_hours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        self.hass.config_entries.async_update_entry(
            self.entry, options={"contracts": stored, "currency": "EUR"}
        )

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

    async def price(self, since: float | None = 0) -> None:
        """Let the ledger close its hours, and price what is to be priced."""
        await self._close()
        await self.costs.async_update(since=since)
        await self.books.committed()

    async def _close(self) -> None:
        """Write the energy of closed hours to the statistics, as the ledger does."""
        await self.books.committed()
        now = dt_util.utcnow().timestamp()

        def read() -> list[tuple[int, float]]:
            hours: defaultdict[int, float] = defaultdict(float)
            with get_instance(self.hass).engine.begin() as connection:
                SCHEMA.create(connection)
                for row in half_hours(connection):
                    if row.role == "consumption" and row.metering_point == "house":
                        hours[row.start_ts // 3600 * 3600] += row.kwh
            return [(start, kwh) for start, kwh in sorted(hours.items()) if start + 3600 <= now]

        metadata: dict[str, Any] = {
            "source": DOMAIN,
            "statistic_id": HOUSE.statistic_id,
            "name": "House",
            "has_sum": True,
            "mean_type": StatisticMeanType.NONE,
            "unit_of_measurement": "kWh",
        }
        if hasattr(StatisticsMeta, "unit_class"):
            metadata["unit_class"] = "energy"
        total, rows = 0.0, []
        for start, kwh in await get_instance(self.hass).async_add_executor_job(read):
            total += kwh
            rows.append({"start": datetime.fromtimestamp(start, UTC), "state": total, "sum": total})
        if rows:
            async_add_external_statistics(self.hass, metadata, rows)
            await self.books.committed()

    async def terms(self) -> list[tuple]:
        """Return what is stored of contracts."""
        await self.books.committed()

        def read() -> list[tuple]:
            with get_instance(self.hass).engine.connect() as connection:
                if not inspect(connection).has_table(tariffs_table.name):
                    return []
                return [tuple(row) for row in connection.execute(select(tariffs_table))]

        return await get_instance(self.hass).async_add_executor_job(read)

    async def days(self, start: datetime, days: int = 1, **more: Any) -> list:
        """Return the costs of local days."""
        return await self.costs.async_costs(HOUSE, start, start + timedelta(days=days), **more)


@pytest.fixture
async def house(books: Books) -> PricedBooks:  # noqa: F811
    """A metering point named House with one plug and no contract yet, at noon in Paris."""
    books.freezer.move_to(NOW)
    await books.hass.config.async_update(currency="EUR")
    entry = MockConfigEntry(
        domain=DOMAIN, title="House", data={"type": "kasa", "pdl": "house", "plugs": {}}
    )
    entry.add_to_hass(books.hass)
    return PricedBooks(books, entry)


@pytest.fixture
def colours(hass: HomeAssistant) -> Iterator[dict[date, str]]:
    """What a grid that is set up knows of Tempo."""
    known: dict[date, str] = {}
    grid = SimpleNamespace(data=SimpleNamespace(known_colours=known))
    with patch.object(costs_module, "loaded_grid", return_value=grid):
        yield known
