"""From the ledger through whole runs into a real InfluxDB, read back value by value."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from custom_components.med_exporter.const import DataType, PlugRole
from custom_components.med_exporter.destinations.influxdb.server import InfluxDb
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.ledger import PointSeries
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.influxdb import Influxd, add_influxdb, influxdb_input
from tests.metering_points import NOON
from tests.pushing import House, plug, since

from ..years import accept, closed, date_of, fill, hours_of_ten_days

if TYPE_CHECKING:
    from custom_components.med_exporter.pushes.runtime import DestinationRuntime

DAYS = 25


@pytest.fixture
async def house(paper_house: House) -> House:
    """Some days of two metering points and of one that only produces; no Tempo."""
    return await fill(paper_house, DAYS)


async def destination(
    house: House, server: Influxd, *data: DataType, **options: Any
) -> DestinationRuntime:
    """Set up the destination through its flow; exports come when a test asks."""
    names = [one.value for one in data or (DataType.CONSUMPTION_DAILY,)]
    entry = await add_influxdb(house.hass, server.url, data=names, **options)
    entry.runtime_data.set_enabled(enabled=False)
    return entry.runtime_data


async def stored(
    server: Influxd, pdl: str, kind: str = "daily", name: str = "consumption", **labels: str
) -> dict[str, float]:
    """Return what the server has, by local date."""
    found = await asyncio.to_thread(
        server.points, f"myelectricaldata_{name}", "wh", pdl=pdl, type=kind, **labels
    )
    return {date_of(second): value for second, value in found.items()}


async def test_a_year_of_two_metering_points_equals_the_ledger(paper_house: House, influxd) -> None:
    house = await fill(paper_house, 380)
    server = influxd()
    runtime = await destination(
        house, server, *(one for one in DataType if one is not DataType.ECOWATT),
        labels='{"site": "my home"}',
    )  # fmt: skip

    record = await house.push(runtime)

    assert (record.status, record.warnings) == (ExportStatus.COMPLETED, [])
    site = {"site": "my home"}
    today = NOON.strftime("%Y-%m-%d")
    for pdl in ("house", "barn"):
        # The day that still runs is there too, with what it has come to so far.
        found = await stored(server, pdl, **site)
        assert found == {**await closed(house, pdl), today: 1000}
        assert len(found) == 366
        series = PointSeries(pdl, PlugRole.CONSUMPTION)
        months = await stored(server, pdl, "monthly", **site)
        assert months.pop("2026-11-01") == 2000
        ledger = await house.ledger.async_months(series, since(385), NOON)
        assert list(months.values()) == pytest.approx(
            [month.kwh * 1000 for month in ledger if month.closed][-len(months) :]
        )
        halves = await asyncio.to_thread(
            server.points, "myelectricaldata_consumption", "wh", pdl=pdl, type="detailed", **site
        )
        ours = await house.ledger.async_half_hours(series, since(365), NOON)
        assert halves == {
            int(one.start.timestamp()): pytest.approx(one.kwh * 1000, abs=1e-6)
            for one in ours
            if one.closed
        }
        assert len(halves) > 17_500
    found = await stored(server, "roof", name="production", **site)
    assert found == {**await closed(house, "roof", "production"), today: 1000}
    assert await runtime.async_backlog() == 0
    again = await house.push(runtime)
    assert (again.status, again.records) == (ExportStatus.COMPLETED, 0)


async def test_a_day_filled_in_late_arrives(house: House, influxd) -> None:
    server = influxd()
    extra = plug(4)
    await house.read(extra, 0.0, since(9))
    await house.read(extra, 0.0, since(8))
    runtime = await destination(house, server)
    await house.push(runtime)
    before = await stored(server, "house")

    await house.grow(extra, 7.0, since(3))
    await house.settle()
    record = await house.push(runtime)

    assert (record.status, record.warnings) == (ExportStatus.COMPLETED, [])
    after = await stored(server, "house")
    assert sum(after.values()) - sum(before.values()) == pytest.approx(7000)
    assert {date: after[date] for date in await closed(house, "house")} == await closed(
        house, "house"
    )


async def test_an_emptied_database_is_noticed_and_filled_again(house: House, influxd) -> None:
    server = influxd()
    runtime = await destination(house, server)
    await house.push(runtime)
    whole = await stored(server, "house")
    await asyncio.to_thread(server.ask, 'DROP DATABASE "med"')
    record = await house.push(runtime)
    assert (record.status, record.error_code) == (ExportStatus.FAILED, "UNKNOWN_DATABASE")
    await asyncio.to_thread(server.ask, 'CREATE DATABASE "med"')

    record = await house.push(runtime)

    assert record.status is ExportStatus.COMPLETED
    assert {one["code"] for one in record.warnings} == {"LOST"}
    assert await stored(server, "house") == whole
    assert (await house.push(runtime)).warnings == []


async def test_what_was_deleted_from_the_middle_of_one_series_is_filled_again(
    house: House, influxd
) -> None:
    server = influxd()
    runtime = await destination(house, server)
    await house.push(runtime)
    whole = await stored(server, "house")
    start, before = (round(since(days).timestamp()) for days in (20, 18))
    await asyncio.to_thread(
        server.ask,
        "DELETE FROM myelectricaldata_consumption"
        f" WHERE pdl = 'house' AND time >= {start}s AND time < {before}s",
    )
    assert len(await stored(server, "house")) == len(whole) - 2

    record = await house.push(runtime)

    [lost] = record.warnings
    assert (lost["code"], lost["pdl"], lost["start"][:10]) == (
        "LOST",
        "house",
        f"{since(20):%Y-%m-%d}",
    )
    assert record.records == 2
    assert await stored(server, "house") == whole
    assert (await house.push(runtime)).warnings == []


async def test_a_day_that_has_its_value_from_before_a_correction_again_is_given_the_right_one(
    house: House, influxd
) -> None:
    server = influxd()
    runtime = await destination(house, server)
    await house.push(runtime)
    whole = await stored(server, "house")
    restored = round(since(20).timestamp())
    line = f"myelectricaldata_consumption,pdl=house,type=daily wh=1234.5 {restored * 10**9}"
    await asyncio.to_thread(server.write, line)
    assert await stored(server, "house") != whole

    record = await house.push(runtime)

    [lost] = record.warnings
    assert (lost["code"], lost["start"][:10]) == ("LOST", f"{since(20):%Y-%m-%d}")
    assert await stored(server, "house") == whole
    assert (await house.push(runtime)).warnings == []


async def test_a_measurement_that_is_dropped_during_a_run_is_there_after_the_next(
    house: House, influxd, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = influxd()
    runtime = await destination(house, server)
    write, drops = InfluxDb.write, ["DROP MEASUREMENT myelectricaldata_consumption"]

    async def written(self: InfluxDb, lines: bytes) -> bool:
        result = await write(self, lines)
        if b"barn" in lines and drops:
            # The house is settled by now, and the barn written and not read back yet.
            await asyncio.to_thread(server.ask, drops.pop())
        return result

    monkeypatch.setattr(InfluxDb, "write", written)
    first = await house.push(runtime)
    assert (drops, first.error_code) == ([], "ROWS_MISSING")
    record = await house.push(runtime)
    assert record.status is ExportStatus.COMPLETED
    today = NOON.strftime("%Y-%m-%d")
    for pdl in ("house", "barn"):
        assert (await stored(server, pdl)).keys() == {*await closed(house, pdl), today}
    assert (await house.push(runtime)).warnings == []


async def test_two_destinations_with_other_tags_side_by_side(house: House, influxd) -> None:
    server = influxd()
    plain = await destination(house, server)
    tagged = await destination(house, server, labels='{"site": "a"}')
    for runtime in (plain, tagged):
        record = await house.push(runtime, pdl=["house"])
        assert (record.status, record.records) == (ExportStatus.COMPLETED, DAYS + 1)
    assert await stored(server, "house") == await stored(server, "house", site="a")
    assert len(await stored(server, "house")) == DAYS + 1


async def test_what_the_server_does_not_keep_is_said_once(house: House, influxd) -> None:
    hours = hours_of_ten_days(house)
    server = influxd()
    await asyncio.to_thread(
        server.ask,
        f'CREATE RETENTION POLICY "short" ON "med" DURATION {hours}h REPLICATION 1 DEFAULT',
    )
    given, warning = influxdb_input(server.url), "destination_retention_short_influxdb"
    runtime = await accept(house, "influxdb", given, warning)
    asked = {"data": ["consumption_daily"], "pdl": ["house"]}

    record = await house.push(runtime, **asked)

    assert record.status is ExportStatus.COMPLETED
    [remark] = record.warnings
    found = await stored(server, "house")
    days = await closed(house, "house")
    kept = [date for date in days if date in found]
    assert (remark["code"], remark["count"]) == ("TOO_OLD", len(days) - len(kept))
    assert kept == list(days)[-len(kept) :]
    assert {date: found[date] for date in kept} == {date: days[date] for date in kept}
    assert (await house.push(runtime, **asked)).warnings == []


async def test_tempo_and_ecowatt(house: House, influxd) -> None:
    server = influxd()
    grid = house.add_grid()
    today = NOON.date()
    grid.know({today - timedelta(days=1): TempoColour.WHITE, today: TempoColour.RED})
    grid.signal(today, 2)
    runtime = await destination(house, server, DataType.TEMPO, DataType.ECOWATT)
    await house.push(runtime, pdl=["house"])
    grid.signal(today, 3)
    await house.push(runtime, pdl=["house"])

    colours = await asyncio.to_thread(server.points, "myelectricaldata_tempo", "color", pdl="house")
    assert {date_of(second): value for second, value in colours.items()} == {
        "2026-11-19": 2,
        "2026-11-20": 3,
    }
    levels = await asyncio.to_thread(
        server.points, "myelectricaldata_ecowatt", "level", pdl="house"
    )
    assert {date_of(second): value for second, value in levels.items()} == {"2026-11-20": 3}


async def test_how_runs_ended_is_told(house: House, influxd) -> None:
    server = influxd()
    runtime = await destination(house, server, labels='{"site": "home"}')
    await house.push(runtime, pdl=["house"])
    house.freezer.tick(60)
    await house.push(runtime, pdl=["barn"])

    async def told(field: str, **tags: str) -> list[float]:
        tags |= {"destination": "influxdb", "site": "home"}
        found = await asyncio.to_thread(server.points, "myelectricaldata_export", field, **tags)
        return list(found.values())

    assert len(await told("duration_seconds")) == 2
    assert await told("records_total") == [DAYS + 1, 2 * DAYS + 2]
    assert await told("total", status="success") == [1, 2]
    assert await told("total", status="error") == [0, 0]
