"""What changes in Home Assistant's statistics changes in the ledger, and is announced."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import DOMAIN, DataType, PlugRole
from custom_components.med_exporter.ledger import PointSeries
from tests.metering_points import NOON

from .conftest import Home, assert_same

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.config_entries import ConfigEntry

USED = PointSeries("house", PlugRole.CONSUMPTION)
START = dt_util.as_utc(NOON) - timedelta(days=60)
DAY = timedelta(days=1)


def steady(start: datetime, end: datetime, first: float = 0.0, kwh: float = 0.5) -> list[float]:
    """Sums of a meter that uses the same in each hour."""
    hours = int((end - start) / timedelta(hours=1))
    return [first + kwh * (number + 1) for number in range(hours)]


@pytest.fixture
async def supplier(home: Home) -> ConfigEntry:
    """A metering point of a supplier's import, which brings each day on the day after."""
    midnight = dt_util.as_utc(dt_util.start_of_local_day())
    await home.import_hours("linky:house", START, steady(START, midnight - DAY))
    entry = await home.add(linky=("linky:house", PlugRole.CONSUMPTION))
    await home.look(entry)
    return entry


async def same(home: Home, statistic_id: str = "linky:house") -> None:
    theirs = await home.dashboard([statistic_id], START, NOON)
    assert_same(await home.ledger(USED, START, NOON), theirs)
    assert_same(await home.dashboard([USED.statistic_id], START, NOON), theirs)


async def test_yesterday_arrives_today_and_changes_tomorrow(
    home: Home, supplier: ConfigEntry
) -> None:
    midnight = dt_util.as_utc(dt_util.start_of_local_day())
    last = steady(START, midnight - DAY)[-1]
    await home.import_hours(
        "linky:house", midnight - DAY, steady(midnight - DAY, midnight, last, 0.8)
    )
    heard = home.changes()
    await home.look(supplier)
    await same(home)
    assert heard == [], "what is new corrects nothing"

    await home.import_hours(
        "linky:house", midnight - DAY, steady(midnight - DAY, midnight, last, 0.9)
    )
    await home.look(supplier)
    await same(home)
    assert {(one.series, one.first_ts) for one in heard} == {
        (USED, (midnight - DAY).timestamp()),
        (home.meter("linky:house"), (midnight - DAY).timestamp()),
    }


async def test_a_correction_of_last_year_is_noticed_by_the_next_look(
    home: Home, supplier: ConfigEntry
) -> None:
    heard = home.changes()
    at = START + timedelta(days=3)
    get_instance(home.hass).async_adjust_statistics("linky:house", at, 7.25, "kWh")
    await home.committed()
    await home.look(supplier)
    await same(home)
    assert {one.first_ts for one in heard} == {at.timestamp()}


async def test_a_correction_downwards_takes_from_its_hour(
    home: Home, supplier: ConfigEntry
) -> None:
    at = dt_util.as_utc(NOON) - timedelta(days=4)
    get_instance(home.hass).async_adjust_statistics("linky:house", at, -3.0, "kWh")
    await home.committed()
    await home.look(supplier)
    await same(home)
    hours = await home.ledger(USED, at, at + timedelta(hours=1))
    assert hours == {at: -2_500_000}


async def test_an_older_past_that_is_imported_later(home: Home, supplier: ConfigEntry) -> None:
    earlier = START - timedelta(days=30)
    await home.import_hours("linky:house", earlier, steady(earlier, START, -360.0))
    await home.look(supplier)
    theirs = await home.dashboard(["linky:house"], earlier, NOON)
    assert_same(await home.ledger(USED, earlier, NOON), theirs)
    assert_same(await home.dashboard([USED.statistic_id], earlier, NOON), theirs)


async def test_a_statistic_that_is_deleted_leaves_what_is_booked(
    home: Home, supplier: ConfigEntry
) -> None:
    before = await home.ledger(USED, START, NOON)
    get_instance(home.hass).async_clear_statistics(["linky:house"])
    await home.committed()
    await home.look(supplier, whole=True)
    assert await home.ledger(USED, START, NOON) == before


