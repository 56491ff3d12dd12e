"""The time that it is at least: what was lived through, until somebody confirms the clock."""

from __future__ import annotations

import ctypes
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.clocks.certain import (
    DATA_CERTAIN_CLOCK,
    CertainClock,
    certain_time,
    is_set_by_time_server,
)
from custom_components.med_exporter.clocks.local import certain_now
from tests.metering_points import NOON, PARIS, add_metering_point, poll, settle
from tests.plug_emulator.smart import EmulatedSmartPlug

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits", "hass_with_recorder")

MINUTE = timedelta(minutes=1)
LOGIN = {"username": "me@example.com", "password": "secret"}


async def start(hass: HomeAssistant) -> None:
    """Go on from what is kept, as a Home Assistant does that has just started."""
    hass.data[DATA_CERTAIN_CLOCK] = CertainClock(hass)
    await certain_time(hass).async_setup()


@pytest.fixture
def plug(clock: HouseClock) -> EmulatedSmartPlug:
    return EmulatedSmartPlug(
        host="127.0.77.40",
        mac="5C:62:8B:77:00:40",
        alias="Heater",
        load=1000.0,
        installed_at=NOON - timedelta(days=20),
        clock=lambda: datetime.now(PARIS),
        timezone=PARIS,
    )


async def test_a_newer_plug_confirms_the_clock_when_it_is_read(
    hass: HomeAssistant, clock: HouseClock, plug: EmulatedSmartPlug, time_server: list[bool]
) -> None:
    time_server.append(False)
    async with plug:
        entry = await add_metering_point(hass, plug.address, **LOGIN)
        await hass.config_entries.async_unload(entry.entry_id)
        await certain_time(hass).async_stop()
        clock.tick(8 * 3600)
        await start(hass)
        assert certain_now(hass) <= NOON + MINUTE
        await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
        while not any(
            answered for _, answered in entry.runtime_data.coordinator.answer_rate().values()
        ):
            # A busy machine is late to answer the first question.
            await poll(hass, entry)
        assert certain_now(hass) >= NOON + timedelta(hours=8)


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1), timedelta(days=40)])
async def test_no_time_passes_by_a_clock_that_is_ahead_from_a_start_on(
    hass: HomeAssistant,
    clock: HouseClock,
    plug: EmulatedSmartPlug,
    time_server: list[bool],
    ahead: timedelta,
) -> None:
    time_server.append(False)
    async with plug:
        entry = await add_metering_point(hass, plug.address, **LOGIN)
    # No plug is there any more, as in a house of meters.
    await hass.config_entries.async_unload(entry.entry_id)
    await certain_time(hass).async_stop()
    for _ in range(3):
        # Stopped again and again, it is not believed either.
        clock.jump(ahead)
        await start(hass)
        for _ in range(50):
            clock.tick(60)
            assert certain_now(hass) <= datetime.now(PARIS) - ahead + MINUTE
        await certain_time(hass).async_stop()
        clock.jump(-ahead)
    await start(hass)
    assert abs(certain_now(hass) - datetime.now(PARIS)) < MINUTE


async def test_the_system_tells_whether_a_time_server_keeps_its_clock() -> None:
    answer = ctypes.create_string_buffer(1024)
    state = ctypes.CDLL(None).adjtimex(answer)
    status = ctypes.c_int.from_buffer(answer, 5 * ctypes.sizeof(ctypes.c_long)).value
    is_unset = bool(status & 0x40)
    assert is_set_by_time_server() is (state >= 0 and not is_unset)
