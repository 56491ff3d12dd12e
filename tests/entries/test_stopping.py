"""A set-up that is under way when Home Assistant stops: the stop waits for it, and none begins."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState
from homeassistant.exceptions import ConfigEntryNotReady

from custom_components.med_exporter.entries.stopping import awaited_at_stop

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


async def test_a_stop_waits_until_a_set_up_has_ended(hass: HomeAssistant) -> None:
    goes_on = asyncio.Event()

    async def set_up() -> None:
        with awaited_at_stop(hass):
            await goes_on.wait()

    setting_up = asyncio.create_task(set_up())
    await asyncio.sleep(0)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    stopping = asyncio.create_task(hass.async_block_till_done())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not stopping.done()
    goes_on.set()
    await asyncio.wait_for(stopping, 5)
    await setting_up


async def test_a_set_up_that_fails_keeps_no_stop_up(hass: HomeAssistant) -> None:
    with pytest.raises(ValueError, match="broken"), awaited_at_stop(hass):
        raise ValueError("broken")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await asyncio.wait_for(hass.async_block_till_done(), 5)


async def test_none_begins_while_home_assistant_stops(hass: HomeAssistant) -> None:
    before = hass.state
    hass.set_state(CoreState.stopping)
    try:
        with pytest.raises(ConfigEntryNotReady), awaited_at_stop(hass):
            pytest.fail("it has begun")
    finally:
        hass.set_state(before)