async def test_a_statistic_that_is_deleted_and_begins_anew_has_no_past(
    home: Home, supplier: ConfigEntry
) -> None:
    get_instance(home.hass).async_clear_statistics(["linky:house"])
    await home.committed()
    await home.look(supplier)
    midnight = dt_util.as_utc(dt_util.start_of_local_day())
    await home.import_hours("linky:house", midnight, steady(midnight, NOON))
    await home.look(supplier)
    await same(home)


async def test_a_statistic_with_a_hole(home: Home) -> None:
    end = dt_util.as_utc(NOON) - timedelta(days=2)
    first = steady(START, START + DAY)
    await home.import_hours("linky:house", START, first)
    await home.import_hours("linky:house", end - DAY, steady(end - DAY, end, first[-1] + 100))
    entry = await home.add(linky=("linky:house", PlugRole.CONSUMPTION))
    await home.look(entry)
    await same(home)


async def test_months_and_closed_days_follow(home: Home, supplier: ConfigEntry) -> None:
    ledger = home.house.ledger
    yesterday = dt_util.start_of_local_day((NOON - DAY).date())
    days = await ledger.async_days(USED, yesterday - DAY, NOON)
    assert [(one.kwh, one.closed) for one in days] == [(12.0, True)]


async def put_right(home: Home, start: datetime, end: datetime, **asked: Any) -> dict[str, Any]:
    answer = await home.hass.services.async_call(
        DOMAIN,
        "correct_energy",
        {
            "meter": "Linky",
            "start": start.isoformat(),
            "end": end.isoformat(),
            "reason": "A spike",
            **asked,
        },
        blocking=True,
        return_response=True,
    )
    await home.settle()
    return answer


async def test_what_a_user_has_put_right_is_shown_before_statistics_tell_anything_new(
    home: Home, supplier: ConfigEntry
) -> None:
    def month() -> float:
        return supplier.runtime_data.current(DataType.CONSUMPTION_MONTHLY).value_kwh

    before, at = month(), dt_util.as_utc(NOON) - 5 * DAY
    await put_right(home, at, at + timedelta(hours=2), operation="set", value=9)
    assert month() == pytest.approx(before + 8)


async def test_what_a_user_has_put_right_outlives_each_look(
    home: Home, supplier: ConfigEntry
) -> None:
    hour = timedelta(hours=1)
    recent, old = dt_util.as_utc(NOON) - 5 * DAY, START + 2 * DAY
    await put_right(home, recent, recent + 2 * hour, operation="set", value=9)
    await put_right(home, old, old + 2 * hour, operation="remove")
    heard = home.changes()
    for whole in (False, True):
        await home.look(supplier, whole=whole)
        for series in (USED, home.meter("linky:house")):
            hours = await home.ledger(series, recent - hour, recent + 3 * hour)
            assert list(hours.values()) == [500_000, 4_500_000, 4_500_000, 500_000]
            hours = await home.ledger(series, old - hour, old + 3 * hour)
            assert list(hours.values()) == [500_000, 0, 0, 500_000]
    assert heard == []
    assert await home.dashboard([USED.statistic_id], recent, recent + 2 * hour) == {
        recent: 4_500_000,
        recent + hour: 4_500_000,
    }


async def test_what_a_supplier_changes_later_adds_to_what_a_user_has_put_right(
    home: Home, supplier: ConfigEntry
) -> None:
    at = START + 3 * DAY
    await put_right(home, at, at + timedelta(hours=1), operation="set", value=2)
    get_instance(home.hass).async_adjust_statistics("linky:house", at, 1.0, "kWh")
    await home.committed()
    await home.look(supplier)
    assert await home.ledger(USED, at, at + timedelta(hours=1)) == {at: 3_000_000}


