"""An outage is told of after the time that was asked for, whatever leaps the clock makes in it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.helpers import issue_registry as ir

from custom_components.med_exporter.clocks.certain import certain_time
from custom_components.med_exporter.const import DOMAIN, DataType
from custom_components.med_exporter.pushes.downtime import Downtime
from custom_components.med_exporter.pushes.outage import issue_id
from tests.metering_points import NOON, PARIS, HouseClock
from tests.pushes.test_outage import record
from tests.pushing import House
from tests.shelf import Shelf

if TYPE_CHECKING:
    from freezegun.api import FrozenDateTimeFactory
    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.pushes.runtime import DestinationRuntime

HOUR, YEAR = timedelta(hours=1), timedelta(days=365)


class Leaps:
    """Lets time pass and the clock leap, while a destination is down."""

    def __init__(self, hass: HomeAssistant, clock: HouseClock, runtime: DestinationRuntime) -> None:
        self.hass = hass
        self.clock = clock
        self.runtime = runtime
        self.told: list[timedelta] = []
        self._passed = timedelta()
        self.downtime = Downtime(
            hass, runtime.id, 2 * HOUR, lambda _: self.told.append(self._passed)
        )

    async def live(self, time: timedelta) -> None:
        """Live on, minute by minute."""
        for _ in range(int(time / timedelta(minutes=1))):
            self.clock.tick(60)
            self._passed += timedelta(minutes=1)
            for _ in range(3):
                await asyncio.sleep(0)

    def fail(self) -> None:
        """Let a run fail now."""
        self.runtime.outage.note(record(datetime.now(PARIS)))

    @property
    def has_notice(self) -> bool:
        """Whether the user is told that it has been down for a day."""
        issues = ir.async_get(self.hass)
        return issues.async_get_issue(DOMAIN, issue_id(self.runtime.id)) is not None


@pytest.fixture
async def leaps(
    hass_with_recorder: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    time_server: list[bool],
) -> Leaps:
    time_server.append(False)
    freezer.move_to(NOON)
    clock = HouseClock(freezer)
    # The loop ends with the test; set back, its clock would strand what is still waited for.
    asyncio.get_running_loop().time = clock.loop_time
    house = House(hass_with_recorder, freezer, monkeypatch)
    await house.set_up()
    await certain_time(house.hass).async_setup()
    runtime = await house.add_destination(Shelf(), data=[DataType.CONSUMPTION_DAILY])
    leaps = Leaps(house.hass, clock, runtime)
    leaps.downtime.async_start()
    return leaps


@pytest.mark.parametrize("wrong", [YEAR, 7 * HOUR, -5 * 168 * HOUR])
async def test_a_leap_in_an_outage_neither_hastens_nor_delays_its_notices(
    leaps: Leaps, wrong: timedelta
) -> None:
    leaps.fail()
    await leaps.live(HOUR)
    leaps.clock.jump(wrong)
    await leaps.live(HOUR / 4)
    leaps.clock.jump(-wrong)
    await leaps.live(23 * HOUR)
    assert [round(one / HOUR, 1) for one in leaps.told] == [2]
    assert leaps.has_notice


@pytest.mark.parametrize("wrong", [YEAR, 7 * HOUR])
async def test_an_outage_that_began_by_a_clock_that_was_ahead_is_told_of_in_time(
    leaps: Leaps, wrong: timedelta
) -> None:
    leaps.clock.jump(wrong)
    leaps.fail()
    await leaps.live(HOUR / 4)
    leaps.clock.jump(-wrong)
    await leaps.live(HOUR)
    assert (leaps.told, leaps.has_notice) == ([], False)
    await leaps.live(23 * HOUR)
    assert [round(one / HOUR) for one in leaps.told] == [2]
    assert leaps.has_notice
