"""The panel's days of a metering point end with today, whatever its meters tell of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.inventory.overview import async_overview

from .test_past import growing

if TYPE_CHECKING:
    from .conftest import Home


async def days_of(home: Home) -> list[dict[str, object]]:
    (point,) = (await async_overview(home.hass, None))["points"]
    return point["days"]


async def test_a_meter_that_has_been_silent_for_days(home: Home) -> None:
    today = dt_util.start_of_local_day()
    last = today.date() - timedelta(days=10)
    begin = dt_util.start_of_local_day(last - timedelta(days=40))
    hours = (dt_util.start_of_local_day(last + timedelta(days=1)) - begin) // timedelta(hours=1)
    await home.import_hours("sensor.grid", begin, growing(1, hours))
    await home.add(grid=("sensor.grid", PlugRole.CONSUMPTION))
    days = await days_of(home)
    assert [one["date"] for one in days] == [
        str(today.date() - timedelta(days=number)) for number in reversed(range(30))
    ]
    assert [one["date"] for one in days if one["kwh"]][-1] == str(last)
    assert days[0]["kwh"]
    assert [one["kwh"] for one in days[-10:]] == [None] * 10


async def test_nothing_is_known_of_one_without_statistics(home: Home) -> None:
    await home.add(grid=("sensor.grid", PlugRole.CONSUMPTION))
    assert await days_of(home) == []
