"""What tells of a meter is renamed, disabled, removed, cleared, or shown in another unit."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.components.recorder.statistics import async_change_statistics_unit
from homeassistant.const import EVENT_RECORDER_5MIN_STATISTICS_GENERATED, UnitOfEnergy
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.ledger import PointSeries
from custom_components.med_exporter.metering.devices import export_devices
from tests.metering_points import NOON

from .conftest import Home, assert_same

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry

USED = PointSeries("house", PlugRole.CONSUMPTION)
START = dt_util.as_utc(NOON) - timedelta(days=3)
SUMS = [0.5 * number for number in range(1, 61)]
NAMES = {"meter": "Grid", "point": "House", "statistic": "sensor.grid"}


@pytest.fixture
async def grid(home: Home) -> ConfigEntry:
    """A metering point of an entity that is in the registry."""
    er.async_get(home.hass).async_get_or_create(
        "sensor", "shelly", "1", suggested_object_id="grid", original_device_class="energy"
    )
    await home.import_hours("sensor.grid", START, SUMS)
    entry = await home.add(grid=("sensor.grid", PlugRole.CONSUMPTION))
    await home.look(entry)
    return entry


async def test_a_renamed_entity_goes_on(home: Home, grid: ConfigEntry) -> None:
    before = await home.ledger(USED, START, NOON)
    assert sum(before.values()) == 30_000_000
    heard = home.changes()
    er.async_get(home.hass).async_update_entity("sensor.grid", new_entity_id="sensor.linky")
    await home.settle()
    (meter,) = grid.data["plugs"].values()
    assert (meter["statistic_id"], meter["entities"]["energy_total_kwh"]) == ("sensor.linky",) * 2
    assert await home.dashboard(["sensor.linky"], START, NOON)
    await home.look(grid, whole=True)
    assert await home.ledger(USED, START, NOON) == before
    assert (heard, home.issues()) == ([], {})


async def test_states_that_stay_under_a_former_id_are_found(home: Home, grid: ConfigEntry) -> None:
    for entity_id in ("sensor.taken", "sensor.grid"):
        home.hass.states.async_set(entity_id, "700")
        await home.committed()
        home.hass.states.async_remove(entity_id)
    er.async_get(home.hass).async_update_entity("sensor.grid", new_entity_id="sensor.taken")
    home.hass.states.async_set("sensor.taken", "701")
    await home.settle()
    await home.committed()
    await home.settle()
    (device,) = export_devices(home.hass)
    assert device.entities["energy_total_kwh"] == "sensor.taken"
    assert [one.entities for one in device.left] == [{"energy_total_kwh": "sensor.grid"}]


async def test_what_is_told_during_a_look_is_looked_at_after_it(
    home: Home, grid: ConfigEntry
) -> None:
    before = await home.ledger(USED, START, NOON)
    async with grid.runtime_data.coordinator._looking:
        await home.import_hours("sensor.grid", START + timedelta(hours=60), [SUMS[-1] + 2.0])
        home.hass.bus.async_fire(EVENT_RECORDER_5MIN_STATISTICS_GENERATED)
        await asyncio.sleep(0)
    await home.settle()
    found = await home.ledger(USED, START, NOON)
    assert sum(found.values()) == sum(before.values()) + 2_000_000


async def test_what_was_replaced_may_be_renamed_too(home: Home, grid: ConfigEntry) -> None:
    before = await home.ledger(USED, START, NOON)
    await home.import_hours("sensor.new", START + timedelta(hours=60), [1.0, 3.0])
    ((meter_id, meter),) = grid.data["plugs"].items()
    former = {key: meter[key] for key in ("statistic_id", "registry_id", "entities")}
    former["until"] = int((START + timedelta(hours=60)).timestamp())
    replaced = {**meter, "statistic_id": "sensor.new", "registry_id": None, "former": [former]}
    home.hass.config_entries.async_update_entry(
        grid, data={**grid.data, "plugs": {meter_id: replaced}}
    )
    # While nobody follows it.
    await home.hass.config_entries.async_unload(grid.entry_id)
    er.async_get(home.hass).async_update_entity("sensor.grid", new_entity_id="sensor.old")
    await home.settle()
    await home.hass.config_entries.async_setup(grid.entry_id)
    await home.settle()
    await home.look(grid, whole=True)
    found = await home.ledger(USED, START, NOON)
    assert {hour: found[hour] for hour in before} == before
    assert sum(found.values()) == 33_000_000
    (device,) = export_devices(home.hass)
    assert device.former[0].entities["energy_total_kwh"] == "sensor.old"


async def test_one_that_is_removed_is_named_and_what_it_has_counted_stays(
    home: Home, grid: ConfigEntry
) -> None:
    before = await home.ledger(USED, START, NOON)
    er.async_get(home.hass).async_remove("sensor.grid")
    await home.look(grid, whole=True)
    assert home.issues() == {"meter_removed": NAMES}
    assert await home.ledger(USED, START, NOON) == before
    # With the last one all would be forgotten, not only what is its own.
    await home.add("other")
    await home.hass.config_entries.async_remove(grid.entry_id)
    assert home.issues() == {}


async def test_one_that_is_disabled_is_named_until_it_is_enabled(
    home: Home, grid: ConfigEntry
) -> None:
    registry = er.async_get(home.hass)
    registry.async_update_entity("sensor.grid", disabled_by=er.RegistryEntryDisabler.USER)
    await home.look(grid)
    assert home.issues() == {"meter_disabled": NAMES}
    registry.async_update_entity("sensor.grid", disabled_by=None)
    await home.look(grid)
    assert home.issues() == {}


async def test_an_entity_that_gets_no_statistics_is_named_after_a_while(
    home: Home, grid: ConfigEntry
) -> None:
    get_instance(home.hass).async_clear_statistics(["sensor.grid"])
    await home.committed()
    await home.look(grid)
    assert home.issues() == {}
    home.house.freezer.tick(timedelta(hours=2))
    await home.look(grid)
    assert home.issues() == {"meter_without_statistics": NAMES}
    await home.import_hours("sensor.grid", START, SUMS)
    await home.look(grid)
    assert home.issues() == {}


@pytest.mark.parametrize("state_class", ["total", None])
async def test_an_entity_whose_statistics_end_while_it_counts_is_named(
    home: Home, grid: ConfigEntry, state_class: str | None
) -> None:
    """As one that the recorder excludes from now on; what others import may be late."""
    shape = {"unit_of_measurement": "kWh", "state_class": state_class}
    home.hass.states.async_set("sensor.grid", "100", shape)
    for hours in (3, 2):
        assert home.issues() == {}
        home.house.freezer.tick(timedelta(hours=hours))
        await home.look(grid)
    assert home.issues() == ({"meter_without_statistics": NAMES} if state_class else {})
    home.hass.states.async_set("sensor.grid", "unavailable")
    await home.look(grid)
    assert home.issues() == {}


async def test_a_suppliers_statistic_that_is_cleared_is_named(home: Home) -> None:
    await home.import_hours("linky:house", START, SUMS)
    entry = await home.add(linky=("linky:house", PlugRole.CONSUMPTION))
    await home.look(entry)
    before = await home.ledger(USED, START, NOON)
    get_instance(home.hass).async_clear_statistics(["linky:house"])
    await home.committed()
    await home.look(entry)
    named = {"meter": "Linky", "point": "House", "statistic": "linky:house"}
    assert home.issues() == {"meter_removed": named}
    assert await home.ledger(USED, START, NOON) == before


@pytest.mark.parametrize("unit", [UnitOfEnergy.WATT_HOUR, UnitOfEnergy.MEGA_WATT_HOUR])
async def test_another_unit_changes_no_energy(home: Home, grid: ConfigEntry, unit: str) -> None:
    before = await home.ledger(USED, START, NOON)
    heard = home.changes()
    async_change_statistics_unit(
        home.hass, "sensor.grid", new_unit_of_measurement=unit, old_unit_of_measurement="kWh"
    )
    await home.committed()
    await home.look(grid, whole=True)
    assert_same(await home.ledger(USED, START, NOON), before, off=0)
    assert heard == []
