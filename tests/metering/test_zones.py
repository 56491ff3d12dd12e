"""Days are local days, whatever the offset: at the plug, in entities, ledger and statistics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.ledger import DATA_LEDGER, PointSeries
from tests.metering_points import NOON, PDL, add_metering_point, poll, settle
from tests.plug_emulator import EmulatedPlug, EveryOtherDay, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits")

STATISTIC = f"med_exporter:consumption_{PDL}"


@pytest.mark.parametrize(
    "name", ["Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Adelaide"]
)
async def test_a_day_of_use_and_one_of_none_in_turn(
    hass_with_recorder: HomeAssistant, clock: HouseClock, plug_network: PlugNetwork, name: str
) -> None:
    hass, zone = hass_with_recorder, ZoneInfo(name)
    await hass.config.async_set_time_zone(name)
    midnight = NOON.astimezone(zone).replace(hour=0, minute=0)
    first = midnight - timedelta(days=3)
    plug = EmulatedPlug(
        mac="50:C7:BF:00:00:01",
        alias="Fridge",
        load=EveryOtherDay(zone),
        installed_at=first,
        timezone=zone,
    )
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    for day in (1, 2):
        for minute in (-10, 1, 11):
            clock.move_to(midnight + timedelta(days=day, minutes=minute))
            await settle(hass)
            await poll(hass, entry)
        state = hass.states.get(f"sensor.med_{PDL}_consumption_daily")
        over = midnight + timedelta(days=day - 1)
        used = 4.8 * (over.toordinal() % 2 == 0)
        assert state.attributes["last_period"] == pytest.approx(used, abs=0.002)
        assert float(state.state) == pytest.approx(0.0 if used else 0.2 * 11 / 60, abs=0.002)
    await async_commit(hass)
    await hass.data[DATA_LEDGER].async_write_statistics()
    await async_commit(hass)
    last = midnight + timedelta(days=2)
    series = PointSeries(PDL, PlugRole.CONSUMPTION)
    days = await hass.data[DATA_LEDGER].async_days(series, first, last)
    assert [one.kwh for one in days] == [
        pytest.approx(4.8 * (one.start.toordinal() % 2 == 0), abs=0.002) for one in days
    ]
    assert len(days) == 5
    # Of a statistic, an hour is the least: what two days share of one stands in it whole.
    rows = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, first, last, {STATISTIC}, "hour", None, {"change"}
    )
    total = sum(row["change"] for row in rows[STATISTIC])
    assert total == pytest.approx(sum(one.kwh for one in days), abs=0.25)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(datetime(2027, 3, 28, 1, tzinfo=UTC), id="an hour is skipped"),
        pytest.param(datetime(2027, 10, 31, 1, tzinfo=UTC), id="an hour comes twice"),
    ],
)
async def test_no_time_is_missing_where_the_clocks_change(
    hass_with_recorder: HomeAssistant,
    clock: HouseClock,
    plug_network: PlugNetwork,
    change: datetime,
) -> None:
    hass, zone = hass_with_recorder, ZoneInfo("Europe/Paris")
    await hass.config.async_set_time_zone(zone.key)
    clock.move_to((change - timedelta(minutes=10)).astimezone(zone))
    plug = EmulatedPlug(
        mac="50:C7:BF:00:00:01",
        alias="Heater",
        load=2000.0,
        installed_at=dt_util.now(),
        timezone=zone,
    )
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    for _ in range(50):
        clock.tick(30)
        await poll(hass, entry)
    await async_commit(hass)
    series = PointSeries(PDL, PlugRole.CONSUMPTION)
    half_hours = await hass.data[DATA_LEDGER].async_half_hours(
        series, change - timedelta(hours=1), change + timedelta(hours=1)
    )
    assert sum(one.kwh for one in half_hours) == pytest.approx(2.0 * 25 / 60, abs=0.02)
    assert [one.filled_kwh for one in half_hours] == [0.0] * len(half_hours)
