"""Times of the day come whatever leaps the machine's clock makes: once each, not a year late."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.clocks.certain import certain_time
from custom_components.med_exporter.clocks.due import async_track_due
from tests.metering_points import NOON, PARIS

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MIDNIGHT = NOON.replace(hour=0, minute=0) + DAY


class Day:
    """Notes when midnight came, while a test lets time pass and the clock leap."""

    def __init__(self, hass: HomeAssistant, clock: HouseClock) -> None:
        self.came: list[datetime] = []
        self._clock = clock
        self._off = timedelta()
        self.end = async_track_due(hass, self.came.append, hour=0, minute=0)

    def leap(self, by: timedelta) -> None:
        """Let the clock be off by so much from now on."""
        self._clock.jump(by - self._off)
        self._off = by

    async def live(self, until: datetime) -> None:
        """Live on, minute by minute."""
        while datetime.now(PARIS) - self._off < until:
            self._clock.tick(60)
            for _ in range(3):
                await asyncio.sleep(0)

    @property
    def minutes(self) -> list[datetime]:
        """When midnight came, by the minute."""
        return [one.replace(second=0, microsecond=0) for one in self.came]


@pytest.fixture
async def day(hass: HomeAssistant, clock: HouseClock, time_server: list[bool]) -> Day:
    time_server.append(False)
    await hass.config.async_set_time_zone(PARIS.key)
    await certain_time(hass).async_setup()
    return Day(hass, clock)


async def test_once_a_day(day: Day) -> None:
    await day.live(MIDNIGHT + 2 * DAY + 5 * MINUTE)
    assert day.minutes == [MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY]


@pytest.mark.parametrize("by", [timedelta(days=365), timedelta(hours=7), timedelta(weeks=-5)])
async def test_a_leap_brings_no_midnight_and_keeps_none_away(day: Day, by: timedelta) -> None:
    await day.live(MIDNIGHT - 30 * MINUTE)
    day.leap(by)
    await day.live(MIDNIGHT - 10 * MINUTE)
    day.leap(timedelta())
    await day.live(MIDNIGHT + DAY + 15 * MINUTE)
    assert day.minutes == [MIDNIGHT, MIDNIGHT + DAY]


async def test_a_midnight_during_a_leap_comes_after_it(day: Day) -> None:
    await day.live(MIDNIGHT - 10 * MINUTE)
    day.leap(timedelta(weeks=-5))
    await day.live(MIDNIGHT + 20 * MINUTE)
    day.leap(timedelta())
    await day.live(MIDNIGHT + DAY - MINUTE)
    assert len(day.came) == 1
    assert MIDNIGHT <= day.came[0] <= MIDNIGHT + 31 * MINUTE


async def test_a_clock_that_was_a_year_ahead_for_long_keeps_nothing_away(day: Day) -> None:
    day.leap(timedelta(days=365))
    # It is believed by then: a midnight of that year has come.
    await day.live(MIDNIGHT - 8 * 60 * MINUTE)
    day.leap(timedelta())
    # So is the one that is right, an hour later.
    await day.live(MIDNIGHT + 15 * MINUTE)
    assert day.minutes[1:] == [MIDNIGHT]


async def test_no_time_comes_after_the_end(day: Day) -> None:
    day.end()
    await day.live(MIDNIGHT + MINUTE)
    assert day.came == []
