"""What the plugs of a metering point count stands in the ledger, measured or not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STOP

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.ledger import DATA_LEDGER, Ledger, PlugSeries, PointSeries
from custom_components.med_exporter.sources.connection import KasaError
from custom_components.med_exporter.sources.kasa import KasaHost
from tests.metering_points import NOON, PARIS, HouseClock, add_metering_point, poll, settle
from tests.plug_emulator import EmulatedPlug, EmulatedStrip, Fridge, PlugNetwork
from tests.plug_emulator.smart import EmulatedSmartPlug

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.ledger import EnergyPeriod, RunningEnergy

MAC = "50:C7:BF:00:00:01"
PLUG = PlugSeries("50c7bf000001")
HOUSE = PointSeries("12345678901234", PlugRole.CONSUMPTION)
TODAY = NOON.replace(hour=0)
# A plug answers in whole watt-hours.
WATT_HOUR = 0.001

pytestmark = pytest.mark.usefixtures("brief_waits")


@pytest.fixture(autouse=True)
async def paris(hass_with_recorder: HomeAssistant) -> None:
    await hass_with_recorder.config.async_set_time_zone("Europe/Paris")


async def read_ledger(
    hass: HomeAssistant, how: str, series: PlugSeries | PointSeries, start: datetime, end: datetime
) -> list[EnergyPeriod]:
    await settle(hass)
    await async_commit(hass)
    ledger = hass.data[DATA_LEDGER]
    await ledger.async_write_statistics()
    await async_commit(hass)
    return await getattr(ledger, f"async_{how}")(series, start, end)


async def poll_every_minute(
    hass: HomeAssistant, entry: ConfigEntry, clock: HouseClock, until: datetime
) -> None:
    while datetime.now(PARIS) < until:
        clock.tick(60)
        await poll(hass, entry)


async def test_a_new_plug_brings_the_days_that_it_has_counted_alone(
    hass: HomeAssistant, plug_network: PlugNetwork, clock: HouseClock
) -> None:
    installed = NOON - timedelta(days=40)
    plug = EmulatedPlug(mac=MAC, alias="Fridge", load=Fridge(), installed_at=installed)
    await plug_network.start(plug)
    await add_metering_point(hass, plug.address)

    days = await read_ledger(hass, "days", PLUG, TODAY - timedelta(days=39), TODAY)

    assert len(days) == 39
    for day in days:
        assert day.kwh == pytest.approx(plug.day_kwh(day.start.date()), abs=WATT_HOUR)
        assert day.filled_kwh == pytest.approx(day.kwh)
    assert [day.kwh for day in await read_ledger(
        hass, "days", HOUSE, TODAY - timedelta(days=39), TODAY
    )] == pytest.approx([day.kwh for day in days])  # fmt: skip


async def test_the_ledger_is_read_once_for_all_plugs_of_a_start(
    hass: HomeAssistant, plug_network: PlugNetwork, clock: HouseClock
) -> None:
    plugs = [
        EmulatedPlug(mac=f"50:C7:BF:00:00:0{number}", alias=f"Plug {number}", load=Fridge())
        for number in range(1, 5)
    ]
    for plug in plugs:
        await plug_network.start(plug)
    asked: list[str] = []
    known, running = Ledger.async_without_history, Ledger.async_running

    async def count_known(self: Ledger, *arguments: Any) -> set[str]:
        asked.append("known")
        return await known(self, *arguments)

    async def count_running(self: Ledger, *arguments: Any) -> RunningEnergy:
        asked.append("running")
        return await running(self, *arguments)

    with (
        patch.object(Ledger, "async_without_history", count_known),
        patch.object(Ledger, "async_running", count_running),
    ):
        entry = await add_metering_point(hass, *(plug.address for plug in plugs))
        await settle(hass)
        await async_commit(hass)
        await settle(hass)
        assert asked.count("known") == 1
        asked.clear()
        clock.tick(900)
        await poll(hass, entry)
        await settle(hass)
        await async_commit(hass)
        await settle(hass)
        assert asked == ["running"]


async def test_a_new_plug_that_does_not_tell_its_days_at_once_is_asked_again(
    hass: HomeAssistant, plug_network: PlugNetwork, clock: HouseClock
) -> None:
    plug = EmulatedPlug(mac=MAC, alias="Heater", load=1000.0, installed_at=NOON - timedelta(days=3))
    await plug_network.start(plug)
    silent = KasaError("timed_out", plug.address)
    with patch.object(KasaHost, "statistics", side_effect=silent) as asked:
        entry = await add_metering_point(hass, plug.address)
        await poll_every_minute(hass, entry, clock, NOON + timedelta(minutes=5))
    assert asked.call_count == 1
    await poll_every_minute(hass, entry, clock, NOON + timedelta(minutes=12))
    days = await read_ledger(hass, "days", PLUG, TODAY - timedelta(days=2), TODAY)
    assert [day.kwh for day in days] == pytest.approx([24.0, 24.0])


async def test_the_hours_that_a_newer_plug_tells_are_no_estimate(
    hass: HomeAssistant, clock: HouseClock
) -> None:
    installed = NOON - timedelta(days=20)
    plug = EmulatedSmartPlug(
        host="127.0.75.40",
        mac="5C:62:8B:75:00:40",
        alias="Fridge",
        load=1000.0,
        installed_at=installed,
        clock=lambda: datetime.now(PARIS),
        timezone=PARIS,
    )
    async with plug:
        login = {"username": "me@example.com", "password": "secret"}
        await add_metering_point(hass, plug.address, **login)
        days = await read_ledger(hass, "days", HOUSE, TODAY - timedelta(days=6), NOON)
        hours = await read_ledger(hass, "hours", HOUSE, TODAY - timedelta(days=6), NOON)
    # The day on which it joined is among them.
    assert [day.kwh for day in days] == pytest.approx([24.0] * 6 + [12.0], abs=0.03)
    assert [day.filled_kwh for day in days] == pytest.approx([0.0] * 7, abs=0.03)
    assert [hour.kwh for hour in hours] == pytest.approx([1.0] * 156, abs=0.002)


async def test_a_stop_of_home_assistant_posts_what_was_measured(
    hass: HomeAssistant, plug_network: PlugNetwork, clock: HouseClock
) -> None:
    """It would be spread over the time of the stop, since nobody knows then when it was used."""
    plug = EmulatedPlug(mac=MAC, alias="Heater", load=1000.0)
    await plug_network.start(plug)
    before = hass.bus.async_listeners()[EVENT_HOMEASSISTANT_STOP]
    entry = await add_metering_point(hass, plug.address)
    # A stop unloads no entry.
    assert hass.bus.async_listeners()[EVENT_HOMEASSISTANT_STOP] > before
    await poll_every_minute(hass, entry, clock, NOON + timedelta(minutes=8))
    coordinator = entry.runtime_data.coordinator
    await coordinator.async_shutdown()
    await settle(hass)
    await async_commit(hass)
    posted = await hass.data[DATA_LEDGER].async_posted_until([PLUG.plug_id])
    assert posted[PLUG.plug_id] == coordinator.data[PLUG.plug_id].counter.seen_at


async def test_setting_up_again_counts_nothing_twice(
    hass: HomeAssistant, plug_network: PlugNetwork, clock: HouseClock
) -> None:
    plug = EmulatedPlug(
        mac=MAC, alias="Fridge", load=Fridge(), installed_at=NOON - timedelta(days=5)
    )
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    stretch = (TODAY - timedelta(days=5), TODAY + timedelta(days=1))
    before = await read_ledger(hass, "half_hours", PLUG, *stretch)

    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)

    assert await read_ledger(hass, "half_hours", PLUG, *stretch) == before


async def test_what_is_measured_adds_up_to_the_growth_of_the_counter(
    hass: HomeAssistant, plug_network: PlugNetwork, clock: HouseClock
) -> None:
    plug = EmulatedPlug(mac=MAC, alias="Heater", load=1200.0, installed_at=NOON)
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    await poll_every_minute(hass, entry, clock, NOON + timedelta(hours=2, minutes=1))

    half_hours = await read_ledger(hass, "half_hours", PLUG, NOON, NOON + timedelta(hours=2))
    hours = await read_ledger(hass, "hours", PLUG, NOON, NOON + timedelta(hours=2))

    # One poll more or less, a minute at 1,200 W, at either edge.
    assert [period.kwh for period in half_hours] == pytest.approx([0.6] * 4, abs=0.061)
    assert [period.filled_kwh for period in half_hours] == [0, 0, 0, 0]
    assert sum(hour.kwh for hour in hours) == pytest.approx(
        sum(period.kwh for period in half_hours)
    )
    assert sum(hour.kwh for hour in hours) == pytest.approx(2.4, abs=0.061)


async def test_an_outage_over_midnight_is_filled_as_the_plug_has_counted_it(
    hass: HomeAssistant, plug_network: PlugNetwork, clock: HouseClock
) -> None:
    plug = EmulatedPlug(mac=MAC, alias="Heater", load=600.0, installed_at=NOON)
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    await plug.cut_off()
    clock.tick(60)
    await poll(hass, entry)
    plug.set_load(0.0)
    plug.use(1.0)
    clock.move_to(TODAY + timedelta(days=1, hours=2))
    plug.use(3.0)
    await plug.restore()
    await poll(hass, entry)

    days = await read_ledger(hass, "days", PLUG, TODAY, TODAY + timedelta(days=2))
    tomorrow = TODAY + timedelta(days=1)
    night = await read_ledger(hass, "half_hours", PLUG, tomorrow, tomorrow + timedelta(hours=2))

    assert [day.kwh for day in days] == pytest.approx([1.01, 3.0], abs=0.002)
    assert [period.kwh for period in night] == pytest.approx([0.75] * 4, abs=0.002)
    assert [period.filled_kwh for period in night] == pytest.approx([0.75] * 4, abs=0.002)


async def test_each_socket_of_a_strip_has_a_series_of_its_own_and_counts_towards_its_role(
    hass: HomeAssistant, plug_network: PlugNetwork, clock: HouseClock
) -> None:
    strip = EmulatedStrip(
        mac=MAC, alias="Strip", loads=[100.0] * 6, installed_at=NOON - timedelta(days=2)
    )
    await plug_network.start(strip)
    await add_metering_point(hass, strip.address, roles={strip.sockets[0].alias: "production"})
    yesterday = TODAY - timedelta(days=1)

    used = await read_ledger(hass, "days", HOUSE, yesterday, TODAY)
    produced = await read_ledger(
        hass, "days", PointSeries("12345678901234", PlugRole.PRODUCTION), yesterday, TODAY
    )

    assert [day.kwh for day in used] == pytest.approx([12.0], abs=0.01)
    assert [day.kwh for day in produced] == pytest.approx([2.4], abs=0.01)
