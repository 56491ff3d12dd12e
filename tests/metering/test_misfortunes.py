"""What happens to real plugs, from the network to the energy that is shown: all of it, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.metering_points import add_metering_point, entity_of, poll, value_of
from tests.plug_emulator import commands
from tests.plug_emulator.outlet import Outlet

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock
    from tests.plug_emulator import EmulatedPlug

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

FRIDGE = "50c7bf000001"
MINUTE = 1 / 60


class Watched:
    """A plug with 1 kW behind it that is read every minute."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, clock: HouseClock) -> None:
        self.hass, self.entry, self.clock = hass, entry, clock
        self.before = self.shown()

    def shown(self) -> float:
        return value_of(self.hass, entity_of(self.hass, FRIDGE, "energy"))

    async def polls(self, count: int, seconds: float = 60) -> float:
        """Read it so often, and return what has been counted since the beginning."""
        for _ in range(count):
            self.clock.tick(seconds)
            await poll(self.hass, self.entry)
        return self.shown() - self.before


@pytest.fixture
async def watched(
    hass: HomeAssistant, paris: None, clock: HouseClock, fridge: EmulatedPlug
) -> Watched:
    fridge.use(500)
    watched = Watched(hass, await add_metering_point(hass, fridge.address), clock)
    await watched.polls(2)
    watched.before = watched.shown()
    return watched


async def test_each_poll_of_a_healthy_plug_counts_what_it_reads(watched: Watched) -> None:
    for number in range(1, 5):
        assert await watched.polls(1) == pytest.approx(number * MINUTE, abs=0.0011)


@pytest.mark.parametrize("false", [0.0, 1.0, 900_000.0, 5e8])
async def test_a_total_that_the_next_reading_takes_back_is_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, false: float
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Outlet, "total_wh", false)
        assert await watched.polls(1) <= MINUTE + 0.0011
    assert await watched.polls(1) == pytest.approx(2 * MINUTE, abs=0.0011)


async def test_a_total_that_steps_back_by_a_rounding_has_not_moved(
    watched: Watched, fridge: EmulatedPlug, monkeypatch: pytest.MonkeyPatch
) -> None:
    fridge.set_load(0.0)
    await poll(watched.hass, watched.entry)
    monkeypatch.setattr(Outlet, "total_wh", fridge.outlet.total_wh - 1)
    assert await watched.polls(3) == pytest.approx(0, abs=1e-6)


async def test_what_was_used_while_the_energy_queries_failed_is_counted_afterwards(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        for query in ("get_realtime", "get_daystat", "get_monthstat"):
            broken.delitem(commands._HANDLERS, ("emeter", query))
        assert await watched.polls(5) == pytest.approx(0, abs=1e-6)
    assert await watched.polls(2) == pytest.approx(7 * MINUTE, abs=0.0011)


@pytest.mark.parametrize("restarts", [1, 2])
async def test_restarts_between_two_polls_lose_nothing_that_another_counter_tells(
    watched: Watched, fridge: EmulatedPlug, restarts: int
) -> None:
    for _ in range(restarts):
        watched.clock.tick(20)
        fridge.reboot()
    watched.clock.tick(60 - 20 * restarts)
    await poll(watched.hass, watched.entry)
    assert await watched.polls(2) == pytest.approx(3 * MINUTE, abs=0.0021)


async def test_a_plug_that_is_removed_and_added_again_goes_on_from_its_own_counter(
    watched: Watched, fridge: EmulatedPlug
) -> None:
    await watched.hass.config_entries.async_remove(watched.entry.entry_id)
    await watched.hass.async_block_till_done()
    watched.clock.tick(600)
    watched.entry = await add_metering_point(watched.hass, fridge.address)
    assert await watched.polls(1) == pytest.approx(11 * MINUTE, abs=0.0021)


async def test_readings_in_a_burst_count_once(watched: Watched) -> None:
    await watched.polls(1)
    assert await watched.polls(5, seconds=0) == pytest.approx(MINUTE, abs=0.0011)
    assert await watched.polls(1, seconds=300) == pytest.approx(6 * MINUTE, abs=0.0011)


async def test_a_total_that_begins_again_at_its_limit_goes_on(
    watched: Watched, fridge: EmulatedPlug, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_wh = vars(Outlet)["total_wh"].fget
    limit = fridge.outlet.total_wh + 40
    monkeypatch.setattr(Outlet, "total_wh", property(lambda outlet: true_wh(outlet) % limit))
    assert await watched.polls(6) == pytest.approx(6 * MINUTE, abs=0.0021)
