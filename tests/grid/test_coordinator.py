"""The grid's runtime asks politely and at the right times."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from tests.grid_server import HTML, Failure, GridServer, rte_signal
from tests.metering_points import HouseClock, settle

from .lives import BLUE, MORNING, RED, TODAY, WHITE, follow, paris, tempo_requests, warnings

if TYPE_CHECKING:
    from custom_components.med_exporter.sources.tempo_calendar import TempoColour


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


@pytest.mark.parametrize("days", [365, -35])
async def test_what_was_planned_by_a_clock_that_leapt_comes_by_the_right_one(
    hass, live, server, freezer, days
) -> None:
    freezer.move_to(MORNING)
    clock = HouseClock(freezer)
    # The loop ends with the test; set back, its clock would strand what is still waited for.
    asyncio.get_running_loop().time = clock.loop_time
    clock.jump(timedelta(days=days))
    grid = await live()
    clock.jump(-timedelta(days=days))
    server.asked.clear()
    for _ in range(13):
        clock.tick(600)
        await settle(hass)
    now = MORNING + timedelta(minutes=130)
    assert 2 <= server.asked["rte_ecowatt"] <= 3
    assert grid.data.today(now) is BLUE
    assert grid.data.ecowatt(now).level == 1
    assert now < grid.next_at.astimezone(UTC) <= now + timedelta(hours=1)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
async def test_days_of_23_and_25_hours(live, server: GridServer, freezer, day) -> None:
    eve, after = day - timedelta(days=1), day + timedelta(days=1)
    server.fill(date(2025, 9, 1), eve)
    server.colours |= {day: "WHITE", after: "RED"}
    freezer.move_to(paris(eve.year, eve.month, eve.day, 12))
    grid = await live()
    night = paris(day.year, day.month, day.day, 2, 30)
    await follow(grid, freezer, night)
    assert grid.data.today(night) == WHITE
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
