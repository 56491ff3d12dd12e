"""In which zone a Jeedom is that does not tell: kept once found, never hours beside the truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.destinations.base import DestinationError
from custom_components.med_exporter.destinations.jeedom.destination import JeedomDestination
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.destinations.jeedom.time_zone import Forgetful
from custom_components.med_exporter.destinations.jeedom.zones import (
    Shown,
    agree_since,
    differences,
    zones_like,
)
from tests.jeedom_server import CORE_KEY, VIRTUAL_KEY, Jeedom, jeedom

from .measured import NAMES, PDL, day, push, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

__all__ = ["jeedom"]

WINTER = datetime(2026, 11, 20, 13, 30, 15, tzinfo=UTC)
SUMMER = datetime(2027, 4, 20, 13, 30, 15, tzinfo=UTC)
IN_JUNE = 150
"""So many days before the winter's day it was June."""


class House:
    """One Home Assistant in Paris with a Jeedom, over the seasons."""

    def __init__(self, session: ClientSession, jeedom: Jeedom) -> None:
        self.session = session
        self.jeedom = jeedom
        self.memory = Forgetful()
        self.now = WINTER

    def destination(self, key: str = VIRTUAL_KEY) -> JeedomDestination:
        """Return the destination after a restart."""
        rpc = JeedomRpc(self.session, self.jeedom.url, key, "virtual")
        return JeedomDestination(rpc, "virtual", NAMES, home="home-1", memory=self.memory)

    async def run(self, *values: Any, key: str = VIRTUAL_KEY) -> None:
        destination = self.destination(key)
        await destination.async_reach()
        await push(destination, *values)

    async def error(self, *values: Any, key: str = VIRTUAL_KEY) -> DestinationError:
        with pytest.raises(DestinationError) as caught:
            await self.run(*values, key=key)
        return caught.value

    def stamps(self) -> list[str]:
        return list(self.jeedom.values(PDL, "consumption_daily"))


