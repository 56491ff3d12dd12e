"""A newer plug forgets its month when that ends: its own past tells what nobody read of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.ledger import DATA_LEDGER, PlugSeries
from tests.metering_points import PARIS, add_metering_point, poll, settle
from tests.plug_emulator.smart import NO_HISTORY, EnergyHistory

from .heaters import heater

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock
    from tests.plug_emulator import EmulatedPlug

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

LOGIN = {"username": "me@example.com", "password": "secret"}
# A plug answers in whole watt-hours.
WATT_HOUR = 0.002


async def grown(
    hass: HomeAssistant,
    clock: HouseClock,
    until: datetime,
    *,
    history: EnergyHistory | None = None,
    ahead: int = 0,
) -> tuple[float, float]:
    """Return what a plug used while nobody read it, and what was counted of it, in kWh."""
    plug = heater(50, ahead=ahead, history=history)
    async with plug:
        entry = await add_metering_point(hass, plug.address, **LOGIN)
        await polls(hass, entry, clock, 3)
        counter = entry.runtime_data.coordinator.data[plug.plain_mac].counter
        before, since = counter.value, counter.seen_at
        assert since is not None
        await plug.cut_off()
        clock.tick(300)
        await poll(hass, entry)
        clock.move_to(until)
        await plug.restore()
        await polls(hass, entry, clock, 4)
        now = counter.seen_at
        assert now is not None
        assert now > until
        await settle(hass)
        await async_commit(hass)
        days = await hass.data[DATA_LEDGER].async_days(
            PlugSeries(plug.plain_mac), since.replace(hour=0, minute=0, second=0), now
        )
        counted, own_day = counter.value - before, counter.began_today
        assert own_day is not None
        told = counted + before - counter.began_value + own_day
        # The last minute is not posted yet.
        assert sum(day.kwh for day in days) == pytest.approx(told, abs=0.02)
    return (now.timestamp() - since.timestamp()) / 3600, counted


@pytest.mark.parametrize(
    ("until", "ahead"),
    [
        (datetime(2026, 12, 1, 0, 0, 10, tzinfo=PARIS), -20),
        (datetime(2026, 12, 3, 15, tzinfo=PARIS), 3600),
        (datetime(2027, 3, 30, 9, tzinfo=PARIS), 0),
    ],
)
async def test_an_outage_over_the_end_of_a_month_loses_nothing(
    hass: HomeAssistant, clock: HouseClock, until: datetime, ahead: int
) -> None:
    used, counted = await grown(hass, clock, until, ahead=ahead)
    assert counted == pytest.approx(used, abs=WATT_HOUR)


async def test_a_firmware_that_tells_only_days(hass: HomeAssistant, clock: HouseClock) -> None:
    until = datetime(2027, 1, 4, 9, tzinfo=PARIS)
    history = EnergyHistory(intervals=(1440,))
    used, counted = await grown(hass, clock, until, history=history)
    assert counted == pytest.approx(used, abs=WATT_HOUR)


async def test_what_no_history_tells_is_lost_and_no_more(
    hass: HomeAssistant, clock: HouseClock
) -> None:
    until = datetime(2026, 12, 3, 15, tzinfo=PARIS)
    _, counted = await grown(hass, clock, until, history=NO_HISTORY)
    december = datetime.now(PARIS) - datetime(2026, 12, 1, tzinfo=PARIS)
    assert counted == pytest.approx(december.total_seconds() / 3600, abs=WATT_HOUR)


@pytest.mark.parametrize(
    "until",
    [
        datetime(2026, 12, 3, 15, tzinfo=PARIS),
        datetime(2027, 1, 2, 9, tzinfo=PARIS),
        datetime(2027, 3, 30, 9, tzinfo=PARIS),
    ],
)
async def test_an_older_plug_whose_total_restarted_while_it_was_away(
    hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug, until: datetime
) -> None:
    entry = await add_metering_point(hass, fridge.address)
    await polls(hass, entry, clock, 3)
    counter = entry.runtime_data.coordinator.data[fridge.mac.replace(":", "").lower()].counter
    before, since = counter.value, counter.seen_at
    fridge.silence()
    clock.tick(300)
    await poll(hass, entry)
    clock.move_to(until)
    fridge.reboot()
    await fridge.heal()
    await polls(hass, entry, clock, 4)
    now = counter.seen_at
    assert since is not None
    assert now is not None
    used = fridge.energy_between(since, now)
    assert counter.value - before == pytest.approx(used, abs=WATT_HOUR)
    assert counter.last_month == pytest.approx(
        fridge.energy_between(*_month_before(until)), abs=WATT_HOUR
    )


async def polls(hass: HomeAssistant, entry: ConfigEntry, clock: HouseClock, count: int) -> None:
    for _ in range(count):
        clock.tick(30)
        await poll(hass, entry)


def _month_before(day: datetime) -> tuple[datetime, datetime]:
    end = day.replace(day=1, hour=0)
    return (end - timedelta(days=1)).replace(day=1), end
