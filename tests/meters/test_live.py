"""Between two rows of statistics, the entity's state tells what has been counted since."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import do_adhoc_statistics

from custom_components.med_exporter.const import DataType, PlugRole
from custom_components.med_exporter.ledger import PointSeries
from tests.metering_points import NOON, value_of

from .conftest import Home, assert_same

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry

USED = PointSeries("house", PlugRole.CONSUMPTION)
FIVE = timedelta(minutes=5)
SHAPES = {
    "sensor.increasing": {"state_class": "total_increasing", "unit_of_measurement": "kWh"},
    "sensor.daily_wh": {"state_class": "total_increasing", "unit_of_measurement": "Wh"},
    "sensor.mwh": {"state_class": "total_increasing", "unit_of_measurement": "MWh"},
    "sensor.reset": {"state_class": "total", "unit_of_measurement": "kWh"},
    "sensor.both_ways": {"state_class": "total", "unit_of_measurement": "kWh"},
}


def show(home: Home, entity_id: str, value: float, **more: Any) -> None:
    attributes = {"device_class": "energy", **SHAPES[entity_id], **more}
    home.hass.states.async_set(entity_id, str(value), attributes)


async def compile_until(home: Home, end: datetime) -> None:
    """Let Home Assistant compile the statistics of the five minutes before."""
    home.house.freezer.move_to(end + timedelta(seconds=10))
    await home.committed()
    do_adhoc_statistics(home.hass, start=dt_util.as_utc(end - FIVE))
    await home.committed()


async def measure(home: Home, entry: ConfigEntry | None, start: datetime, steps: int) -> None:
    """Let all meters count for some times five minutes."""
    for number in range(steps):
        at = start + number * FIVE
        home.house.freezer.move_to(at + timedelta(minutes=1))
        show(home, "sensor.increasing", 100 + 0.1 * number)
        # Begins anew in the middle.
        show(home, "sensor.daily_wh", 40 * (number % 9))
        show(home, "sensor.mwh", 5 + 0.0002 * number)
        reset = start if number < 7 else start + 7 * FIVE
        show(home, "sensor.reset", 0.3 * (number % 7), last_reset=reset.isoformat())
        show(home, "sensor.both_ways", 10 + (0.4 * number if number < 6 else -0.2 * number))
        await home.hass.async_block_till_done()
        await compile_until(home, at + FIVE)
        if entry is not None:
            await home.look(entry)


@pytest.fixture
async def shapes(home: Home) -> Home:
    await async_setup_component(home.hass, "sensor", {})
    await home.hass.async_block_till_done()
    return home


async def test_all_shapes_are_as_home_assistant_compiles_them(shapes: Home) -> None:
    start = NOON
    await measure(shapes, None, start, 13)
    entry = await shapes.add(
        **{entity_id.partition(".")[2]: (entity_id, PlugRole.CONSUMPTION) for entity_id in SHAPES}
    )
    await shapes.look(entry)
    end = start + timedelta(hours=1)
    for entity_id in SHAPES:
        theirs = await shapes.dashboard([entity_id], start, end)
        assert len(theirs) == 1
        assert_same(await shapes.ledger(shapes.meter(entity_id), start, end), theirs)


_RESETS = ("2026-11-20T00:00:00+01:00", "2026-11-19T23:00:00+00:00", "2026-11-20T09:30:00+01:00")


def odd_reading(chance: Random, before: float, shape: str) -> tuple[str, dict[str, Any]]:
    """Return what a sensor of another maker may show next, and how it describes itself then."""
    value = chance.choice((before + 0.25, before + 0.5, before - 0.01, before / 2, 0.0, -1.0, 1e6))
    reset = {"last_reset": chance.choice(_RESETS)} if chance.random() < 0.5 else {}
    unit, factor = chance.choice((("kWh", 1), ("Wh", 1000), ("m", 1)))
    told = chance.choice((f"{value * factor}",) * 6 + ("unavailable", "unknown", "nan", "inf"))
    return told, {"state_class": shape, "unit_of_measurement": unit, **reset}


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_shown_is_what_home_assistant_makes_of_odd_readings(
    shapes: Home, seed: int
) -> None:
    """Of each reading, before and after it stands in a row of statistics."""
    chance = Random(seed)
    sensors = {
        f"sensor.odd_{number}": "total" if number % 2 else "total_increasing"
        for number in range(10)
    }
    shapes.house.freezer.move_to(NOON - timedelta(minutes=1))
    for entity_id, state_class in sensors.items():
        first = {"device_class": "energy", "unit_of_measurement": "kWh", "state_class": state_class}
        shapes.hass.states.async_set(entity_id, "5.0", first)
    await compile_until(shapes, NOON)
    entry = await shapes.add(
        **{one.partition(".")[2]: (one, PlugRole.CONSUMPTION) for one in sensors}
    )
    await shapes.look(entry)
    standing = entry.runtime_data.coordinator.standing

    def shown() -> list[float]:
        counted = [standing.counted_today(shapes.meter(one).plug_id) for one in sensors]
        return [(one or 0) / 1e6 for one in counted]

    for number in range(4):
        start = NOON + number * FIVE
        for second in range(30, 35):
            shapes.house.freezer.move_to(start + timedelta(seconds=second))
            for entity_id, state_class in sensors.items():
                told, shape = odd_reading(chance, 5.0 + number, state_class)
                shapes.hass.states.async_set(entity_id, told, {"device_class": "energy", **shape})
            await shapes.hass.async_block_till_done()
        before = shown()
        await compile_until(shapes, start + FIVE)
        await shapes.look(entry)
        rows = await get_instance(shapes.hass).async_add_executor_job(
            lambda: statistics_during_period(
                shapes.hass, NOON, None, {*sensors}, "5minute", {"energy": "kWh"}, {"change"}
            )
        )
        theirs = [sum(row["change"] for row in rows.get(one, [])) for one in sensors]
        assert before == pytest.approx(theirs, abs=1e-5)
        assert shown() == pytest.approx(theirs, abs=1e-5)


async def test_what_was_counted_since_is_shown_and_never_falls(shapes: Home) -> None:
    entry = await shapes.add(
        increasing=("sensor.increasing", PlugRole.CONSUMPTION),
    )
    start = NOON
    point = entry.runtime_data
    values = []
    for number in range(4):
        shapes.house.freezer.move_to(start + number * FIVE + timedelta(minutes=1))
        show(shapes, "sensor.increasing", 100 + number)
        await shapes.hass.async_block_till_done()
        values.append(point.current(DataType.CONSUMPTION_DAILY))
        await compile_until(shapes, start + (number + 1) * FIVE)
        await shapes.look(entry)
        values.append(point.current(DataType.CONSUMPTION_DAILY))
    shown = [one.value_kwh for one in values if one is not None]
    assert shown[-4:] == [2.0, 2.0, 3.0, 3.0]
    assert shown == sorted(shown)
    assert value_of(shapes.hass, "sensor.med_house_consumption_daily") == 3.0
    assert value_of(shapes.hass, "sensor.increasing_energy_today") == 3.0
    (today,) = await shapes.house.ledger.async_days(
        USED, dt_util.start_of_local_day(), dt_util.now()
    )
    assert today.kwh == 3.0


async def test_midnight_begins_a_day_without_waiting_for_statistics(shapes: Home) -> None:
    midnight = dt_util.start_of_local_day((NOON + timedelta(days=1)).date())
    entry = await shapes.add(increasing=("sensor.increasing", PlugRole.CONSUMPTION))
    for number in (3, 2):
        shapes.house.freezer.move_to(midnight - number * FIVE + timedelta(minutes=1))
        show(shapes, "sensor.increasing", 100 - number)
        await shapes.hass.async_block_till_done()
        await compile_until(shapes, midnight - (number - 1) * FIVE)
    await shapes.look(entry)
    shapes.house.freezer.move_to(midnight - timedelta(minutes=1))
    show(shapes, "sensor.increasing", 99)
    await shapes.hass.async_block_till_done()
    shapes.house.freezer.move_to(midnight)
    entry.runtime_data.coordinator.close_day(midnight)
    current = entry.runtime_data.current(DataType.CONSUMPTION_DAILY)
    assert (current.value_kwh, current.date, current.last_period) == (0.0, "2026-11-21", 2.0)
    await compile_until(shapes, midnight)
    await shapes.look(entry)
    current = entry.runtime_data.current(DataType.CONSUMPTION_DAILY)
    assert (current.value_kwh, current.last_period) == (0.0, 2.0)


async def test_only_what_no_entity_shows_already_has_a_sensor(shapes: Home) -> None:
    await shapes.import_hours("linky:house", NOON - timedelta(hours=3), [1.0])
    show(shapes, "sensor.increasing", 100)
    entry = await shapes.add(
        increasing=("sensor.increasing", PlugRole.CONSUMPTION),
        reset=("sensor.reset", PlugRole.IGNORED),
        linky=("linky:house", PlugRole.CONSUMPTION),
    )
    shapes.house.contracts(entry, {"valid_from": "2020-01-01", "kind": "flat", "price": 0.2})
    assert await shapes.hass.config_entries.async_reload(entry.entry_id)
    await shapes.settle()
    found = er.async_entries_for_config_entry(er.async_get(shapes.hass), entry.entry_id)
    # A statistic of no entity tells of a day when it is over.
    assert {one.entity_id for one in found if "med_house" not in one.entity_id} == {
        "sensor.increasing_energy_today",
        "sensor.increasing_cost_today",
        "sensor.reset_energy_today",
    }
