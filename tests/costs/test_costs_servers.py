"""Costs are on PostgreSQL and on MariaDB what they are on SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.helpers.recorder import get_instance
from sqlalchemy.engine import make_url

from tests.recorder_servers import recorder_db_url, server  # noqa: F401

from .asking import day
from .test_costs import TestConservation, TestTempo  # noqa: F401 (run again here)
from .test_migrations import test_a_contract_is_priced_on_as_before  # noqa: F401 (run again here)
from .test_sensor_price import TestSensorPrice  # noqa: F401 (run again here)
from .test_statistics import TestStatistics  # noqa: F401 (run again here)

if TYPE_CHECKING:
    from .conftest import PricedBooks


async def test_these_are_the_servers(house: PricedBooks, server: str) -> None:  # noqa: F811
    assert get_instance(house.hass).dialect_name == make_url(server).get_backend_name()


async def test_period_names_may_differ_in_case_alone(house: PricedBooks) -> None:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    periods = [
        {"name": "hp", "price": 0.1, "days": days, "start": "00:00", "end": "12:00"},
        {"name": "HP", "price": 0.3, "days": days, "start": "12:00", "end": "00:00"},
    ]
    house.contracts({"valid_from": "2026-01-01", "kind": "time_of_use", "periods": periods})
    await house.use(day(19), day(20), 0.5)
    await house.price()
    assert {p.period: p.kwh for p in await house.days(day(19), by={"period"})} == {
        "hp": 12.0,
        "HP": 12.0,
    }
