"""From the ledger to another Home Assistant, through the whole integration."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from freezegun import api
from homeassistant.data_entry_flow import FlowResultType

from custom_components.med_exporter.const import DataType, PlugRole
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.ledger import PointSeries
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.hostile_front import front_of
from tests.live.conftest import until
from tests.metering_points import NOON, answer, start_flow
from tests.pushing import House, plug, since
from tests.real_home import HomeClient

if TYPE_CHECKING:
    from custom_components.med_exporter.ledger import LedgerPlug
    from custom_components.med_exporter.pushes.runtime import DestinationRuntime
    from tests.other_home import OtherHome

PRICE = {"kind": "flat", "valid_from": "2025-01-01", "price": 0.2}


@pytest.fixture(autouse=True)
async def loop_with_a_clock_of_its_own() -> None:
    """Let waits go on while the house's clock stands still: the other home's does not."""
    asyncio.get_running_loop().time = api.real_monotonic


async def add_other_home(
    house: House, home: OtherHome, url: str | None = None
) -> DestinationRuntime:
    """Set the destination up as a user does, without automatic exports."""
    result = await answer(
        house.hass,
        await start_flow(house.hass, "home_assistant"),
        {
            "url": url or home.url,
            "token": home.token,
            "verify_ssl": True,
            "interval": "1440",
            "data": [one.value for one in DataType],
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY, result.get("errors")
    await house.hass.async_block_till_done()
    return result["result"].runtime_data


async def stored(client: HomeClient, statistic_id: str) -> dict[datetime, float]:
    """Return what each hour adds to the total, as the Energy dashboard asks for it."""
    found = await client.command(
        "recorder/statistics_during_period",
        start_time=since(500).isoformat(),
        statistic_ids=[statistic_id],
        period="hour",
        types=["change"],
    )
    return {
        datetime.fromtimestamp(row["start"] / 1000, UTC): row["change"]
        for row in found.get(statistic_id, [])
    }


async def booked(house: House, point: str, role: str) -> dict[datetime, float]:
    """Return the closed hours of the last year in the ledger."""
    series = PointSeries(point, PlugRole(role))
    hours = await house.ledger.async_hours(series, since(365), NOON + timedelta(days=1))
    return {
        hour.start.astimezone(UTC): pytest.approx(hour.kwh, abs=1e-6)
        for hour in hours
        if hour.closed
    }


async def test_the_hours_of_two_metering_points_equal_the_ledger(
    paper_house: House, other_home: OtherHome, other_client: HomeClient
) -> None:
    house = paper_house
    used, made = plug(1, point="villa"), plug(2, "production", "roof")
    house.add_point("villa", used)
    house.add_point("roof", made)
    house.add_grid().know({NOON.date(): TempoColour.BLUE})
    # The clocks went back on 25 October.
    for first, last, kwh in ((45, 30, 0.1), (30, 20, 0.35), (20, 1, 0.05)):
        await house.use(used, since(first), since(last), kwh)
    await house.use(made, since(40), NOON, 0.2)
    runtime = await add_other_home(house, other_home)
    record = await house.push(runtime)
    assert (record.status, record.warnings) == (ExportStatus.COMPLETED, []), record
    hours = await booked(house, "villa", "consumption")
    assert len(hours) > 44 * 24
    assert await stored(other_client, "med_exporter:consumption_villa") == hours
    assert await stored(other_client, "med_exporter:production_roof") == await booked(
        house, "roof", "production"
    )
    listed = {
        one["statistic_id"] for one in await other_client.command("recorder/list_statistic_ids")
    }
    assert not {"med_exporter:production_villa", "med_exporter:consumption_roof"} & listed
    states = await other_client.states()
    assert float(states["sensor.med_villa_consumption_daily"]["state"]) == 1
    assert float(states["sensor.med_roof_production_daily"]["state"]) == 1
    assert states["sensor.med_villa_tempo_color"]["state"] == "blue"

    # A plug that was away since yesterday comes back: its hours are filled in.
    await house.grow(used, 4.0, NOON)
    await house.settle()
    again = await house.push(runtime)
    assert (again.status, again.warnings) == (ExportStatus.COMPLETED, [])
    filled = await booked(house, "villa", "consumption")
    assert len(filled) > len(hours)
    assert await stored(other_client, "med_exporter:consumption_villa") == filled

    # Nothing has changed since: only current values are sent.
    idle = await house.push(runtime)
    assert (idle.status, idle.records) == (ExportStatus.COMPLETED, 5)


async def test_costs_and_their_corrections_arrive(
    paper_house: House, other_home: OtherHome, other_client: HomeClient
) -> None:
    house = paper_house
    used = plug(3, point="flat")
    entry = house.add_point("flat", used)
    house.contracts(entry, PRICE)
    await house.use(used, since(10), NOON, 0.1)
    await house.settle()
    runtime = await add_other_home(house, other_home)
    assert (await house.push(runtime)).status is ExportStatus.COMPLETED
    costs = await stored(other_client, "med_exporter:cost_flat")
    assert list(costs.values()) == [pytest.approx(0.04)] * len(costs)
    assert len(costs) == 10 * 24 + 12

    house.contracts(entry, PRICE, {**PRICE, "valid_from": "2026-11-15", "price": 0.3})
    await house.settle()
    assert (await house.push(runtime)).status is ExportStatus.COMPLETED
    costs = await stored(other_client, "med_exporter:cost_flat")
    new_price = datetime(2026, 11, 14, 23, tzinfo=UTC)
    assert costs == {hour: pytest.approx(0.06 if hour >= new_price else 0.04) for hour in costs}


async def pushed(
    house: House, other_home: OtherHome, used: LedgerPlug, *, days: int
) -> tuple[DestinationRuntime, str, dict[datetime, float]]:
    """Push what a plug alone in its metering point has used; return its statistic and hours."""
    point = used.metering_point
    house.add_point(point, used)
    await house.use(used, since(days), NOON, 0.1)
    runtime = await add_other_home(house, other_home)
    await house.push(runtime)
    return runtime, f"med_exporter:consumption_{point}", await booked(house, point, "consumption")


async def test_a_statistic_that_was_deleted_over_there_is_filled_again(
    paper_house: House, other_home: OtherHome, other_client: HomeClient
) -> None:
    house = paper_house
    runtime, statistic, hours = await pushed(house, other_home, plug(4, point="cellar"), days=10)
    assert await stored(other_client, statistic) == hours

    await other_client.command("recorder/clear_statistics", statistic_ids=[statistic])

    async def is_gone() -> bool:
        return not await stored(other_client, statistic)

    await until(is_gone)
    record = await house.push(runtime)
    assert record.status is ExportStatus.COMPLETED
    assert {one["code"] for one in record.warnings} == {"LOST"}
    assert await stored(other_client, statistic) == hours
    assert (await house.push(runtime)).warnings == []


async def delete_hours(home: OtherHome, statistic: str, start: datetime, before: datetime) -> None:
    """Take hours out of another Home Assistant's database, as a restored backup lacks them."""
    await home.kill()
    with closing(sqlite3.connect(home.folder / "home-assistant_v2.db")) as database, database:
        deleted = database.execute(
            "DELETE FROM statistics WHERE start_ts >= ? AND start_ts < ? AND metadata_id ="
            " (SELECT id FROM statistics_meta WHERE statistic_id = ?)",
            (start.timestamp(), before.timestamp(), statistic),
        )
        assert deleted.rowcount > 0
    await home.start()


