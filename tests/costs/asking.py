"""What tests ask and are told of costs."""

from __future__ import annotations

from datetime import datetime, timedelta

from homeassistant.components.recorder.statistics import get_metadata, statistics_during_period
from homeassistant.core import callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.recorder import get_instance

from custom_components.med_exporter.costs import SIGNAL_COSTS_CHANGED, CostChange
from tests.ledger.stories import PARIS

from .conftest import NOW, PricedBooks


def day(number: int, hour: float = 0, month: int = 11) -> datetime:
    return datetime(2026, month, number, tzinfo=PARIS) + timedelta(hours=hour)


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
