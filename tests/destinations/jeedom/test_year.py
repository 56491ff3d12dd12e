"""From the ledger through whole runs into a Jeedom, read back with its own history method."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.const import DataType
from custom_components.med_exporter.destinations.jeedom.rpc import JeedomRpc
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from custom_components.med_exporter.web.client import web_session
from tests.jeedom_server import VIRTUAL_KEY, Jeedom, add_jeedom, jeedom
from tests.metering_points import NOON
from tests.pushing import House, plug, since

if TYPE_CHECKING:
    from custom_components.med_exporter.pushes.runtime import DestinationRuntime

__all__ = ["jeedom"]

HOUSE, BARN, ROOF = plug(), plug(2, point="barn"), plug(3, "production", "roof")
NOW = NOON.strftime("%Y-%m-%d %H:%M:%S")


async def fill(house: House, first: int) -> House:
    """Measure so many days of two metering points, and some of one that only produces."""
    # A stack kept for each of so many callbacks takes most of the time.
    house.hass.loop.set_debug(False)
    chance = random.Random(4)
    for name, one in (("house", HOUSE), ("barn", BARN), ("roof", ROOF)):
        house.add_point(name, one)
        for days in range(40 if one is ROOF else first, 0, -20):
            end = min(since(days - 20), NOON)
            await house.use(one, since(days), end, round(chance.uniform(0.01, 2), 3))
    return house


@pytest.fixture
async def year(paper_house: House) -> House:
    """A year and some days, without Tempo."""
    return await fill(paper_house, 380)


@pytest.fixture
async def house(paper_house: House) -> House:
    """Forty days, without Tempo."""
    return await fill(paper_house, 40)


async def destination(house: House, jeedom: Jeedom, *data: DataType) -> DestinationRuntime:
    """Set up the destination through its flow; exports come when a test asks."""
    entry = await add_jeedom(house.hass, jeedom.url, data=[one.value for one in data])
    entry.runtime_data.set_enabled(enabled=False)
    return entry.runtime_data


async def history(house: House, jeedom: Jeedom, pdl: str, data_type: DataType) -> dict[str, float]:
    """Ask Jeedom for the history of a command."""
    rpc = JeedomRpc(web_session(house.hass), jeedom.url, VIRTUAL_KEY, "virtual")
    rows = await rpc.rows(
        "cmd::getHistory",
        id=jeedom.command(pdl, data_type)["id"],
        startTime="2025-01-01 00:00:00",
        endTime="2027-01-01 00:00:00",
    )
    stamps = [row["datetime"] for row in rows]
    assert len(stamps) == len(set(stamps))
    return {row["datetime"]: float(row["value"]) for row in rows}


async def expected(
    house: House, pdl: str, role: str = "consumption", first: str = "2025-11-20"
) -> dict[str, float]:
    """Return what the ledger says, by the stamps that Jeedom should have, and the running value."""
    days = await house.days(pdl, role)
    return {
        f"{date} 00:00:00": pytest.approx(kwh, abs=1e-9)
        for date, kwh in days.items()
        if date >= first
    } | {NOW: 1.0}


async def test_a_year_of_two_metering_points_equals_the_ledger(year: House, jeedom: Jeedom) -> None:
    house = year
    runtime = await destination(
        house,
        jeedom,
        DataType.CONSUMPTION_DAILY,
        DataType.CONSUMPTION_MONTHLY,
        DataType.PRODUCTION_DAILY,
        DataType.TEMPO,
    )
    record = await house.push(runtime)
    assert (record.status, record.warnings) == (ExportStatus.COMPLETED, [])
    for pdl in ("house", "barn"):
        found = await history(house, jeedom, pdl, DataType.CONSUMPTION_DAILY)
        assert found == await expected(house, pdl)
        assert len(found) == 366
        assert jeedom.current(pdl, "consumption_daily") == (1.0, NOW)
        months = await history(house, jeedom, pdl, DataType.CONSUMPTION_MONTHLY)
        assert next(iter(months)) == "2025-11-01 00:00:00"
        assert list(months)[-2:] == ["2026-10-01 00:00:00", NOW]
    found = await history(house, jeedom, "roof", DataType.PRODUCTION_DAILY)
    assert found == await expected(house, "roof", "production")
    # Each metering point has what it measures, and nothing of Tempo, which nobody knows.
    made = {(one["eqLogic_id"], one["logicalId"]) for one in jeedom.commands.values()}
    assert {one for one in made if one[1] != "clock"} == {
        *(
            (jeedom.find(pdl)["id"], data_type)
            for pdl in ("house", "barn")
            for data_type in ("consumption_daily", "consumption_monthly")
        ),
        (jeedom.find("roof")["id"], "production_daily"),
    }
    assert await runtime.async_backlog() == 0
    jeedom.events.clear()
    await house.push(runtime)
    assert {stamp for _, stamp, _ in jeedom.events} == {NOW}


async def test_a_day_filled_in_late_is_sent_again(house: House, jeedom: Jeedom) -> None:
    runtime = await destination(
        house, jeedom, DataType.CONSUMPTION_DAILY, DataType.CONSUMPTION_DETAILED
    )
    extra = plug(4)
    await house.read(extra, 0.0, since(5))
    await house.push(runtime)
    newest = jeedom.current("house", "consumption_detailed")
    before = await history(house, jeedom, "house", DataType.CONSUMPTION_DAILY)
    await house.grow(extra, 7.0, since(3))
    await house.settle()
    jeedom.events.clear()
    record = await house.push(runtime)
    assert (record.status, record.warnings) == (ExportStatus.COMPLETED, [])
    found = await history(house, jeedom, "house", DataType.CONSUMPTION_DAILY)
    assert found == await expected(house, "house")
    changed = {stamp for stamp, value in found.items() if before.get(stamp) != value}
    assert changed == {"2026-11-15 00:00:00", "2026-11-16 00:00:00"}
    assert sum(found[stamp] - before[stamp] for stamp in changed) == pytest.approx(7.0)
    daily = jeedom.command("house", "consumption_daily")["id"]
    sent = {stamp for number, stamp, _ in jeedom.events if number == daily}
    assert sent == changed | {NOW}
    assert jeedom.current("house", "consumption_daily") == (1.0, NOW)
    # Half-hours have no running value: the newest one is current again.
    assert jeedom.current("house", "consumption_detailed") == newest


async def test_a_jeedom_that_keeps_dying_has_all_in_the_end(house: House, jeedom: Jeedom) -> None:
    runtime = await destination(
        house, jeedom, DataType.CONSUMPTION_DAILY, DataType.PRODUCTION_DAILY
    )
    chance = random.Random(11)
    deaths = 0
    for _ in range(20):
        jeedom.dies_after = chance.randrange(1, 30)
        jeedom.dies_before_storing = chance.random() < 0.5
        record = await house.push(runtime)
        if record.status is ExportStatus.FAILED:
            assert record.error_code == "CONNECTION_LOST"
            deaths += 1
        jeedom.revive()
    assert deaths >= 5
    record = await house.push(runtime)
    assert record.status is ExportStatus.COMPLETED
    for pdl in ("house", "barn"):
        found = await history(house, jeedom, pdl, DataType.CONSUMPTION_DAILY)
        assert found == await expected(house, pdl)
    found = await history(house, jeedom, "roof", DataType.PRODUCTION_DAILY)
    assert found == await expected(house, "roof", "production")
    assert len(jeedom.equipment) == 3
    closed = [(number, stamp) for number, stamp, _ in jeedom.events if stamp != NOW]
    assert len(closed) == len(set(closed))
    assert await runtime.async_backlog() == 0


async def test_tempo_where_it_is_known(house: House, jeedom: Jeedom) -> None:
    grid = house.add_grid()
    today = NOON.date()
    grid.know(
        {
            today - timedelta(days=2): TempoColour.WHITE,
            today: TempoColour.RED,
            today + timedelta(days=1): TempoColour.BLUE,
        }
    )
    runtime = await destination(house, jeedom, DataType.TEMPO)
    record = await house.push(runtime)
    # Yesterday's colour is missing and stops nothing.
    assert record.status is ExportStatus.COMPLETED
    assert await history(house, jeedom, "house", DataType.TEMPO) == {
        "2026-11-18 00:00:00": 2,
        "2026-11-20 00:00:00": 3,
        NOW: 3,
    }
    assert jeedom.current("house", "tempo") == (3, NOW)
    grid.know({today - timedelta(days=1): TempoColour.WHITE})
    await house.push(runtime)
    assert (await history(house, jeedom, "house", DataType.TEMPO))["2026-11-19 00:00:00"] == 2
    assert jeedom.current("house", "tempo") == (3, NOW)


async def test_one_disabled_equipment_stops_no_other(house: House, jeedom: Jeedom) -> None:
    runtime = await destination(house, jeedom, DataType.CONSUMPTION_DAILY)
    await house.push(runtime, pdl=["house"])
    jeedom.find("house")["isEnable"] = 0
    record = await house.push(runtime)
    assert record.status is ExportStatus.FAILED
    assert [(one["code"], one["pdl"]) for one in record.warnings] == [
        ("EQUIPMENT_DISABLED", "house")
    ]
    assert len(await history(house, jeedom, "barn", DataType.CONSUMPTION_DAILY)) == 41


async def test_after_a_restored_backup_nothing_is_sent_twice(house: House, jeedom: Jeedom) -> None:
    await house.push(await destination(house, jeedom, DataType.CONSUMPTION_DAILY))
    [entry] = [one for one in house.hass.config_entries.async_entries() if "Jeedom" in one.title]
    await house.hass.config_entries.async_remove(entry.entry_id)
    jeedom.events.clear()
    runtime = await destination(house, jeedom, DataType.CONSUMPTION_DAILY)
    record = await house.push(runtime)
    assert record.status is ExportStatus.COMPLETED
    assert {stamp for _, stamp, _ in jeedom.events} == {NOW}
    assert await runtime.async_backlog() == 0


async def test_what_a_restored_jeedom_has_not_heard_of_is_given_again(
    year: House, jeedom: Jeedom
) -> None:
    """Its backup is three months old; one metering point has joined since."""
    house, kinds = year, (DataType.CONSUMPTION_DAILY, DataType.CONSUMPTION_MONTHLY)
    runtime = await destination(house, jeedom, *kinds)
    await house.push(runtime)
    before = {kind: await history(house, jeedom, "house", kind) for kind in kinds}
    backup = since(90).strftime("%Y-%m-%d %H:%M:%S")
    for number, rows in jeedom.history.items():
        kept = {stamp: value for stamp, value in rows.items() if stamp < backup}
        jeedom.history[number] = kept
        jeedom.state[number] = (kept[max(kept)], max(kept))
    barn = jeedom.find("barn")["id"]
    del jeedom.equipment[barn]
    for number in [one["id"] for one in jeedom.commands.values() if one["eqLogic_id"] == barn]:
        del jeedom.commands[number]

    record = await house.push(runtime)

    assert record.status is ExportStatus.COMPLETED
    lost = {(one["pdl"], one["data"]): one["start"][:10] for one in record.warnings}
    assert {one["code"] for one in record.warnings} == {"LOST"}
    assert lost["house", "consumption_daily"] == backup[:10]
    assert lost["barn", "consumption_daily"] == f"{since(365):%Y-%m-%d}"
    for kind in kinds:
        assert await history(house, jeedom, "house", kind) == before[kind]
    assert await history(house, jeedom, "barn", kinds[0]) == await expected(house, "barn")
    assert jeedom.current("house", "consumption_daily") == (1.0, NOW)
    assert (await house.push(runtime)).warnings == []
