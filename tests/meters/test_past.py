"""All hours that Home Assistant has of a meter are in the ledger, as in its Energy dashboard."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.ledger import DATA_LEDGER, PointSeries
from tests.metering_points import NOON

from .conftest import Home, assert_same

# The clocks change in between.
BEGIN = datetime(2026, 10, 21, tzinfo=UTC)
HOURS = 29 * 24


def growing(seed: int, count: int = HOURS, factor: float = 1.0) -> list[float]:
    """Sums of a meter, with three decimals."""
    dice, total, sums = random.Random(seed), 0.0, []
    for _ in range(count):
        total = round(total + dice.choice([0, 0.001, 0.25, 1.337, 3.5]) * factor, 6)
        sums.append(total)
    return sums


async def test_three_years_hour_by_hour(home: Home) -> None:
    years = NOON.replace(year=2023)
    hours = int((NOON - years) / timedelta(hours=1))
    await home.have_years("sensor.grid", years, growing(1, hours))
    await home.import_hours("linky:house", BEGIN, growing(2, factor=1000), "Wh")
    await home.import_hours("sensor.pv", BEGIN, growing(3, factor=0.001), "MWh")
    both_ways = [a - b for a, b in zip(growing(4), growing(5), strict=True)]
    await home.import_hours("sensor.battery", BEGIN, both_ways)
    entry = await home.add(
        grid=("sensor.grid", PlugRole.CONSUMPTION),
        linky=("linky:house", PlugRole.CONSUMPTION),
        pv=("sensor.pv", PlugRole.PRODUCTION),
        battery=("sensor.battery", PlugRole.CONSUMPTION),
    )
    await home.look(entry)
    span = years, NOON
    for one, count in {
        "sensor.grid": hours,
        "linky:house": HOURS,
        "sensor.pv": HOURS,
        "sensor.battery": HOURS,
    }.items():
        theirs = await home.dashboard([one], *span)
        assert len(theirs) == count
        assert_same(await home.ledger(home.meter(one), *span), theirs)
    consumed = ["sensor.grid", "linky:house", "sensor.battery"]
    used = await home.ledger(PointSeries("house", PlugRole.CONSUMPTION), *span)
    assert_same(used, await home.dashboard(consumed, *span), off=3)
    written = await home.dashboard(["med_exporter:consumption_house"], *span)
    assert_same(written, used)
    made = await home.ledger(PointSeries("house", PlugRole.PRODUCTION), *span)
    assert_same(made, await home.dashboard(["sensor.pv"], *span))


async def test_what_was_cut_from_hours_is_an_estimate_and_what_was_counted_is_not(
    home: Home,
) -> None:
    start = NOON - timedelta(days=2)
    await home.import_hours("sensor.grid", start, [12.0 * number for number in range(1, 37)])
    # Of the last two hours, and the end of what was before.
    await home.import_hours(
        "sensor.grid",
        start + timedelta(hours=34, minutes=-5),
        [12.0 * 34 + number for number in range(25)],
        every=timedelta(minutes=5),
    )
    entry = await home.add(grid=("sensor.grid", PlugRole.CONSUMPTION))
    await home.look(entry)
    periods = await home.hass.data[DATA_LEDGER].async_half_hours(
        home.meter("sensor.grid"), start, NOON
    )
    cut = [one for one in periods if one.start < start + timedelta(hours=34)]
    counted = [one for one in periods if one.start >= start + timedelta(hours=34)]
    assert len(cut) == 68
    assert all(one.filled_kwh == one.kwh for one in cut)
    assert counted
    assert all(one.filled_kwh == 0 < one.kwh for one in counted)


async def test_a_second_look_changes_nothing(home: Home) -> None:
    start = NOON - timedelta(days=100)
    await home.import_hours("sensor.grid", start, growing(1, 100 * 24))
    entry = await home.add(grid=("sensor.grid", PlugRole.CONSUMPTION))
    await home.look(entry)
    series = PointSeries("house", PlugRole.CONSUMPTION)
    before = await home.ledger(series, start, NOON)
    heard = home.changes()
    await home.look(entry, whole=True)
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settle()
    await home.look(entry)
    assert await home.ledger(series, start, NOON) == before
    assert heard == []


async def test_a_meter_that_is_removed_and_added_again_counts_once(home: Home) -> None:
    start = NOON - timedelta(days=30)
    await home.import_hours("sensor.grid", start, growing(1, 30 * 24))
    # With the last one all would be forgotten, not only what is its own.
    await home.add("other")
    series = PointSeries("house", PlugRole.CONSUMPTION)
    theirs = await home.dashboard(["sensor.grid"], start, NOON)
    for _ in range(2):
        entry = await home.add(grid=("sensor.grid", PlugRole.CONSUMPTION))
        await home.look(entry)
        assert_same(await home.ledger(series, start, NOON), theirs)
        written = await home.dashboard(["med_exporter:consumption_house"], start, NOON)
        assert_same(written, theirs)
        await home.hass.config_entries.async_remove(entry.entry_id)
        await home.settle()
