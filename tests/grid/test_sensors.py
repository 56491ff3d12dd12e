"""Tempo and EcoWatt as entities: on the grid's own device and on every metering point's."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.inventory.overview import async_overview
from custom_components.med_exporter.vault import async_get_vault
from tests.grid_entries import ACCOUNT, add_grid, fill, grid_entity
from tests.grid_server import (
    SILENT,
    TEMPO_SERVICES,
    Failure,
    GridServer,
    Service,
    rte_signal,
    running_grid_server,
)
from tests.metering_points import PARIS, PDL, HouseClock, add_metering_point, settle
from tests.plug_emulator import EmulatedPlug, PlugNetwork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant, State

pytestmark = pytest.mark.usefixtures("brief_waits", "clock")

# The clock stands at noon on this day.
TODAY = date(2026, 11, 20)
TOMORROW = TODAY + timedelta(days=1)
KEYS = ("tempo_color", "tempo_color_tomorrow", "ecowatt_level")
DEAD = Failure(status=500)
ALL: tuple[Service, ...] = ("token", *TEMPO_SERVICES, "rte_ecowatt", "gateway_ecowatt")


@pytest.fixture
def hass(hass_with_recorder: HomeAssistant) -> HomeAssistant:
    return hass_with_recorder


@pytest.fixture
async def server(clock: HouseClock) -> AsyncIterator[GridServer]:
    async with running_grid_server() as server:
        fill(server, TODAY)
        server.colours[TOMORROW] = "RED"
        server.forecast = [
            {"date": str(TODAY + timedelta(days=ahead)), "couleur": colour, "probability": 0.67}
            for ahead, colour in enumerate(("bleu", "bleu", "blanc", "ROUGE"))
        ]
        yield server


@pytest.fixture
async def plug(plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:01", alias="Fridge", load=100.0)
    await plug_network.start(plug)
    return plug


@pytest.fixture
async def point(hass: HomeAssistant, clock: HouseClock, plug: EmulatedPlug) -> ConfigEntry:
    return await add_metering_point(hass, plug.address)


def of_point(hass: HomeAssistant, key: str, slug: str = PDL) -> State | None:
    return hass.states.get(f"sensor.med_{slug}_{key}")


def values(hass: HomeAssistant, slug: str = PDL) -> list[str | None]:
    """Return today's colour, tomorrow's, and the level, as a metering point shows them."""
    states = [of_point(hass, key, slug) for key in KEYS]
    return [None if state is None else state.state for state in states]


async def restart(hass: HomeAssistant, *entries: ConfigEntry) -> None:
    for entry in entries:
        await hass.config_entries.async_unload(entry.entry_id)
    for entry in entries:
        await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)


class TestMeteringPoint:
    async def test_it_has_no_grid_without_a_grid(self, hass, point) -> None:
        assert values(hass) == [None, None, None]

    async def test_it_gets_the_grid_when_one_is_set_up(self, hass, point, server) -> None:
        await add_grid(hass, server)
        assert values(hass) == ["blue", "red", "1"]

    async def test_one_that_is_added_later_gets_it_too(self, hass, server, plug) -> None:
        await add_grid(hass, server)
        await add_metering_point(hass, plug.address, pdl="Garden-2")
        assert values(hass, "garden_2") == ["blue", "red", "1"]

    async def test_the_colours_are_an_enum(self, hass, point, server) -> None:
        await add_grid(hass, server)
        for key in KEYS[:2]:
            state = of_point(hass, key)
            assert state.attributes["device_class"] == "enum"
            assert state.attributes["options"] == ["blue", "white", "red"]

    async def test_the_level_has_its_message_and_hours(self, hass, point, server) -> None:
        server.signals = [rte_signal(TODAY, 3, "Coupures inévitables.")]
        await add_grid(hass, server)
        state = of_point(hass, "ecowatt_level")
        assert state.state == "3"
        assert state.attributes["message"] == "Coupures inévitables."
        assert state.attributes["hourly_values"] == [
            {"pas": hour, "hvalue": 0 if hour < 6 else 1} for hour in range(24)
        ]

    async def test_they_stand_on_its_device_and_belong_to_its_entry(
        self, hass, point, server
    ) -> None:
        await add_grid(hass, server)
        registry = er.async_get(hass)
        (device,) = [
            device
            for device in dr.async_entries_for_config_entry(dr.async_get(hass), point.entry_id)
            if (DOMAIN, point.entry_id) in device.identifiers
        ]
        for key in KEYS:
            entity = registry.async_get(f"sensor.med_{PDL}_{key}")
            assert (entity.config_entry_id, entity.device_id) == (point.entry_id, device.id)

    async def test_they_go_with_the_metering_point(self, hass, point, server) -> None:
        await add_grid(hass, server)
        await hass.config_entries.async_remove(point.entry_id)
        await settle(hass)
        assert values(hass) == [None, None, None]
        assert not er.async_entries_for_config_entry(er.async_get(hass), point.entry_id)

    async def test_they_go_with_the_grid_and_come_back_with_a_new_one(
        self, hass, point, server
    ) -> None:
        grid = await add_grid(hass, server)
        await hass.config_entries.async_remove(grid.entry_id)
        await settle(hass)
        assert values(hass) == [None, None, None]
        registry = er.async_get(hass)
        assert not [key for key in KEYS if registry.async_get(f"sensor.med_{PDL}_{key}")]
        await add_grid(hass, server)
        assert values(hass) == ["blue", "red", "1"]

    async def test_they_go_when_the_grid_went_while_the_metering_point_was_not_loaded(
        self, hass, point, server
    ) -> None:
        grid = await add_grid(hass, server)
        await hass.config_entries.async_unload(point.entry_id)
        await hass.config_entries.async_remove(grid.entry_id)
        await hass.config_entries.async_setup(point.entry_id)
        await settle(hass)
        assert er.async_get(hass).async_get(f"sensor.med_{PDL}_tempo_color") is None

    async def test_a_users_own_name_is_kept(self, hass, point, server) -> None:
        grid = await add_grid(hass, server)
        er.async_get(hass).async_update_entity(
            f"sensor.med_{PDL}_tempo_color", new_entity_id="sensor.colour"
        )
        await settle(hass)
        await restart(hass, grid, point)
        assert hass.states.get("sensor.colour").state == "blue"

    async def test_a_plug_that_does_not_answer_leaves_the_grid(
        self, hass, point, server, plug_network: PlugNetwork
    ) -> None:
        await add_grid(hass, server)
        await plug_network.stop()
        await restart(hass, point)
        assert values(hass) == ["blue", "red", "1"]


class TestWhileTheGridIsNotLoaded:
    async def test_its_values_are_unavailable(self, hass, point, server) -> None:
        grid = await add_grid(hass, server)
        await hass.config_entries.async_unload(grid.entry_id)
        assert values(hass) == ["unavailable"] * 3
        await hass.config_entries.async_setup(grid.entry_id)
        await settle(hass)
        assert values(hass) == ["blue", "red", "1"]

    async def test_so_they_are_when_it_is_disabled(self, hass, point, server) -> None:
        grid = await add_grid(hass, server)
        await hass.config_entries.async_set_disabled_by(grid.entry_id, ConfigEntryDisabler.USER)
        await restart(hass, point)
        assert values(hass) == ["unavailable"] * 3

    async def test_what_it_reads_after_a_reload_is_followed(
        self, hass, point, server, clock: HouseClock
    ) -> None:
        grid = await add_grid(hass, server)
        await hass.config_entries.async_reload(grid.entry_id)
        await settle(hass)
        server.signals = [rte_signal(TODAY, 2)]
        clock.tick(3700)
        await settle(hass)
        assert values(hass) == ["blue", "red", "2"]


class TestTime:
    async def test_values_change_at_midnight_while_no_server_answers(
        self, hass, point, server, clock: HouseClock
    ) -> None:
        server.signals.append(rte_signal(TOMORROW, 2))
        grid = await add_grid(hass, server)
        # EcoWatt is read once an hour: next at midnight.
        clock.move_to(datetime(2026, 11, 20, 23, tzinfo=PARIS))
        await settle(hass)
        assert values(hass) == ["blue", "red", "1"]
        # They hold every question, as slow servers do.
        server.fail(*ALL, failure=SILENT)
        asked = server.asked.total()
        clock.move_to(datetime(2026, 11, 21, 0, 0, 1, tzinfo=PARIS))
        async with asyncio.timeout(10):
            while server.asked.total() == asked or values(hass)[0] == "blue":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert grid.runtime_data.data.ecowatt_read_at < datetime(2026, 11, 21, tzinfo=PARIS)
        assert values(hass) == ["red", "unknown", "2"]
        left = hass.states.get(grid_entity(hass, grid, "tempo_red_days_left"))
        assert left.state == "21"
        server.failures.clear()
        server.release()

    async def test_tomorrow_shows_once_it_is_announced(
        self, hass, point, server, clock: HouseClock
    ) -> None:
        server.colours[TOMORROW + timedelta(days=1)] = "WHITE"
        await add_grid(hass, server)
        clock.move_to(datetime(2026, 11, 21, 9, tzinfo=PARIS))
        await settle(hass)
        assert values(hass)[:2] == ["red", "unknown"]
        clock.move_to(datetime(2026, 11, 21, 10, 50, tzinfo=PARIS))
        await settle(hass)
        assert values(hass)[:2] == ["red", "white"]

    async def test_a_signal_that_nobody_confirms_for_a_day_is_unknown(
        self, hass, point, server, clock: HouseClock
    ) -> None:
        server.signals.append(rte_signal(TOMORROW, 3))
        await add_grid(hass, server)
        server.fail("rte_ecowatt", "gateway_ecowatt", failure=DEAD)
        clock.tick(20 * 3600)
        await settle(hass)
        assert values(hass)[2] == "3"
        clock.tick(5 * 3600)
        await settle(hass)
        state = of_point(hass, "ecowatt_level")
        assert state.state == "unknown"
        assert state.attributes["message"] is None
        assert state.attributes["hourly_values"] is None


class TestServersCutOff:
    @pytest.mark.parametrize("dead", range(1, 4))
    async def test_the_next_server_tells_the_colour(
        self, hass, point, server: GridServer, dead: int
    ) -> None:
        server.fail(*TEMPO_SERVICES[:dead], failure=DEAD)
        await add_grid(hass, server)
        assert values(hass) == ["blue", "red", "1"]
        assert server.asked[TEMPO_SERVICES[dead]] > 0

    async def test_the_gateway_tells_the_level_where_rte_does_not(
        self, hass, point, server: GridServer
    ) -> None:
        server.fail("rte_ecowatt", failure=DEAD)
        await add_grid(hass, server)
        assert values(hass) == ["blue", "red", "2"]

    async def test_all_dead_is_unknown_until_one_is_back(
        self, hass, point, server: GridServer, clock: HouseClock
    ) -> None:
        grid = await add_grid(hass, server, account=None)
        server.fail(*ALL, failure=DEAD)
        clock.tick(3 * 24 * 3600)
        await settle(hass)
        assert values(hass) == ["unknown"] * 3
        assert hass.states.get(grid_entity(hass, grid, "tempo_red_days_left")).state == "unknown"
        server.failures.clear()
        fill(server, TODAY + timedelta(days=3))
        clock.tick(3700)
        await settle(hass)
        assert values(hass) == ["blue", "unknown", "2"]

    async def test_a_missing_day_leaves_the_colours(self, hass, point, server) -> None:
        del server.colours[TODAY - timedelta(days=30)]
        grid = await add_grid(hass, server)
        assert values(hass) == ["blue", "red", "1"]
        assert hass.states.get(grid_entity(hass, grid, "tempo_red_days_left")).state == "unknown"

    async def test_wrong_credentials_leave_the_public_servers(
        self, hass, point, server: GridServer
    ) -> None:
        grid = await add_grid(hass, server, account=None)
        vault = await async_get_vault(hass)
        revoked = {**ACCOUNT, "client_secret": vault.encrypt("revoked")}
        hass.config_entries.async_update_entry(grid, data={**grid.data, **revoked})
        await restart(hass, grid)
        assert values(hass) == ["blue", "red", "2"]


class TestRestart:
    async def test_what_was_stored_shows_without_any_server(
        self, hass, point, server: GridServer, clock: HouseClock
    ) -> None:
        grid = await add_grid(hass, server)
        await hass.config_entries.async_unload(grid.entry_id)
        server.fail(*ALL, failure=SILENT)
        clock.tick(600)
        await hass.config_entries.async_setup(grid.entry_id)
        await hass.async_block_till_done()
        assert grid.state is ConfigEntryState.LOADED
        assert values(hass) == ["blue", "red", "1"]
        assert hass.states.get(grid_entity(hass, grid, "tempo_red_days_left")).state == "21"


class TestGridDevice:
    async def test_it_tells_all_without_a_metering_point(self, hass, server) -> None:
        grid = await add_grid(hass, server)
        entities = er.async_entries_for_config_entry(er.async_get(hass), grid.entry_id)
        told = {
            entity.unique_id.removeprefix(f"{grid.entry_id}_"): hass.states.get(
                entity.entity_id
            ).state
            for entity in entities
        }
        # 365 days from 1 September: 43 white, 22 red; 81 blue and one red are placed.
        assert told == {
            "tempo_color": "blue",
            "tempo_color_tomorrow": "red",
            "ecowatt_level": "1",
            "tempo_blue_days_left": "219",
            "tempo_white_days_left": "43",
            "tempo_red_days_left": "21",
            "tempo_forecast": "white",
        }

    async def test_a_forecast_is_told_beside_what_is_announced(self, hass, server, point) -> None:
        grid = await add_grid(hass, server)
        state = hass.states.get(grid_entity(hass, grid, "tempo_forecast"))
        ahead = {"date": "2026-11-22", "colour": "white", "probability": 0.67}
        # Tomorrow's colour is announced, whatever the forecast had thought.
        assert state.state == "white"
        assert state.attributes["days"] == [ahead, {**ahead, "date": "2026-11-23", "colour": "red"}]
        assert (state.attributes["date"], state.attributes["probability"]) == ("2026-11-22", 0.67)
        assert of_point(hass, "tempo_color_tomorrow").state == "red"
        overview = await async_overview(hass, None)
        assert overview["tempo"] == {
            "today": "blue", "tomorrow": "red", "forecast": state.attributes["days"],
        }  # fmt: skip

    async def test_its_device_goes_with_it(self, hass, server) -> None:
        grid = await add_grid(hass, server)
        assert dr.async_entries_for_config_entry(dr.async_get(hass), grid.entry_id)
        await hass.config_entries.async_remove(grid.entry_id)
        await settle(hass)
        assert not dr.async_entries_for_config_entry(dr.async_get(hass), grid.entry_id)
        assert not er.async_entries_for_config_entry(er.async_get(hass), grid.entry_id)
