"""A clock that is far ahead for a while is not believed at once by what deletes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from custom_components.med_exporter.clocks.lived import LivedTime
from tests.metering_points import NOON

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

KEPT = timedelta(days=400)
WEEK = timedelta(days=7)
NOW = NOON.astimezone(UTC)


def reach(lived: LivedTime, kept: timedelta = KEPT, oldest: datetime = NOW) -> timedelta:
    """Return how much is deleted of what came to be from `oldest` on."""
    until = lived.too_old(f"kept {kept}", kept, since=kept).before(oldest.timestamp())
    return timedelta(seconds=until - oldest.timestamp())


async def test_what_is_too_old_goes_at_once_by_a_clock_that_went_on(
    hass: HomeAssistant, clock: HouseClock
) -> None:
    lived = LivedTime(hass)
    assert reach(lived, oldest=NOW - 2 * KEPT) == KEPT
    clock.jump(timedelta(days=7))
    assert reach(lived, oldest=NOW - 2 * KEPT) == KEPT + timedelta(days=7)


async def test_by_a_clock_a_year_ahead_the_oldest_goes_once_until_it_has_lasted(
    hass: HomeAssistant, clock: HouseClock
) -> None:
    lived = LivedTime(hass)
    clock.jump(timedelta(days=900))
    assert reach(lived) == WEEK
    assert reach(lived, timedelta(days=8)) == timedelta(days=2)
    await lived.async_go_on()
    assert reach(lived, oldest=NOW + WEEK) == timedelta(), "the oldest has gone already"
    for _ in range(900 - 8):
        await lived.async_go_on()
    assert reach(lived) == timedelta(days=500)


async def test_a_start_by_such_a_clock_is_no_other(hass: HomeAssistant, clock: HouseClock) -> None:
    before = LivedTime(hass)
    await before.async_load()
    await before.async_go_on()
    clock.jump(timedelta(days=900))
    lived = LivedTime(hass)
    await lived.async_load()
    assert reach(lived) == WEEK
    clock.jump(-timedelta(days=900))
    assert reach(lived, oldest=NOW - 2 * KEPT) == KEPT
