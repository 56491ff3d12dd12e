"""From the ledger through whole runs into a real VictoriaMetrics, read back value by value."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from freezegun import api

from custom_components.med_exporter.const import DataType, PlugRole
from custom_components.med_exporter.destinations.victoriametrics import destination as module
from custom_components.med_exporter.destinations.victoriametrics import series_push
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.ledger import PointSeries
from custom_components.med_exporter.sources.tempo_calendar import TempoColour
from tests.metering_points import NOON
from tests.pushing import House, plug, since
from tests.shelf import Shelf as PaperShelf
from tests.shelf import refuse
from tests.victoriametrics import add_victoriametrics, victoriametrics_input

from ..years import accept, closed, date_of, fill, hours_of_ten_days

if TYPE_CHECKING:
    from custom_components.med_exporter.pushes.runtime import DestinationRuntime
    from tests.victoriametrics import VictoriaMetricsServer

DAYS = 25
ENERGY = [
    DataType.CONSUMPTION_DAILY,
    DataType.CONSUMPTION_MONTHLY,
    DataType.PRODUCTION_DAILY,
    DataType.TEMPO,
]


@pytest.fixture
async def house(paper_house: House) -> House:
    """Some days of two metering points and of one that only produces; no Tempo."""
    return await fill(paper_house, DAYS)


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the server to write at once, where a test does not kill it."""
    monkeypatch.setattr(module, "ON_DISK_AFTER", 0)


async def destination(
    house: House, server: VictoriaMetricsServer, *data: DataType, **options: Any
) -> DestinationRuntime:
    """Set up the destination through its flow; exports come when a test asks."""
    names = [one.value for one in data or ENERGY]
    entry = await add_victoriametrics(house.hass, server.url, data=names, **options)
    entry.runtime_data.set_enabled(enabled=False)
    return entry.runtime_data


def stored(
    server: VictoriaMetricsServer, pdl: str, kind: str, name: str = "consumption"
) -> dict[str, float]:
    """Return what the server has, by local date; each date once."""
    samples = server.samples(f'myelectricaldata_{name}_wh{{pdl="{pdl}",type="{kind}"}}')
    assert all(len(values) == 1 for values in samples.values())
    return {date_of(stamp / 1000): values[0] for stamp, values in samples.items()}