async def test_what_was_put_right_is_forgotten_with_the_metering_point(
    home: Home, supplier: ConfigEntry
) -> None:
    # With the last one all would be forgotten, not only what is its own.
    await home.add("other")
    await put_right(home, START, START + DAY, operation="set", value=50)
    await home.hass.config_entries.async_remove(supplier.entry_id)
    await home.settle()
    again = await home.add(linky=("linky:house", PlugRole.CONSUMPTION))
    await home.look(again)
    await same(home)


async def test_a_meter_in_another_role_takes_all_of_its_past_along(home: Home) -> None:
    both_ways = [
        a - b for a, b in zip(steady(START, NOON), steady(START, NOON, kwh=0.7), strict=True)
    ]
    await home.import_hours("sensor.battery", START, both_ways)
    entry = await home.add(battery=("sensor.battery", PlugRole.CONSUMPTION))
    await home.look(entry)
    made = PointSeries("house", PlugRole.PRODUCTION)
    theirs = await home.dashboard(["sensor.battery"], START, NOON)
    ((meter_id, meter),) = entry.data["plugs"].items()
    for role, full, empty in (
        (PlugRole.PRODUCTION, made, USED), (PlugRole.CONSUMPTION, USED, made),
        (PlugRole.IGNORED, None, USED), (PlugRole.CONSUMPTION, USED, made),
    ):  # fmt: skip
        data = {**entry.data, "plugs": {meter_id: {**meter, "role": role.value}}}
        home.hass.config_entries.async_update_entry(entry, data=data)
        assert await home.hass.config_entries.async_reload(entry.entry_id)
        await home.settle()
        await home.look(entry)
        assert_same(await home.ledger(home.meter("sensor.battery"), START, NOON), theirs)
        if full is not None:
            assert_same(await home.ledger(full, START, NOON), theirs)
            assert_same(await home.dashboard([full.statistic_id], START, NOON), theirs)
        assert not any((await home.ledger(empty, START, NOON)).values())
        assert not any((await home.dashboard([empty.statistic_id], START, NOON)).values())


async def test_what_runs_both_ways_can_be_put_right(home: Home) -> None:
    await home.import_hours("sensor.battery", START, [1.0, 0.5, 2.5, 2.0])
    entry = await home.add("battery", battery=("sensor.battery", PlugRole.CONSUMPTION))
    hours = [START + timedelta(hours=number) for number in range(4)]
    await home.look(entry)
    await put_right(home, hours[0], hours[3], meter="Battery", operation="scale", value=2)
    series = home.meter("sensor.battery")
    found = await home.ledger(series, START, hours[-1] + timedelta(hours=1))
    assert [found[hour] for hour in hours] == [2_000_000, -1_000_000, 4_000_000, -500_000]
    await home.look(entry, whole=True)
    assert await home.ledger(series, START, hours[-1] + timedelta(hours=1)) == found


@pytest.mark.parametrize(
    ("kwh", "asked"),
    [
        ([1.0, -3.5, 2.0, -1.5], {"operation": "set", "value": 3}),
        ([1.0, -0.5, 2.0, -0.5], {"operation": "set", "value": -3}),
        ([1.0, -3.5, 2.0, -1.5], {"operation": "remove"}),
        ([1.0, -0.5, 2.0, -0.5], {"operation": "remove"}),
        ([1.0, -1.0], {"operation": "remove"}),
    ],
)
async def test_what_ran_both_ways_comes_back_as_it_was(
    home: Home, kwh: list[float], asked: dict[str, Any]
) -> None:
    await home.import_hours("sensor.battery", START, list(accumulate(kwh)))
    entry = await home.add("battery", battery=("sensor.battery", PlugRole.CONSUMPTION))
    await home.look(entry)
    end, series = START + timedelta(hours=len(kwh)), home.meter("sensor.battery")
    before = await home.ledger(series, START, end)
    answer = await put_right(home, START, end, meter="Battery", **asked)
    assert sum((await home.ledger(series, START, end)).values()) == asked.get("value", 0) * 10**6
    await put_right(home, START, end, meter="Battery", **answer["undo"])
    assert await home.ledger(series, START, end) == before
