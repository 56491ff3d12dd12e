"""The grid is found while it is loaded, and followed over reloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.grid.link import async_follow_grid, loaded_grid
from tests.grid_entries import add_grid, fill
from tests.grid_server import GridServer, running_grid_server
from tests.metering_points import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant


@pytest.fixture
def hass(hass_with_recorder: HomeAssistant) -> HomeAssistant:
    return hass_with_recorder


@pytest.fixture
async def server() -> AsyncIterator[GridServer]:
    async with running_grid_server() as server:
        fill(server)
        yield server


async def test_the_grid_is_found_while_it_is_loaded(hass, server) -> None:
    assert loaded_grid(hass) is None
    entry = await add_grid(hass, server)
    assert loaded_grid(hass) is entry.runtime_data
    await hass.config_entries.async_unload(entry.entry_id)
    assert loaded_grid(hass) is None


async def test_what_it_tells_is_followed_from_set_up_to_removal(hass, server) -> None:
    seen: list[bool] = []
    stop = async_follow_grid(hass, lambda: seen.append(loaded_grid(hass) is not None))
    entry = await add_grid(hass, server)
    assert seen[-1]
    for _ in range(2):
        seen.clear()
        await entry.runtime_data.async_refresh()
        assert seen == [True]
        await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
        assert seen[1] is False
        assert seen[-1]
    await hass.config_entries.async_remove(entry.entry_id)
    assert not seen[-1]
    stop()


async def test_no_more_is_told_after_the_end(hass, server) -> None:
    entry = await add_grid(hass, server)
    seen: list[None] = []
    stop = async_follow_grid(hass, lambda: seen.append(None))
    stop()
    await entry.runtime_data.async_refresh()
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert seen == []