@pytest.fixture(params=[True, False], ids=["tells the time of UTC", "tells local times only"])
async def house(
    hass: HomeAssistant,
    jeedom: Jeedom,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[House]:
    if not request.param:
        jeedom.unknown_methods.add("datetime")
    await hass.config.async_set_time_zone("Europe/Paris")
    async with ClientSession() as session:
        made = House(session, jeedom)
        monkeypatch.setattr(dt_util, "utcnow", lambda: made.now)
        yield made


@pytest.mark.parametrize("minutes", [-20, -8, 8, 14, 25])
async def test_a_clock_that_is_wrong_moves_no_value(house: House, minutes: int) -> None:
    house.jeedom.ahead = timedelta(minutes=minutes)
    await house.run(day(IN_JUNE, 5.5))
    assert house.stamps() == ["2026-06-23 00:00:00"]


@pytest.mark.parametrize("minutes", [-9, 9])
async def test_whole_hours_are_likelier_than_quarters(house: House, minutes: int) -> None:
    house.jeedom.zone, house.jeedom.ahead = "Indian/Reunion", timedelta(minutes=minutes)
    await house.run(day(1, 5.5))
    assert house.stamps() == ["2026-11-19 03:00:00"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Lisbon", "America/Martinique"])
async def test_what_two_zones_would_write_at_two_times_is_not_written(
    house: House, zone: str
) -> None:
    house.jeedom.zone = zone
    error = await house.error(day(IN_JUNE, 5.5))
    assert (error.code, error.field) == ("TIME_ZONE_UNKNOWN", "api_key")
    assert house.stamps() == []
    await house.run(day(1, 5.5))
    assert len(house.stamps()) == 1
    # Jeedom's own key may ask.
    await house.run(day(IN_JUNE, 5.5), key=CORE_KEY)
    expected = day(IN_JUNE, 5.5).start.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    assert house.stamps()[0] == expected


async def test_where_all_zones_agree_none_need_be_known(house: House) -> None:
    house.jeedom.zone = "Indian/Reunion"
    await house.run(day(IN_JUNE, 5.5))
    assert house.stamps() == ["2026-06-23 02:00:00"]


async def test_a_second_season_tells_what_the_first_left_open(house: House) -> None:
    house.jeedom.zone = "Europe/Lisbon"
    await house.run(day(1, 5.5))
    house.now = SUMMER
    await house.run(day(IN_JUNE, 5.5))
    assert house.stamps() == ["2026-06-22 23:00:00", "2026-11-18 23:00:00"]


async def test_what_was_found_stays_over_a_restart_and_the_change_of_the_clocks(
    house: House, hass: HomeAssistant
) -> None:
    await house.run(day(IN_JUNE, 5.5))
    # Other zones show the same now; it is not asked which is nearest again.
    await hass.config.async_set_time_zone("Africa/Lagos")
    await house.run(day(IN_JUNE - 1, 5.5))
    assert house.stamps() == ["2026-06-23 00:00:00", "2026-06-24 00:00:00"]


async def test_another_zone_is_not_taken_over_values_that_lie_by_the_first(house: House) -> None:
    house.jeedom.zone = "Africa/Lagos"
    await house.run(day(IN_JUNE, 5.5), day(1, 6.5))
    before = house.stamps()
    house.now = SUMMER
    error = await house.error(day(0, 7.5))
    assert error.code == "TIME_ZONE_CHANGED"
    assert house.stamps() == before
    # The user deletes the history: all comes again, where it belongs.
    house.jeedom.history.clear()
    lost = [day(IN_JUNE, 5.5), day(1, 6.5)]
    assert await house.destination().async_missing(lost) == lost
    await house.run(*lost)
    assert house.stamps() == ["2026-06-22 23:00:00", "2026-11-19 00:00:00"]


async def test_another_zone_is_taken_where_no_value_lies_by_the_first(house: House) -> None:
    house.jeedom.zone = "Africa/Lagos"
    await house.run(day(1, 6.5))
    house.now = SUMMER
    await house.run(running(7.5))
    assert house.stamps() == ["2026-11-19 00:00:00", "2027-04-20 14:30:15"]


async def test_a_zone_that_jeedom_tells_is_not_taken_over_values_of_another_either(
    house: House,
) -> None:
    await house.run(day(IN_JUNE, 5.5), key=CORE_KEY)
    house.jeedom.zone = "UTC"
    assert (await house.error(day(1, 5.5), key=CORE_KEY)).code == "TIME_ZONE_CHANGED"
    house.jeedom.zone = "Europe/Brussels"
    await house.run(day(1, 5.5), key=CORE_KEY)
    assert house.stamps() == ["2026-06-23 00:00:00", "2026-11-19 00:00:00"]


async def test_disabled_equipment_tells_no_time(house: House) -> None:
    await house.run(day(1, 5.5))
    house.jeedom.find(PDL)["isEnable"] = 0
    house.now += timedelta(hours=7)
    assert await house.destination().async_missing([day(1, 5.5)]) == []
    house.memory.save({})
    assert await house.destination().async_missing([day(1, 5.5)]) == []


def test_zones_are_told_apart_by_what_their_clocks_showed() -> None:
    lisbon = [Shown(WINTER, timedelta(0), True), Shown(SUMMER, timedelta(hours=1), True)]
    names = zones_like(lisbon)
    assert {"Europe/Lisbon", "Europe/London"} <= set(names)
    assert "UTC" not in names
    assert "Africa/Lagos" not in names
    assert "UTC" in zones_like(lisbon[:1])
    # A zone that was changed: what it showed before says nothing.
    assert "Asia/Dubai" in zones_like([*lisbon, Shown(SUMMER, timedelta(hours=4), True)])
    assert agree_since(["Europe/Lisbon", "Europe/London"], WINTER) is None
    assert agree_since(["UTC", "Europe/London"], WINTER) == datetime(2026, 10, 25, 1, tzinfo=UTC)


def test_two_zones_differ_in_stretches() -> None:
    paris, lagos = ZoneInfo("Europe/Paris"), ZoneInfo("Africa/Lagos")
    (stretch,) = differences(paris, lagos, WINTER - timedelta(days=300), WINTER)
    assert stretch[0] <= datetime(2026, 3, 29, 1, tzinfo=UTC) < stretch[0] + timedelta(hours=1)
    assert stretch[1] <= datetime(2026, 10, 25, 1, tzinfo=UTC) < stretch[1] + timedelta(hours=1)
