"""A metering point gets another id, and all that is kept of it moves along."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.components.recorder.db_schema import StatisticsMeta
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    async_list_statistic_ids,
    statistics_during_period,
)
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from sqlalchemy import insert, select

from custom_components.med_exporter.const import DataType, PlugRole
from custom_components.med_exporter.costs.tables import SCHEMA as COSTS_SCHEMA
from custom_components.med_exporter.database import queue_work
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.engine.database.cost_tables import tariffs_table
from custom_components.med_exporter.installation.pdl_change import async_change_pdl
from custom_components.med_exporter.ledger import DATA_LEDGER, PointSeries
from custom_components.med_exporter.schedules.scheduler import DATA_SCHEDULES
from tests.metering_points import NOON, add_metering_point, answer, poll, settle, start_reconfigure
from tests.plug_emulator import EmulatedPlug, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
    from homeassistant.core import HomeAssistant

    from tests.metering_points import HouseClock

pytestmark = pytest.mark.usefixtures("brief_waits")

TODAY = NOON.replace(hour=0)
OLD = NOON - timedelta(days=500)
METADATA = {
    "source": "med_exporter",
    "name": "House",
    "has_sum": True,
    "mean_type": StatisticMeanType.NONE,
    "unit_of_measurement": "kWh",
    **({"unit_class": "energy"} if hasattr(StatisticsMeta, "unit_class") else {}),
}


@pytest.fixture
async def hass(hass_with_recorder: HomeAssistant, clock: HouseClock) -> HomeAssistant:
    await hass_with_recorder.config.async_set_time_zone("Europe/Paris")
    return hass_with_recorder


@pytest.fixture
async def fridge(plug_network: PlugNetwork, clock: HouseClock) -> EmulatedPlug:
    plug = EmulatedPlug(
        mac="50:C7:BF:00:00:01", alias="Fridge", load=1000.0, installed_at=NOON.replace(day=15)
    )
    await plug_network.start(plug)
    return plug


async def committed(hass: HomeAssistant) -> None:
    await settle(hass)
    await async_commit(hass)
    await hass.data[DATA_LEDGER].async_write_statistics()
    await async_commit(hass)
    await settle(hass)


async def sums(hass: HomeAssistant, statistic_id: str) -> list[float]:
    rows = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass, OLD, None, {statistic_id}, "hour", None, {"sum"},
    )  # fmt: skip
    return [row["sum"] for row in rows[statistic_id]]


async def days(hass: HomeAssistant, slug: str) -> dict[str, float]:
    found = await hass.data[DATA_LEDGER].async_days(
        PointSeries(slug, PlugRole.CONSUMPTION), NOON.replace(day=10), NOON
    )
    return {f"{day.start:%Y-%m-%d}": day.kwh for day in found}


async def change_pdl(
    hass: HomeAssistant, entry: ConfigEntry, host: str, pdl: str
) -> ConfigFlowResult:
    flow = await start_reconfigure(hass, entry)
    flow = await answer(hass, flow, {"name": "House", "pdl": pdl, "hosts": [host]})
    await committed(hass)
    return flow


async def choose(hass: HomeAssistant, flow: ConfigFlowResult, step: str) -> ConfigFlowResult:
    flow = await answer(hass, flow, {"next_step_id": step})
    await committed(hass)
    return flow


async def test_history_statistics_and_entities_move_along(
    hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address, pdl="mistyped")
    clock.tick(3600)
    await poll(hass, entry)
    await committed(hass)
    registry = er.async_get(hass)
    unique_ids = {
        one.unique_id for one in er.async_entries_for_config_entry(registry, entry.entry_id)
    }
    registry.async_update_entity(
        "sensor.med_mistyped_consumption_monthly", new_entity_id="sensor.mine"
    )
    before = await days(hass, "mistyped")
    assert len(before) == 6

    flow = await change_pdl(hass, entry, fridge.address, "Right-1")

    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert (entry.unique_id, entry.data["pdl"]) == ("right_1", "Right-1")
    assert await days(hass, "right_1") == pytest.approx(before)
    assert not await days(hass, "mistyped")
    assert entry.runtime_data.current(DataType.CONSUMPTION_DAILY).value_kwh == pytest.approx(
        before["2026-11-20"], abs=0.01
    )
    ids = {one["statistic_id"] for one in await async_list_statistic_ids(hass)}
    assert "med_exporter:consumption_right_1" in ids
    assert not [one for one in ids if "mistyped" in one]
    assert hass.states.get("sensor.med_right_1_consumption_daily")
    assert hass.states.get("sensor.mine")
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    assert {one.unique_id for one in entities} == unique_ids
    assert not [one.entity_id for one in entities if "mistyped" in one.entity_id]


async def test_prices_move_over_those_that_a_gone_one_of_that_id_has_left(
    hass: HomeAssistant, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address, pdl="mistyped")
    await hass.config_entries.async_unload(entry.entry_id)
    kept = {"contracts": "[]", "colours": "{}", "time_zone": "Europe/Paris"}
    rows = [
        {**kept, "metering_point": "mistyped", "currency": "EUR"},
        {**kept, "metering_point": "right_1", "currency": "CHF"},
    ]
    await queue_work(hass, COSTS_SCHEMA, lambda c: c.execute(insert(tariffs_table), rows).rowcount)

    await async_change_pdl(hass, entry, "Right-1")

    columns = tariffs_table.c.metering_point, tariffs_table.c.currency
    found = await queue_work(hass, COSTS_SCHEMA, lambda c: c.execute(select(*columns)).all())
    assert [tuple(row) for row in found] == [("right_1", "EUR")]


async def test_schedules_name_it_by_its_new_id(
    hass: HomeAssistant, fridge: EmulatedPlug, plug_network: PlugNetwork
) -> None:
    other = EmulatedPlug(mac="50:C7:BF:00:00:02", alias="Kettle")
    await plug_network.start(other)
    await add_metering_point(hass, other.address, pdl="other", name="Other")
    entry = await add_metering_point(hass, fridge.address, pdl="mistyped")
    week = {"format": "csv", "date_range": "last_week"}
    offers = [{"kind": "base", "price": 0.2}]
    asked = {
        "devices": {"export_type": "device_data", "devices": ["Kettle", "mistyped", "other"]},
        "comparison": {
            "export_type": "contract_comparison", "pdl": "mistyped", "contracts": offers
        },
        "all": {"export_type": "cost_analysis"},
    }  # fmt: skip
    schedules = hass.data[DATA_SCHEDULES]
    for name, config in asked.items():
        wanted = {"name": name, "schedule": "0 7 * * 1", "export_config": week | config}
        await schedules.async_create(wanted, user=None)

    await change_pdl(hass, entry, fridge.address, "Right-1")

    found = {one.name: one.export_config for one in schedules.schedules()}
    assert found["devices"]["devices"] == ["Kettle", "Right-1", "other"]
    assert found["comparison"]["pdl"] == "Right-1"
    assert found["all"] == week | asked["all"]
    for one in schedules.schedules():
        # What it names is there.
        await schedules.async_update(one.id, {"export_config": one.export_config}, user=None)


async def test_an_id_that_is_taken_is_refused_at_its_field(
    hass: HomeAssistant, fridge: EmulatedPlug, plug_network: PlugNetwork
) -> None:
    other = EmulatedPlug(mac="50:C7:BF:00:00:02")
    await plug_network.start(other)
    await add_metering_point(hass, other.address, pdl="other")
    entry = await add_metering_point(hass, fridge.address, pdl="house")
    for pdl, error in (("OTHER", "pdl_taken"), ("a b", "invalid_pdl")):
        flow = await change_pdl(hass, entry, fridge.address, pdl)
        assert flow["errors"] == {"pdl": error}
    assert entry.data["pdl"] == "house"


async def test_what_a_gone_metering_point_of_that_id_had_is_joined(
    hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
) -> None:
    gone = await add_metering_point(hass, fridge.address, pdl="right")
    clock.tick(3600)
    await poll(hass, gone)
    await committed(hass)
    await hass.config_entries.async_remove(gone.entry_id)
    entry = await add_metering_point(hass, fridge.address, pdl="wrong")
    clock.tick(3600)
    await poll(hass, entry)
    await committed(hass)
    # Older than what the ledger keeps: it is known to the statistics of either id alone.
    for slug in ("right", "wrong"):
        async_add_external_statistics(
            hass,
            METADATA | {"statistic_id": f"med_exporter:consumption_{slug}"},
            [{"start": OLD, "state": 0.25, "sum": 0.25}],
        )
    await async_commit(hass)
    await choose(hass, await change_pdl(hass, entry, fridge.address, "right"), "join_past_of_id")
    assert (await days(hass, "right"))["2026-11-20"] == pytest.approx(14.0, abs=0.02)
    ids = {one["statistic_id"] for one in await async_list_statistic_ids(hass)}
    assert not [one for one in ids if "wrong" in one]
    after = await sums(hass, "med_exporter:consumption_right")
    assert after[0] == 0.5
    assert after == sorted(after)
    counted = sum((await days(hass, "right")).values())
    # The last hour still runs.
    assert after[-1] - after[0] == pytest.approx(counted, abs=1)


@pytest.fixture
async def takes_gone_id(
    hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug, plug_network: PlugNetwork
) -> tuple[ConfigEntry, ConfigFlowResult]:
    """A metering point of a fridge that is to take the id of a removed one, of an oven."""
    oven = EmulatedPlug(
        mac="50:C7:BF:00:00:02", alias="Oven", load=500.0, installed_at=NOON.replace(day=15)
    )
    await plug_network.start(oven)
    gone = await add_metering_point(hass, oven.address, pdl="old")
    entry = await add_metering_point(hass, fridge.address, pdl="new")
    clock.tick(3600)
    for one in (gone, entry):
        await poll(hass, one)
    await committed(hass)
    await hass.config_entries.async_remove(gone.entry_id)
    return entry, await change_pdl(hass, entry, fridge.address, "OLD")


async def test_before_it_joins_what_other_plugs_have_left_under_an_id_it_is_asked(
    hass: HomeAssistant, takes_gone_id: tuple[ConfigEntry, ConfigFlowResult]
) -> None:
    entry, flow = takes_gone_id
    assert flow["type"] is FlowResultType.MENU
    assert flow["step_id"] == "past_of_id"
    assert flow["description_placeholders"]["pdl"] == "OLD"
    assert entry.data["pdl"] == "new"
    ovens, fridges = await days(hass, "old"), await days(hass, "new")
    flow = await choose(hass, flow, "join_past_of_id")
    assert flow["reason"] == "reconfigure_successful"
    assert entry.data["pdl"] == "OLD"
    together = await days(hass, "old")
    assert together.keys() == ovens.keys()
    for day, kwh in together.items():
        assert kwh == pytest.approx(ovens[day] + fridges[day], abs=0.02)


async def test_who_does_not_want_what_others_have_left_chooses_another_id(
    hass: HomeAssistant,
    fridge: EmulatedPlug,
    takes_gone_id: tuple[ConfigEntry, ConfigFlowResult],
) -> None:
    entry, flow = takes_gone_id
    ovens, fridges = await days(hass, "old"), await days(hass, "new")
    flow = await choose(hass, flow, "another_id")
    assert flow["step_id"] == "kasa_reconfigure"
    assert (await days(hass, "old"), await days(hass, "new")) == (ovens, fridges)
    asked = {"name": "House", "pdl": "third", "hosts": [fridge.address]}
    flow = await answer(hass, flow, asked)
    await committed(hass)
    assert flow["reason"] == "reconfigure_successful"
    assert entry.data["pdl"] == "third"
    assert (await days(hass, "old"), await days(hass, "third")) == (ovens, fridges)


async def test_what_only_statistics_have_kept_of_an_id_is_asked_for_too(
    hass: HomeAssistant, fridge: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, fridge.address, pdl="house")
    async_add_external_statistics(
        hass,
        METADATA | {"statistic_id": "med_exporter:consumption_long_gone"},
        [{"start": OLD, "state": 0.25, "sum": 0.25}],
    )
    await async_commit(hass)
    flow = await change_pdl(hass, entry, fridge.address, "long_gone")
    assert flow["step_id"] == "past_of_id"