async def test_a_statistic_that_was_cut_short_over_there_or_has_a_hole_is_filled_again(
    paper_house: House, other_home: OtherHome
) -> None:
    house = paper_house
    runtime, statistic, hours = await pushed(house, other_home, plug(5, point="attic"), days=20)
    for start, before in (
        (since(2), NOON),
        (since(5) + timedelta(hours=11), since(5) + timedelta(hours=14)),
        (since(17), since(16)),
    ):
        await delete_hours(other_home, statistic, start, before)
        record = await house.push(runtime)
        assert record.status is ExportStatus.COMPLETED
        lost = [one["start"] for one in record.warnings if one["code"] == "LOST"]
        assert set(lost) == {start.isoformat(timespec="minutes")}
        async with HomeClient(other_home.url, other_home.token) as client:
            assert await stored(client, statistic) == hours
        assert (await house.push(runtime)).warnings == []


async def test_a_run_by_range_that_was_cut_off_is_made_up(
    paper_house: House, other_home: OtherHome, other_client: HomeClient
) -> None:
    house = paper_house
    used = plug(6, point="shed")
    house.add_point("shed", used)
    await house.use(used, since(20), NOON, 0.1)
    statistic = "med_exporter:consumption_shed"

    def hang_up(text: str) -> list[str]:
        if statistic in text:
            raise ConnectionResetError
        return [text]

    async with front_of(other_home.url) as front:
        runtime = await add_other_home(house, other_home, url=front.url)
        await house.push(runtime)
        hours = await booked(house, "shed", "consumption")
        front.rewrites = hang_up
        failed = await house.push(runtime, start=since(10).date().isoformat())
        assert failed.status is ExportStatus.FAILED
        front.rewrites = None
        made_up = await house.push(runtime)
        assert (made_up.status, made_up.warnings) == (ExportStatus.COMPLETED, [])
        assert runtime.backlog == 0
    assert await stored(other_client, statistic) == hours
