"""What was read of the grid is stored, and a restart goes on with it."""

from __future__ import annotations

from datetime import date, timedelta

from custom_components.med_exporter.grid.coordinator import async_remove_grid, grid_store
from custom_components.med_exporter.grid.servers import async_probe
from custom_components.med_exporter.sources.rte import RteCredentials
from tests.grid_server import CLIENT_ID, CLIENT_SECRET, TEMPO_SERVICES, Failure, GridServer

from .lives import BLUE, MORNING, RED, TODAY, WHITE, paris
from .test_servers import all_at


async def test_a_restart_goes_on_offline(live, server: GridServer, freezer) -> None:
    freezer.move_to(paris(2026, 1, 15, 12))
    server.colours[date(2026, 1, 16)] = "RED"
    await live()
    server.fail("token", *TEMPO_SERVICES, "gateway_ecowatt", failure=Failure(status=500))
    freezer.move_to(paris(2026, 1, 16, 7))
    now = paris(2026, 1, 16, 7)
    grid = await live()
    assert grid.data.today(now) == RED
    assert set(grid.data.colours(date(2025, 9, 1), TODAY).values()) == {BLUE}
    assert grid.data.days_left(now) == {BLUE: 163, WHITE: 43, RED: 21}


async def test_a_restart_asks_for_nothing_it_knows(live, server: GridServer, freezer) -> None:
    freezer.move_to(paris(2026, 1, 15, 12))
    server.colours[date(2026, 1, 16)] = "RED"
    await live()
    server.asked.clear()
    freezer.tick(timedelta(minutes=10))
    grid = await live()
    assert grid.data.ecowatt(paris(2026, 1, 15, 12, 10)).level == 1
    assert not server.asked


async def test_a_restart_still_honours_retry_after(live, server: GridServer, freezer) -> None:
    server.fail("rte_ecowatt", failure=Failure(status=429, headers={"Retry-After": "5400"}))
    server.fail("gateway_ecowatt", failure=Failure(status=500))
    freezer.move_to(MORNING)
    await live()
    freezer.tick(timedelta(minutes=80))
    server.failures.clear()
    grid = await live()
    assert server.asked["rte_ecowatt"] == 1
    assert grid.data.ecowatt(MORNING + timedelta(minutes=80)).level == 2


async def test_a_clock_that_was_years_ahead_holds_nothing_up(live, server, freezer) -> None:
    freezer.move_to(paris(2031, 1, 15, 8))
    await live()
    freezer.move_to(MORNING)
    server.asked.clear()
    grid = await live()
    assert grid.data.today(MORNING) is BLUE
    assert grid.data.ecowatt(MORNING).level == 1
    assert server.asked["rte_tempo"] <= 1
    assert server.asked["rte_ecowatt"] == 1


async def test_the_flows_test_and_the_start_after_it_ask_ecowatt_once(
    hass, live, server, freezer
) -> None:
    freezer.move_to(MORNING)
    account = RteCredentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    await async_probe(hass, account, all_at(server.address))
    grid = await live()
    assert server.asked["rte_ecowatt"] == 1
    assert grid.data.ecowatt(MORNING).level == 1


async def test_removing_the_entry_forgets_what_was_read(hass, live, entry, freezer) -> None:
    freezer.move_to(MORNING)
    grid = await live()
    await grid.async_shutdown()
    assert await grid_store(hass, entry.entry_id).async_load() is not None
    await async_remove_grid(hass, entry)
    assert await grid_store(hass, entry.entry_id).async_load() is None


async def test_the_stored_data_holds_no_secret(hass, live, entry, freezer) -> None:
    freezer.move_to(MORNING)
    await live()
    stored = await grid_store(hass, entry.entry_id).async_load()
    assert CLIENT_SECRET not in str(stored)
    assert "token-" not in str(stored)
