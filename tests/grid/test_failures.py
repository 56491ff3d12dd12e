"""What the grid's servers fail at is told once, and takes nothing else along."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from itertools import pairwise
from unittest.mock import patch

import pytest
from homeassistant.exceptions import ConfigEntryAuthFailed
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.vault import async_get_vault
from tests.grid_server import HTML, TEMPO_SERVICES, Failure, GridServer

from .lives import BLUE, MORNING, follow, paris, warnings


async def test_everything_dead_is_unknown_and_one_line_each(live, server, freezer, caplog) -> None:
    server.fail(*TEMPO_SERVICES, "rte_ecowatt", "gateway_ecowatt", failure=Failure(status=500))
    freezer.move_to(MORNING)
    with caplog.at_level(logging.INFO, logger="custom_components.med_exporter"):
        grid = await live()
        await follow(grid, freezer, paris(2026, 1, 15, 20))
        now = paris(2026, 1, 15, 20)
        assert grid.data.today(now) is None
        assert grid.data.ecowatt(now) is None
        assert grid.data.days_left(now) is None
        assert grid.last_update_success
        assert len(warnings(caplog, "cannot be read")) == 6
        assert len(warnings(caplog, "is not known")) == 1
        assert set(grid.errors().values()) == {"server_error"}
        server.failures.clear()
        await follow(grid, freezer, paris(2026, 1, 15, 22))
    now = paris(2026, 1, 15, 22)
    assert grid.data.today(now) is BLUE
    assert grid.data.ecowatt(now).level == 1
    assert "Tempo from RTE answers again" in caplog.text
    assert not [
        record
        for record in caplog.records
        if record.name.startswith("custom_components.") and record.levelno >= logging.ERROR
    ]


@pytest.mark.parametrize("dead", range(1, 4))
async def test_the_chain_goes_on_with_each_source_cut_off(live, server, freezer, dead) -> None:
    server.fail(*TEMPO_SERVICES[:dead], failure=HTML)
    server.fail("rte_ecowatt", failure=Failure(status=509))
    freezer.move_to(MORNING)
    grid = await live()
    assert grid.data.today(MORNING) is BLUE
    assert grid.data.days_left(MORNING) is not None
    assert grid.data.ecowatt(MORNING).level == 2
    assert len(grid.errors()) == dead + 1


async def test_a_missing_day_leaves_all_else(live, server: GridServer, freezer, caplog) -> None:
    del server.colours[date(2025, 12, 24)]
    freezer.move_to(MORNING)
    grid = await live()
    assert grid.data.today(MORNING) is BLUE
    assert grid.data.colour(date(2025, 12, 24)) is None
    assert grid.data.days_left(MORNING) is None
    assert grid.data.ecowatt(MORNING) is not None
    await follow(grid, freezer, MORNING + timedelta(days=3))
    assert len(warnings(caplog, "2025-12-24")) == 1


async def test_ecowatts_retry_after_is_honoured(live, server: GridServer, freezer) -> None:
    server.fail("rte_ecowatt", failure=Failure(status=429, headers={"Retry-After": "7200"}))
    server.fail("gateway_ecowatt", failure=Failure(status=500))
    freezer.move_to(MORNING)
    grid = await live()
    await follow(grid, freezer, MORNING + timedelta(minutes=119))
    assert server.asked["rte_ecowatt"] == 1
    del server.failures["rte_ecowatt"]
    await follow(grid, freezer, MORNING + timedelta(minutes=121))
    assert server.asked["rte_ecowatt"] == 2
    assert grid.data.ecowatt(MORNING).level == 1


async def test_rte_is_never_asked_for_ecowatt_twice_in_15_minutes(live, server, freezer) -> None:
    asked_at: list[datetime] = []
    server.fail("rte_ecowatt", "gateway_ecowatt", failure=Failure(status=500))
    freezer.move_to(MORNING)
    grid = await live()
    asked_at.append(MORNING)
    for minutes in range(1, 300):
        freezer.move_to(MORNING + timedelta(minutes=minutes))
        before = server.asked["rte_ecowatt"]
        await grid.async_refresh()
        if server.asked["rte_ecowatt"] > before:
            asked_at.append(MORNING + timedelta(minutes=minutes))
    gaps = [after - before for before, after in pairwise(asked_at)]
    assert min(gaps) >= timedelta(minutes=15)
    assert max(gaps) == timedelta(hours=1)


async def test_wrong_credentials_ask_the_user_and_go_on_without(
    hass, live, entry, server, freezer
) -> None:
    vault = await async_get_vault(hass)
    data = {**entry.data, "client_secret": vault.encrypt("revoked")}
    hass.config_entries.async_update_entry(entry, data=data)
    freezer.move_to(MORNING)
    with patch.object(MockConfigEntry, "async_start_reauth") as reauth:
        grid = await live()
    assert reauth.called
    assert grid.errors() == {
        "Tempo from RTE": "invalid_auth",
        "EcoWatt from RTE": "invalid_auth",
    }
    assert grid.data.today(MORNING) is BLUE
    assert grid.data.ecowatt(MORNING).level == 2


async def test_a_lost_key_asks_the_user(hass, live, entry) -> None:
    data = {**entry.data, "client_secret": "not of this key"}
    hass.config_entries.async_update_entry(entry, data=data)
    with pytest.raises(ConfigEntryAuthFailed):
        await live()
