"""What a metering point tells to whoever exports its running periods."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.metering.metering_point import metering_points
from tests.metering_points import NOON, PARIS, add_metering_point, poll, settle
from tests.plug_emulator import EmulatedPlug, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")


async def test_the_loaded_ones_are_listed(
    hass: HomeAssistant, plug_network: PlugNetwork, fridge: EmulatedPlug
) -> None:
    other = EmulatedPlug(mac="50:C7:BF:00:00:02")
    await plug_network.start(other)
    await add_metering_point(hass, fridge.address, pdl="A--B", name="House")
    unloaded = await add_metering_point(hass, other.address, pdl="other")
    await hass.config_entries.async_unload(unloaded.entry_id)
    (point,) = metering_points(hass)
    assert (point.name, point.pdl, point.slug) == ("House", "A--B", "a_b")


async def test_a_running_period_carries_its_date_and_when_it_was_read(
    hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    clock.tick(3600)
    await poll(hass, entry)
    day = entry.runtime_data.current(DataType.CONSUMPTION_DAILY)
    assert (day.value_kwh, day.date, day.last_period) == (1.0, "2026-11-20", None)
    assert day.timestamp.timestamp() == NOON.timestamp() + 3600
    assert day.timestamp.utcoffset().total_seconds() == 0
    month = entry.runtime_data.current(DataType.CONSUMPTION_MONTHLY)
    assert (month.value_kwh, month.date) == (1.0, "2026-11")
    assert entry.runtime_data.current(DataType.PRODUCTION_DAILY) is None


@pytest.mark.parametrize(
    ("midnight", "hours"),
    [(datetime(2027, 3, 28, tzinfo=PARIS), 23), (datetime(2026, 10, 25, tzinfo=PARIS), 25)],
)
async def test_a_day_has_as_many_hours_as_the_clock_change_leaves_it(
    hass: HomeAssistant,
    clock: HouseClock,
    plug_network: PlugNetwork,
    midnight: datetime,
    hours: int,
) -> None:
    since = midnight.replace(day=midnight.day - 2)
    plug = EmulatedPlug(load=1000.0, installed_at=since, clock=lambda: NOON)
    when = midnight.replace(hour=0, minute=1)
    plug.clock._source = lambda: when
    await plug_network.start(plug)
    clock._frozen.move_to(when)
    entry = await add_metering_point(hass, plug.address)
    for hour in (6, 12, 18, 23):
        when = midnight.replace(hour=hour, minute=59)
        clock.move_to(when)
        await settle(hass)
    when = midnight.replace(day=midnight.day + 1, hour=0, minute=1)
    clock.move_to(when)
    await settle(hass)
    await poll(hass, entry)
    day = entry.runtime_data.current(DataType.CONSUMPTION_DAILY)
    assert day.last_period == pytest.approx(hours, abs=0.02)
    assert day.value_kwh == pytest.approx(1 / 60, abs=0.02)


async def test_one_plug_that_does_not_know_its_day_before_leaves_the_sum_unknown(
    hass: HomeAssistant, clock: HouseClock, plug_network: PlugNetwork, fridge: EmulatedPlug
) -> None:
    other = EmulatedPlug(mac="50:C7:BF:00:00:02", alias="Other", load=500.0)
    await plug_network.start(other)
    entry = await add_metering_point(hass, fridge.address, other.address)
    await other.cut_off()
    await poll(hass, entry)
    clock.move_to(datetime(2026, 11, 22, 0, 0, 1, tzinfo=PARIS))
    await settle(hass)
    assert entry.runtime_data.current(DataType.CONSUMPTION_DAILY).last_period is None


async def test_what_several_ask_for_is_summed_once_until_something_is_counted(
    hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    clock.tick(3600)
    await poll(hass, entry)
    await settle(hass)
    point = entry.runtime_data
    first = point.current(DataType.CONSUMPTION_DAILY)
    assert point.current(DataType.CONSUMPTION_DAILY) is first
    clock.tick(3600)
    await poll(hass, entry)
    assert point.current(DataType.CONSUMPTION_DAILY).value_kwh == 2.0
    assert first.value_kwh == 1.0
