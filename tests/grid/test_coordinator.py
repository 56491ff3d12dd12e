"""The grid's runtime: polite polling, what a restart goes on with, and quiet failure."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from homeassistant.exceptions import ConfigEntryAuthFailed
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.med_exporter.grid.coordinator import (
    GridCoordinator,
    async_remove_grid,
    async_setup_grid,
    grid_store,
)
from custom_components.med_exporter.grid.servers import async_probe
from custom_components.med_exporter.sources.rte import RteCredentials
from custom_components.med_exporter.sources.tempo_calendar import PARIS, TempoColour
from custom_components.med_exporter.vault import async_get_vault
from tests.grid_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    HTML,
    TEMPO_SERVICES,
    Failure,
    GridServer,
    gateway_signal,
    rte_signal,
    running_grid_server,
)

from .test_servers import all_at

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry

BLUE, WHITE, RED = TempoColour
TODAY = date(2026, 1, 15)
MORNING = datetime(2026, 1, 15, 8, 0, tzinfo=PARIS)
NAMES = ("rte", "services_rte", "couleur_tempo", "gateway", "open_dpe")

type Life = Callable[..., Awaitable[GridCoordinator]]


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


def paris(*when: int) -> datetime:
    return datetime(*when, tzinfo=PARIS)


def warnings(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and words in record.getMessage()
    ]


def tempo_requests(server: GridServer) -> int:
    return sum(server.asked[service] for service in TEMPO_SERVICES)


async def follow(coordinator: GridCoordinator, freezer, until: datetime) -> list[datetime]:
    """Let time pass, waking when the coordinator wants to; return when it did."""
    wakes = []
    while coordinator.next_at is not None and coordinator.next_at <= until:
        freezer.move_to(coordinator.next_at)
        wakes.append(coordinator.next_at)
        await coordinator.async_refresh()
    freezer.move_to(until)
    return wakes


async def test_the_first_start_reads_the_season_and_the_signals(live, server, freezer) -> None:
    freezer.move_to(MORNING)
    grid = await live()
    assert grid.data.today(MORNING) is BLUE
    assert grid.data.tomorrow(MORNING) is None
    assert grid.data.days_left(MORNING) == {BLUE: 163, WHITE: 43, RED: 22}
    signal = grid.data.ecowatt(MORNING)
    assert signal is not None
    assert (signal.level, len(signal.hourly_values)) == (1, 24)
    assert dict(server.asked) == {"token": 1, "rte_tempo": 1, "rte_ecowatt": 1}


async def test_without_an_account_tempo_and_the_gateways_ecowatt_work(
    live, server, freezer, without_account
) -> None:
    freezer.move_to(MORNING)
    grid = await live()
    assert grid.data.today(MORNING) is BLUE
    assert grid.data.ecowatt(MORNING).level == 2
    assert dict(server.asked) == {"services_rte": 1, "gateway_ecowatt": 1}


async def test_a_whole_day_costs_few_requests(live, server: GridServer, freezer) -> None:
    freezer.move_to(MORNING)
    grid = await live()
    server.signals.append(rte_signal(date(2026, 1, 16)))
    server.colours[date(2026, 1, 16)] = "RED"
    await follow(grid, freezer, paris(2026, 1, 15, 10, 39))
    assert tempo_requests(server) == 1
    await follow(grid, freezer, paris(2026, 1, 15, 10, 46))
    assert tempo_requests(server) == 2
    assert grid.data.tomorrow(paris(2026, 1, 15, 12)) is RED
    await follow(grid, freezer, paris(2026, 1, 16, 8))
    assert tempo_requests(server) == 2
    assert grid.data.today(paris(2026, 1, 16, 8)) is RED
    # An hour apart, and the first at the start.
    assert server.asked["rte_ecowatt"] == 25
    assert server.asked["token"] <= 13
    assert server.asked["gateway_ecowatt"] == 0


async def test_pressing_costs_nothing_more(live, server: GridServer, freezer) -> None:
    freezer.move_to(paris(2026, 1, 15, 11))
    server.colours[date(2026, 1, 16)] = "RED"
    grid = await live()
    for _ in range(59):
        freezer.tick(timedelta(minutes=1))
        await grid.async_refresh()
    assert dict(server.asked) == {"token": 1, "rte_tempo": 1, "rte_ecowatt": 1}


async def test_a_late_announcement_is_asked_for_with_growing_pauses(live, server, freezer) -> None:
    freezer.move_to(paris(2026, 1, 15, 10))
    grid = await live()
    before = server.asked["rte_tempo"]
    await follow(grid, freezer, paris(2026, 1, 15, 23))
    # 10:40 and after 5, 10, 20, 40 minutes, then each hour.
    assert 14 <= server.asked["rte_tempo"] - before <= 16
    server.colours[date(2026, 1, 16)] = "WHITE"
    await follow(grid, freezer, paris(2026, 1, 16, 0, 30))
    assert grid.data.today(paris(2026, 1, 16, 0, 30)) is WHITE


async def test_an_early_colour_is_asked_for_again_once_it_is_final(live, server, freezer) -> None:
    freezer.move_to(MORNING)
    server.colours[date(2026, 1, 16)] = "BLUE"
    server.fail("rte_tempo", failure=Failure(status=500))
    grid = await live()
    # The season's file already held tomorrow.
    assert grid.data.tomorrow(MORNING) is BLUE
    server.failures.clear()
    server.colours[date(2026, 1, 16)] = "RED"
    await follow(grid, freezer, paris(2026, 1, 15, 10, 50))
    assert grid.data.tomorrow(paris(2026, 1, 15, 11)) is RED


async def test_it_wakes_at_midnight_in_paris(hass, live, server, freezer) -> None:
    freezer.move_to(paris(2026, 1, 15, 23, 10))
    server.colours[date(2026, 1, 16)] = "RED"
    grid = await live()
    told: list[TempoColour | None] = []
    grid.async_add_listener(lambda: told.append(grid.data.today(datetime.now(UTC))))
    midnight = paris(2026, 1, 16)
    assert grid.next_at == midnight
    freezer.move_to(midnight)
    async_fire_time_changed(hass, midnight + timedelta(seconds=1))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert set(told) == {RED}
    assert grid.next_at is not None
    assert grid.next_at > midnight


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
async def test_days_of_23_and_25_hours(live, server: GridServer, freezer, day) -> None:
    eve, after = day - timedelta(days=1), day + timedelta(days=1)
    server.fill(date(2025, 9, 1), eve)
    server.colours |= {day: "WHITE", after: "RED"}
    freezer.move_to(paris(eve.year, eve.month, eve.day, 12))
    grid = await live()
    night = paris(day.year, day.month, day.day, 2, 30)
    await follow(grid, freezer, night)
    assert (grid.data.today(night), grid.data.contract_colour(night)) == (WHITE, BLUE)
    noon = paris(day.year, day.month, day.day, 12)
    await follow(grid, freezer, noon)
    assert (grid.data.today(noon), grid.data.tomorrow(noon)) == (WHITE, RED)


async def test_the_season_changes_on_the_first_of_september(live, server, freezer) -> None:
    server.fill(date(2025, 9, 1), date(2026, 8, 31))
    freezer.move_to(paris(2026, 8, 31, 9))
    grid = await live()
    server.colours[date(2026, 9, 1)] = "BLUE"
    await follow(grid, freezer, paris(2026, 8, 31, 12))
    assert grid.data.days_left(paris(2026, 8, 31, 12))[BLUE] == 0
    await follow(grid, freezer, paris(2026, 9, 1, 1))
    assert grid.data.days_left(paris(2026, 9, 1, 1)) == {BLUE: 299, WHITE: 43, RED: 22}
    assert server.asked["rte_tempo"] == 2


async def test_a_forecast_is_read_every_six_hours_and_is_never_a_colour(
    live, server: GridServer, freezer
) -> None:
    server.forecast = [
        {"date": str(TODAY + timedelta(days=ahead)), "couleur": "rouge", "probability": 0.9}
        for ahead in range(5)
    ]
    freezer.move_to(MORNING)
    grid = await live()
    assert [day.date.day for day in grid.data.forecast(MORNING)] == [16, 17, 18, 19]
    assert grid.data.tomorrow(MORNING) is None
    assert grid.data.today(MORNING) is BLUE
    assert RED not in grid.data.known_colours.values()
    server.colours[date(2026, 1, 16)] = "BLUE"
    noon = paris(2026, 1, 15, 12)
    await follow(grid, freezer, noon)
    assert [day.date.day for day in grid.data.forecast(noon)] == [17, 18, 19]
    await follow(grid, freezer, paris(2026, 1, 16, 7))
    assert server.forecasts_asked == 4
    # A restart goes on with what was read; what is two days old tells nothing any more.
    grid = await live()
    assert server.forecasts_asked == 4
    assert grid.data.forecast(paris(2026, 1, 16, 7))
    server.fail("forecast", failure=HTML)
    late = paris(2026, 1, 18, 9)
    await follow(grid, freezer, late)
    assert grid.data.forecast(late) == []
    assert grid.data.today(late) is None
    assert grid.errors()["Tempo forecast from open-dpe.fr"] == "not_expected_server"


# Costs of the past


async def test_past_colours_are_read_once(live, server: GridServer, freezer) -> None:
    server.fill(date(2023, 1, 1), date(2025, 8, 31), "WHITE")
    freezer.move_to(MORNING)
    grid = await live()
    before = server.asked["rte_tempo"]
    colours = await grid.async_colours(date(2023, 1, 1), TODAY)
    assert next(iter(colours)) == date(2023, 1, 1)
    assert all(colours.values())
    assert server.asked["rte_tempo"] - before == 3
    await grid.async_colours(date(2023, 1, 1), TODAY)
    assert server.asked["rte_tempo"] - before == 3


async def test_past_days_that_nobody_knows_are_not_asked_for_again_and_again(
    live, server: GridServer, freezer, caplog
) -> None:
    freezer.move_to(MORNING)
    grid = await live()
    missing = date(2024, 3, 10)
    server.fill(date(2024, 3, 1), date(2024, 3, 31))
    del server.colours[missing]
    for _ in range(5):
        colours = await grid.async_colours(date(2024, 3, 1), date(2024, 3, 31))
        assert [day for day, colour in colours.items() if colour is None] == [missing]
        freezer.tick(timedelta(hours=4))
    assert server.asked["couleur_tempo"] == server.asked["gateway_tempo"] == 1
    assert len(warnings(caplog, "2024-03-10")) == 1
    freezer.tick(timedelta(hours=5))
    await grid.async_colours(date(2024, 3, 1), date(2024, 3, 31))
    assert server.asked["gateway_tempo"] == 2


async def test_no_day_before_the_first_or_after_today_is_asked_for(live, server, freezer) -> None:
    freezer.move_to(MORNING)
    grid = await live()
    before = sum(server.asked.values())
    colours = await grid.async_colours(date(2014, 8, 1), date(2014, 8, 31))
    assert set(colours.values()) == {None}
    await grid.async_colours(date(2026, 1, 16), date(2027, 1, 1))
    assert sum(server.asked.values()) == before


# Failure


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


# Restart


async def test_a_restart_goes_on_offline(live, server: GridServer, freezer) -> None:
    freezer.move_to(paris(2026, 1, 15, 12))
    server.colours[date(2026, 1, 16)] = "RED"
    await live()
    server.fail("token", *TEMPO_SERVICES, "gateway_ecowatt", failure=Failure(status=500))
    freezer.move_to(paris(2026, 1, 16, 7))
    now = paris(2026, 1, 16, 7)
    grid = await live()
    assert (grid.data.today(now), grid.data.contract_colour(now)) == (RED, RED)
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
