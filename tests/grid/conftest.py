"""Lives of the grid's runtime beside servers on loopback."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.grid.coordinator import GridCoordinator, async_setup_grid
from custom_components.med_exporter.vault import async_get_vault
from tests.grid_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    GridServer,
    gateway_signal,
    rte_signal,
    running_grid_server,
)

from .lives import NAMES, TODAY, Life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.config_entries import ConfigEntry


@pytest.fixture
async def server() -> AsyncIterator[GridServer]:
    """A season of blue days up to today; today's signal is green."""
    async with running_grid_server() as server:
        server.fill(date(2025, 9, 1), TODAY)
        server.signals = [rte_signal(TODAY)]
        server.gateway_signals = {str(TODAY - timedelta(days=1)): gateway_signal(TODAY, 2)}
        yield server


@pytest.fixture
async def entry(hass, server: GridServer) -> MockConfigEntry:
    vault = await async_get_vault(hass)
    entry = MockConfigEntry(
        domain="med_exporter",
        title="Grid",
        entry_id="grid",
        data={
            "type": "grid",
            "client_id": CLIENT_ID,
            "client_secret": vault.encrypt(CLIENT_SECRET),
        },
        options={"addresses": dict.fromkeys(NAMES, server.address)},
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def live(hass, entry: MockConfigEntry) -> AsyncIterator[Life]:
    """Start the runtime anew, ending the life before."""
    lives: list[GridCoordinator] = []

    async def start(changed: ConfigEntry | None = None) -> GridCoordinator:
        for before in lives:
            await before.async_shutdown()
        lives.append(await async_setup_grid(hass, changed or entry))
        await hass.async_block_till_done(wait_background_tasks=True)
        return lives[-1]

    yield start
    for coordinator in lives:
        await coordinator.async_shutdown()


@pytest.fixture
def without_account(hass, entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(entry, data={"type": "grid"})
