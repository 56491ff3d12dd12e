"""Pushes on PostgreSQL and on MariaDB are what they are on SQLite."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from homeassistant.helpers.recorder import get_instance
from sqlalchemy.engine import make_url

from custom_components.med_exporter.const import DataType
from tests.metering_points import NOON
from tests.pushing import plug, since
from tests.recorder_servers import recorder_db_url, server  # noqa: F401
from tests.shelf import SUMS, Shelf

if TYPE_CHECKING:
    from tests.pushing import House


async def test_closed_periods_and_what_has_changed_of_them(
    paper_house: House,
    server: str,  # noqa: F811
) -> None:
    house, late = paper_house, plug(2)
    assert get_instance(house.hass).dialect_name == make_url(server).get_backend_name()
    house.add_point("house", plug(), late)
    await house.use(plug(), since(6), NOON, 0.1)
    await house.use(late, since(6), since(3), 0.1)
    days, sums = Shelf(), Shelf(SUMS)
    one = await house.add_destination(days, data=[DataType.CONSUMPTION_DAILY])
    other = await house.add_destination(sums, data=[DataType.CONSUMPTION_DAILY], title="Sums")
    for runtime in (one, other):
        await house.push(runtime)
    await house.grow(late, 4.8, since(2))
    await house.settle()
    for shelf in (days, sums):
        shelf.clear()
    assert (await one.async_backlog(), await other.async_backlog()) == (3, 84)
    for runtime in (one, other):
        await house.push(runtime)
    assert days.final().items() <= (await house.days()).items()
    assert sums.closed()[0][0] == (since(3) + timedelta(0)).isoformat()
    assert len(sums.closed()) == 84
    await house.hass.config_entries.async_remove(one.entry.entry_id)
    assert await house.watermarks(one) == {}
