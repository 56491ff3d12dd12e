"""Days and half-hours are those of the house's own clock, wherever it stands."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.med_exporter.const import DataType
from tests.pushing import House, plug
from tests.shelf import Shelf

DATA = [DataType.CONSUMPTION_DAILY, DataType.CONSUMPTION_DETAILED]


@pytest.mark.parametrize(
    "name",
    ["Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Europe/Paris"],
)
async def test_a_day_of_use_and_one_of_none_in_turn(paper_house: House, name: str) -> None:
    await paper_house.hass.config.async_set_time_zone(name)
    zone = ZoneInfo(name)
    paper_house.add_point("house", plug())
    today = datetime.now(zone).date()
    days = [today - timedelta(days=number) for number in range(8, 0, -1)]
    for number, day in enumerate(days):
        start, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
        half_hours = (end.timestamp() - start.timestamp()) / 1800
        await paper_house.use(plug(), start, end, 4.8 / half_hours if number % 2 else 0.0)
    await paper_house.use(plug(), end, datetime.now(zone), 0.0)
    shelf = Shelf()
    runtime = await paper_house.add_destination(shelf, data=DATA)
    await paper_house.push(runtime)
    expected = {str(day): 4.8 * (number % 2) for number, day in enumerate(days)}
    assert shelf.final() == expected
    half_hours = shelf.final(series="consumption_detailed")
    by_day: dict[str, float] = {}
    for stamp, kwh in half_hours.items():
        begin = datetime.fromisoformat(stamp)
        assert begin.minute in (0, 30)
        assert begin.utcoffset() == begin.astimezone(zone).utcoffset()
        by_day[stamp[:10]] = by_day.get(stamp[:10], 0.0) + kwh
    for day, kwh in expected.items():
        assert by_day[day] == pytest.approx(kwh)