async def test_all_series_wait_for_the_disk_together(
    house: House, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, all_wait = 0, asyncio.Event()

    async def wait(_: float) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == 3:
            all_wait.set()
        # One after the other would never come to an end.
        async with asyncio.timeout(30):
            await all_wait.wait()

    monkeypatch.setattr(series_push, "sleep_until", wait)
    server = victoriametrics()
    runtime = await destination(
        house, server, DataType.CONSUMPTION_DAILY, DataType.PRODUCTION_DAILY
    )
    record = await house.push(runtime)
    assert (record.status, record.records) == (ExportStatus.COMPLETED, 3 * DAYS)
    assert await asyncio.to_thread(stored, server, "barn", "daily") == await closed(house, "barn")


@pytest.mark.usefixtures("quick_disk")
async def test_a_year_of_two_metering_points_equals_the_ledger(
    paper_house: House, victoriametrics
) -> None:
    house = await fill(paper_house, 380)
    server = victoriametrics()
    runtime = await destination(house, server, labels='{"site": "home"}')

    record = await house.push(runtime)

    assert (record.status, record.warnings) == (ExportStatus.COMPLETED, [])
    for pdl in ("house", "barn"):
        found = await asyncio.to_thread(stored, server, pdl, "daily")
        assert found == await closed(house, pdl)
        assert len(found) == 365
        months = await asyncio.to_thread(stored, server, pdl, "monthly")
        assert list(months)[-11:] == ["2025-12-01", *(f"2026-{n:02}-01" for n in range(1, 11))]
        series = PointSeries(pdl, PlugRole.CONSUMPTION)
        ledger = await house.ledger.async_months(series, since(385), NOON)
        assert list(months.values()) == pytest.approx(
            [month.kwh * 1000 for month in ledger if month.closed][-len(months) :]
        )
    found = await asyncio.to_thread(stored, server, "roof", "daily", "production")
    assert found == await closed(house, "roof", "production")
    # A metering point without Tempo, and one that only produces, have nothing of it.
    energy = [one for one in server.series() if one["__name__"].endswith("_wh")]
    assert {(one["pdl"], one["type"], one["site"]) for one in energy} == {
        ("house", "daily", "home"),
        ("house", "monthly", "home"),
        ("barn", "daily", "home"),
        ("barn", "monthly", "home"),
        ("roof", "daily", "home"),
    }
    assert await runtime.async_backlog() == 0
    again = await house.push(runtime)
    assert (again.status, again.records) == (ExportStatus.COMPLETED, 0)


@pytest.mark.usefixtures("quick_disk")
async def test_the_servers_own_sums_are_those_of_the_ledger(house: House, victoriametrics) -> None:
    server = victoriametrics()
    runtime = await destination(house, server, DataType.CONSUMPTION_DETAILED)

    await house.push(runtime)

    answer = await asyncio.to_thread(
        server.get,
        "/api/v1/query",
        {
            "query": 'sum_over_time(myelectricaldata_consumption_wh{pdl="house"}[1d])',
            "time": str(int(since(5).timestamp()) - 1),
        },
    )
    [series] = json.loads(answer)["data"]["result"]
    day = (await house.days())[since(6).strftime("%Y-%m-%d")]
    assert float(series["value"][1]) == pytest.approx(day * 1000)


@pytest.mark.usefixtures("quick_disk")
async def test_a_day_filled_in_late_is_named_and_not_doubled(house: House, victoriametrics) -> None:
    server = victoriametrics()
    extra = plug(4)
    await house.read(extra, 0.0, since(9))
    await house.read(extra, 0.0, since(8))
    runtime = await destination(house, server, DataType.CONSUMPTION_DAILY)
    await house.push(runtime)
    before = await asyncio.to_thread(stored, server, "house", "daily")
    # Its other plug has reported: the day is not held back for longer than two days.
    assert "2026-11-17" in before

    await house.grow(extra, 7.0, since(3))
    await house.settle()
    record = await house.push(runtime)

    assert record.status is ExportStatus.COMPLETED
    named = [one for one in record.warnings if one["code"] == "NOT_CORRECTABLE"]
    assert [(one["pdl"], one["data"]) for one in named] == [("house", "consumption_daily")]
    after = await asyncio.to_thread(stored, server, "house", "daily")
    assert {date: after[date] for date in before} == before
    assert await runtime.async_backlog() == 0
    assert not (await house.push(runtime)).warnings


@pytest.mark.usefixtures("quick_disk")
async def test_what_the_server_does_not_keep_is_said_once(house: House, victoriametrics) -> None:
    server = victoriametrics(retention=f"{hours_of_ten_days(house)}h")
    given, warning = victoriametrics_input(server.url), "destination_retention_short"
    runtime = await accept(house, "victoriametrics", given, warning)
    asked = {"data": ["consumption_daily"], "pdl": ["house"]}

    record = await house.push(runtime, **asked)

    assert record.status is ExportStatus.COMPLETED
    [remark] = record.warnings
    found = await asyncio.to_thread(stored, server, "house", "daily")
    assert (remark["code"], remark["count"]) == ("TOO_OLD", DAYS - len(found))
    ledger = await closed(house, "house")
    assert found == {date: ledger[date] for date in list(ledger)[-len(found) :]}
    assert (await house.push(runtime, **asked)).warnings == []


@pytest.mark.usefixtures("quick_disk")
async def test_tempo_and_ecowatt(house: House, victoriametrics) -> None:
    server = victoriametrics()
    grid = house.add_grid()
    today = NOON.date()
    grid.know(
        {
            today - timedelta(days=1): TempoColour.WHITE,
            today: TempoColour.RED,
            today + timedelta(days=1): TempoColour.BLUE,
        }
    )
    grid.signal(today, 2)
    runtime = await destination(house, server, DataType.TEMPO, DataType.ECOWATT)

    await house.push(runtime, pdl=["house"])

    colours = await asyncio.to_thread(server.samples, 'myelectricaldata_tempo_color{pdl="house"}')
    # Tomorrow's is sent when it is today's.
    assert {date_of(stamp / 1000): values for stamp, values in colours.items()} == {
        "2026-11-19": [2],
        "2026-11-20": [3],
    }
    levels = await asyncio.to_thread(server.samples, 'myelectricaldata_ecowatt_level{pdl="house"}')
    assert list(levels.values()) == [[2]]
    await house.push(runtime, pdl=["house"])
    again = await asyncio.to_thread(server.samples, 'myelectricaldata_ecowatt_level{pdl="house"}')
    assert again == levels


@pytest.mark.usefixtures("quick_disk")
async def test_after_a_lost_watermark_nothing_is_sent_twice(house: House, victoriametrics) -> None:
    server = victoriametrics()
    first = await destination(house, server, DataType.CONSUMPTION_DAILY)
    await house.push(first)
    await house.hass.config_entries.async_remove(first.entry.entry_id)

    second = await destination(house, server, DataType.CONSUMPTION_DAILY)
    record = await house.push(second)

    assert (record.status, record.records) == (ExportStatus.COMPLETED, 0)
    assert await second.async_backlog() == 0
    found = await asyncio.to_thread(stored, server, "house", "daily")
    assert found == await closed(house, "house")


async def test_what_a_killed_server_has_forgotten_is_sent_again(
    house: House, victoriametrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The house's clock stands still, but the server's disk does not wait for it.
    monkeypatch.setattr(asyncio.get_running_loop(), "time", api.real_monotonic)
    monkeypatch.setattr(module, "ON_DISK_AFTER", 11)
    server = victoriametrics()
    runtime = await destination(house, server, DataType.CONSUMPTION_DAILY)
    pushing = asyncio.create_task(house.push(runtime, pdl=["house"]))
    while not await asyncio.to_thread(stored, server, "house", "daily"):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    # It has shown them, and not written them to its disk.
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    assert (await pushing).status is ExportStatus.FAILED
    assert await runtime.async_backlog() > 0

    record = await house.push(runtime, pdl=["house"])

    assert record.status is ExportStatus.COMPLETED
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    found = await asyncio.to_thread(stored, server, "house", "daily")
    assert found == await closed(house, "house")
    # What is left is the other metering point's.
    assert await runtime.async_backlog() == DAYS


class TestInternalMetrics:
    """How runs ended, told to each VictoriaMetrics destination."""

    @pytest.fixture(autouse=True)
    def without_waits(self, quick_disk: None) -> None:
        """Nothing is killed here."""

    def metrics(self, server: VictoriaMetricsServer) -> dict[str, list[float]]:
        """Return the exporter's own metrics, oldest sample first."""
        found = {}
        for labels in server.series():
            name = labels.pop("__name__")
            if not name.startswith("myelectricaldata_export_"):
                continue
            labels.pop("site", None)
            conditions = ",".join(f'{key}="{value}"' for key, value in labels.items())
            samples = server.samples(f"{name}{{{conditions}}}")
            assert all(len(values) == 1 for values in samples.values())
            key = f"{name.removeprefix('myelectricaldata_export_')} {' '.join(labels.values())}"
            found[key] = [samples[stamp][0] for stamp in sorted(samples)]
        return found

    async def test_runs_records_and_durations_are_counted(
        self, house: House, victoriametrics
    ) -> None:
        server = victoriametrics()
        runtime = await destination(
            house, server, DataType.CONSUMPTION_DAILY, labels='{"site": "home"}'
        )
        await house.push(runtime, pdl=["house"])
        house.freezer.tick(60)
        await house.push(runtime, pdl=["barn"])

        found = await asyncio.to_thread(self.metrics, server)

        durations = found.pop("duration_seconds victoriametrics")
        assert len(durations) == 2
        assert found == {
            "total victoriametrics success": [1, 2],
            "total victoriametrics error": [0, 0],
            "records_total victoriametrics": [DAYS, 2 * DAYS],
        }
        own = [one for one in server.series() if one["__name__"].startswith("myelectricaldata_ex")]
        assert {one["site"] for one in own} == {"home"}

    async def test_runs_of_other_destinations_are_told_too(
        self, house: House, victoriametrics
    ) -> None:
        server = victoriametrics()
        runtime = await destination(house, server, DataType.CONSUMPTION_DAILY)
        shelf = PaperShelf()
        shelf.fails = refuse()
        other = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        await house.push(other)
        # Without automatic export the server gets only what was asked for.
        assert await asyncio.to_thread(self.metrics, server) == {}

        runtime.set_enabled(enabled=True)
        house.freezer.tick(60)
        await house.push(other)

        found = await asyncio.to_thread(self.metrics, server)
        assert found["total mqtt error"] == [2]
        assert found["total mqtt success"] == [0]

    async def test_what_could_not_be_sent_goes_along_with_the_next_run(
        self, house: House, victoriametrics
    ) -> None:
        server = victoriametrics()
        runtime = await destination(house, server, DataType.CONSUMPTION_DAILY)
        await asyncio.to_thread(server.kill)
        record = await house.push(runtime)
        assert record.status is ExportStatus.FAILED
        await asyncio.to_thread(server.start)
        house.freezer.tick(60)
        await house.push(runtime, pdl=["house"])

        found = await asyncio.to_thread(self.metrics, server)

        assert len(found["duration_seconds victoriametrics"]) == 2
        assert found["total victoriametrics error"] == [1]
        assert found["total victoriametrics success"] == [1]
