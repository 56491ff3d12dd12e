"""What a meter has counted before it joins a metering point counts there where that is wished."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.data_entry_flow import InvalidData
from homeassistant.util import dt as dt_util

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.ledger import PointSeries
from tests.metering_points import NOON, answer, start_flow, start_reconfigure

from .conftest import HOUR, Home, assert_same

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from homeassistant.config_entries import ConfigEntry

    from custom_components.med_exporter.ledger import LedgerChange

START = dt_util.as_utc(NOON) - timedelta(days=3)
LATER = NOON + timedelta(hours=3)
QUARTER = timedelta(minutes=15)
USED = PointSeries("house", PlugRole.CONSUMPTION)
MADE = PointSeries("house", PlugRole.PRODUCTION)
OLD, NEW, OTHER = "other:old", "other:new", "other:another"
MWH = 1_000_000


@pytest.fixture
async def house(home: Home) -> ConfigEntry:
    """A metering point whose meter has counted 1 kWh an hour for three days, up to noon."""
    for name in (OLD, NEW, OTHER):
        await home.import_hours(name, START, [float(number) for number in range(1, 73)])
    entry = await home.add(old=(OLD, PlugRole.CONSUMPTION))
    await home.look(entry)
    return entry


async def go_on(home: Home, statistic_id: str, hours: int = 3) -> None:
    """Let the meter of a statistic count on from noon, 1 kWh an hour."""
    await home.import_hours(statistic_id, dt_util.as_utc(NOON), [73.0 + n for n in range(hours)])
    home.house.freezer.move_to(NOON + hours * HOUR)


async def choose(
    home: Home, entry: ConfigEntry, statistic_ids: Sequence[str], **answers: Any
) -> dict[str, Any]:
    """Let a metering point have these meters; return the form that asked for their roles."""
    form = await start_reconfigure(home.hass, entry)
    asked = await answer(home.hass, form, {"name": "House", "statistics": list(statistic_ids)})
    roles = {str(field): "consumption" for field in asked["data_schema"].schema}
    roles = {name: role for name, role in roles.items() if name in statistic_ids}
    form = await answer(home.hass, asked, {**roles, **answers})
    form = await answer(home.hass, form, {})
    assert form["reason"] == "reconfigure_successful"
    await home.settle()
    await home.look(entry)
    return asked


def fields_of(form: dict[str, Any]) -> list[str]:
    return [str(field) for field in form["data_schema"].schema]


async def kwh(
    home: Home, series: PointSeries, start: datetime = START, end: datetime = LATER
) -> float:
    return sum((await home.ledger(series, start, end)).values()) / MWH


def of_point(changes: list[LedgerChange], since: datetime) -> list[LedgerChange]:
    """Return the changes of what had been told of a metering point before some moment."""
    return [
        one
        for one in changes
        if isinstance(one.series, PointSeries) and one.first_ts < since.timestamp()
    ]


async def test_it_is_asked_for_new_meters_alone(home: Home, house: ConfigEntry) -> None:
    assert fields_of(await choose(home, house, [OLD])) == ["Old", "Old (W)"]
    asked = await choose(home, house, [OLD, NEW])
    assert fields_of(asked) == ["Old", "Old (W)", NEW, f"{NEW} (W)", "count_past"]
    assert asked["data_schema"]({"Old": "consumption", NEW: "ignored"})["count_past"] is False


@pytest.mark.parametrize("typed", ["yes", "no", "on", "true", 1, 0, 1.0, None, [], {}])
async def test_only_yes_or_no_is_an_answer(home: Home, house: ConfigEntry, typed: object) -> None:
    form = await start_reconfigure(home.hass, house)
    form = await answer(home.hass, form, {"name": "House", "statistics": [OLD, NEW]})
    roles = {"Old": "consumption", NEW: "consumption"}
    with pytest.raises(InvalidData) as refused:
        await answer(home.hass, form, {**roles, "count_past": typed})
    assert refused.value.schema_errors == {"count_past": "neither true nor false"}


async def test_it_counts_from_then_on(home: Home, house: ConfigEntry) -> None:
    heard = home.changes()
    await choose(home, house, [OLD, NEW], count_past=False)
    assert await kwh(home, USED) == 72
    await go_on(home, NEW)
    await home.look(house, whole=True)
    # What destinations have been told stays as it was told.
    assert of_point(heard, NOON) == []
    assert await kwh(home, USED, end=NOON) == 72
    assert await kwh(home, USED, start=NOON) == 3
    # In files of the meter itself, all of it is there.
    own = await home.ledger(home.meter(NEW), START, LATER)
    assert_same(own, await home.dashboard([NEW], START, LATER))


async def test_its_past_counts_where_that_is_wished(home: Home, house: ConfigEntry) -> None:
    heard = home.changes()
    await choose(home, house, [OLD, NEW], count_past=True)
    assert await kwh(home, USED) == 144
    assert of_point(heard, NOON)


async def test_it_counts_from_the_quarter_hour_that_runs(home: Home, house: ConfigEntry) -> None:
    home.house.freezer.move_to(NOON + timedelta(minutes=40))
    await choose(home, house, [OLD, NEW], count_past=False)
    await home.import_hours(NEW, dt_util.as_utc(NOON), [73.0])
    fives = [72 + number / 12 for number in range(1, 13)]
    every = timedelta(minutes=5)
    await home.import_hours(NEW, dt_util.as_utc(NOON), fives, every=every)
    home.house.freezer.move_to(NOON + HOUR)
    await home.look(house)
    ledger = home.hass.data["med_exporter_ledger"]
    half_hours = await ledger.async_half_hours(USED, NOON, NOON + HOUR)
    assert [round(one.kwh, 3) for one in half_hours if one.kwh] == [0.5]
    assert half_hours[-1].start == NOON + 2 * QUARTER


async def test_what_is_told_late_of_its_past_counts_no_more_than_that(
    home: Home, house: ConfigEntry
) -> None:
    await choose(home, house, [OLD, NEW], count_past=False)
    heard = home.changes()
    await home.import_hours(NEW, START, [5.0 * number for number in range(1, 73)])
    await home.look(house, whole=True)
    own = await home.ledger(home.meter(NEW), START, LATER)
    assert_same(own, await home.dashboard([NEW], START, LATER))
    assert await kwh(home, USED) == 72
    assert of_point(heard, NOON) == []


async def test_another_role_takes_along_what_it_has_counted(home: Home, house: ConfigEntry) -> None:
    await choose(home, house, [OLD, NEW], count_past=False)
    await go_on(home, NEW)
    await home.look(house)
    form = await choose(home, house, [OLD, NEW], **{"Old": "consumption", NEW: "production"})
    assert "count_past" not in fields_of(form)
    assert await kwh(home, USED) == 72
    assert await kwh(home, MADE) == 3


async def test_what_takes_its_place_goes_on_with_it(home: Home, house: ConfigEntry) -> None:
    await choose(home, house, [OLD, NEW], count_past=False)
    (new,) = (key for key, one in house.data["plugs"].items() if one["statistic_id"] == NEW)
    form = await start_reconfigure(home.hass, house)
    asked = {"name": "House", "statistics": [OLD, NEW], "replaced": new, "replacement": OTHER}
    form = await answer(home.hass, form, asked)
    assert "count_past" not in fields_of(form)
    roles = dict.fromkeys(("Old", OTHER), "consumption")
    form = await answer(home.hass, form, roles)
    await answer(home.hass, form, {})
    await home.settle()
    await go_on(home, OTHER)
    await home.look(house, whole=True)
    assert (await kwh(home, USED, end=NOON), await kwh(home, USED, start=NOON)) == (72, 3)


@pytest.mark.parametrize(("count_past", "there", "here"), [(True, 72, 0), (False, 0, 72)])
async def test_what_it_has_counted_elsewhere_is_asked_for_in_a_new_metering_point(
    home: Home, house: ConfigEntry, count_past: bool, there: int, here: int
) -> None:
    await choose(home, house, [OLD, NEW], count_past=False)
    await choose(home, house, [NEW])
    form = await start_flow(home.hass, "meters")
    asked = {"name": "Barn", "pdl": "barn", "take_over": False, "statistics": [OLD]}
    form = await answer(home.hass, form, asked)
    assert fields_of(form) == [OLD, f"{OLD} (W)", "count_past"]
    form = await answer(home.hass, form, {OLD: "consumption", "count_past": count_past})
    made = await answer(home.hass, form, {})
    await home.settle()
    await home.look(made["result"])
    assert await kwh(home, PointSeries("barn", PlugRole.CONSUMPTION)) == there
    assert await kwh(home, USED) == here


async def test_a_metering_point_that_is_new_has_the_past_of_its_meters(
    home: Home, house: ConfigEntry
) -> None:
    form = await start_flow(home.hass, "meters")
    asked = {"name": "Barn", "pdl": "barn", "take_over": False, "statistics": [NEW]}
    form = await answer(home.hass, form, asked)
    assert "count_past" not in fields_of(form)


async def test_fields_of_meters_that_are_called_alike_are_told_apart(home: Home) -> None:
    names = {"other:a": "Oven", "other:b": "Oven (W)", "other:c": "count_past"}
    for statistic_id, name in names.items():
        await home.import_hours(statistic_id, START, [1.0, 2.0], name=name)
    form = await start_flow(home.hass, "meters")
    asked = {"name": "Barn", "pdl": "barn", "take_over": False, "statistics": list(names)}
    form = await answer(home.hass, form, asked)
    labels = ["Oven (other:a)", "Oven (W) (other:b)", "count_past (other:c)"]
    assert fields_of(form) == [field for one in labels for field in (one, f"{one} (W)")]
