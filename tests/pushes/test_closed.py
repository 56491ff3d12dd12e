"""Closed periods: what a destination is given, once, in order, and again where it has changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from homeassistant.helpers.recorder import get_instance
from homeassistant.helpers.translation import async_get_translations
from sqlalchemy import text

from custom_components.med_exporter.const import DOMAIN, DataType
from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.destinations.base import Outcome
from custom_components.med_exporter.history.reasons import reason_of
from custom_components.med_exporter.history.records import ExportStatus
from custom_components.med_exporter.ledger.tables import SCHEMA
from custom_components.med_exporter.pushes import part_push
from tests.metering_points import NOON
from tests.pushing import House, plug, since
from tests.shelf import DAYS, Shelf, refuse

if TYPE_CHECKING:
    from custom_components.med_exporter.destinations.measurements import Measurement


@pytest.fixture
async def house(paper_house: House) -> House:
    """Ten days of one plug with 0.1 kWh in each half-hour."""
    paper_house.add_point("house", plug())
    await paper_house.use(plug(), since(10), NOON, 0.1)
    return paper_house


async def test_all_closed_days_come_once_oldest_first_then_the_current_value(
    house: House,
) -> None:
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
    record = await house.push(runtime)
    assert (record.status, record.records, record.warnings) == (ExportStatus.COMPLETED, 11, [])
    assert shelf.closed() == [(f"2026-11-{day}", 4.8) for day in range(10, 20)]
    assert shelf.taken[-1].closed is False
    first = shelf.taken[0]
    assert (first.start, first.end) == (since(10), since(9))
    assert first.timestamp == since(9)
    shelf.clear()
    record = await house.push(runtime)
    assert shelf.closed() == []
    assert (record.records, len(shelf.current())) == (1, 1)


async def test_every_series_has_its_own_watermark_and_equals_the_ledger(house: House) -> None:
    house.add_point("roof", plug(2, "production", "roof"))
    await house.use(plug(2, "production", "roof"), since(40), NOON, 0.2)
    shelf = Shelf()
    runtime = await house.add_destination(shelf)
    record = await house.push(runtime)
    assert (record.status, record.warnings) == (ExportStatus.COMPLETED, [])
    assert shelf.final() == await house.days()
    assert shelf.final("roof", "production_daily") == await house.days("roof", "production")
    assert len(shelf.closed("roof", "production_daily")) == 40
    half_hours = await house.ledger.async_half_hours(
        plug().series[1], since(10), NOON + timedelta(hours=1)
    )
    assert shelf.final(series="consumption_detailed") == {
        period.start.isoformat(): period.kwh for period in half_hours if period.closed
    }
    # October is not closed for a plug that began in November; a month that runs is current.
    assert shelf.closed(series="consumption_monthly") == []
    # A metering point that only produces has no consumption, and the other way round.
    assert shelf.closed("roof") == []
    assert {key for key, _, _ in shelf.current()} == {
        ("house", "consumption_daily"),
        ("house", "consumption_monthly"),
        ("roof", "production_daily"),
    }
    assert set(await house.watermarks(runtime)) == {
        ("house", "consumption_daily"),
        ("house", "consumption_monthly"),
        ("house", "consumption_detailed"),
        ("roof", "production_daily"),
    }


async def test_a_month_is_sent_when_it_is_over(house: House) -> None:
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_MONTHLY])
    await house.push(runtime)
    assert shelf.closed(series="consumption_monthly") == []
    house.freezer.move_to(NOON + timedelta(days=12))
    await house.use(plug(), NOON, NOON + timedelta(days=12), 0.1)
    await house.push(runtime)
    [(month, kwh)] = shelf.closed(series="consumption_monthly")
    assert (month, kwh) == ("2026-11", pytest.approx(21 * 4.8))


async def test_a_new_destination_starts_with_the_last_365_days(paper_house: House) -> None:
    house = paper_house
    house.add_point("house", plug())
    await house.use(plug(), since(380), NOON, 0.1)
    shelf = Shelf()
    runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
    await house.settle()
    assert await runtime.async_backlog() == 365
    record = await house.push(runtime)
    assert record.records == 366
    dates = [date for date, _ in shelf.closed()]
    assert (dates[0], dates[-1], len(dates)) == ("2025-11-20", "2026-11-19", 365)
    # Two of the days have 23 and 25 hours.
    assert shelf.final() == {
        date: kwh for date, kwh in (await house.days()).items() if date >= "2025-11-20"
    }
    assert shelf.final()["2026-03-29"] == pytest.approx(4.6)
    assert shelf.final()["2026-10-25"] == pytest.approx(5.0)
    assert await runtime.async_backlog() == 0


class TestFailures:
    async def test_what_fails_is_sent_by_the_next_run_and_nothing_else(self, house: House) -> None:
        shelf = Shelf()
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        shelf.fails = lambda one: one.date == "2026-11-15" and refuse("too_large")(one)
        record = await house.push(runtime)
        assert (record.status, record.error_code, record.records) == (
            ExportStatus.FAILED,
            "TOO_LARGE",
            5,
        )
        [failure] = record.warnings
        assert (failure["code"], failure["data"], failure["pdl"]) == (
            "TOO_LARGE",
            "consumption_daily",
            "house",
        )
        assert await runtime.async_backlog() == 5
        shelf.clear()
        shelf.fails = lambda _: None
        record = await house.push(runtime)
        assert record.status is ExportStatus.COMPLETED
        assert [date for date, _ in shelf.closed()] == [f"2026-11-{day}" for day in range(15, 20)]

    async def test_a_part_that_fails_stops_no_other(self, house: House) -> None:
        shelf = Shelf()
        runtime = await house.add_destination(shelf)
        shelf.fails = lambda one: (
            one.data_type is DataType.CONSUMPTION_DAILY and refuse("too_large")(one)
        )
        record = await house.push(runtime)
        assert record.status is ExportStatus.FAILED
        assert [part["data"] for part in record.warnings] == ["consumption_daily"]
        assert len(shelf.closed(series="consumption_detailed")) == 504
        assert record.records == len(shelf.taken)

    async def test_a_destination_that_is_down_ends_the_run(self, house: House) -> None:
        shelf = Shelf()
        runtime = await house.add_destination(shelf)
        shelf.fails = refuse()
        record = await house.push(runtime)
        assert (record.error_code, len(record.warnings), shelf.taken) == ("REFUSED", 1, [])

    async def test_a_destination_that_says_nothing_of_a_value_has_not_got_it(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Silent(Shelf):
            async def async_push(self, pages, settle) -> None:
                async for _ in pages:
                    pass

        runtime = await house.add_destination(Silent(), data=[DataType.CONSUMPTION_DAILY])
        record = await house.push(runtime)
        assert (record.status, record.error_code) == (ExportStatus.FAILED, "INTERNAL_ERROR")
        assert await runtime.async_backlog() == 10

    async def test_two_destinations_do_not_know_of_each_other(self, house: House) -> None:
        good, bad = Shelf(), Shelf()
        one = await house.add_destination(good, data=[DataType.CONSUMPTION_DAILY])
        other = await house.add_destination(bad, data=[DataType.CONSUMPTION_DAILY], title="Bad")
        bad.fails = refuse()
        await house.push(other)
        await house.push(one)
        assert len(good.closed()) == 10
        assert (await one.async_backlog(), await other.async_backlog()) == (0, 10)
        bad.fails = lambda _: None
        await house.push(other)
        assert bad.closed() == good.closed()

    async def test_a_broken_database_leaves_the_current_values(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shelf = Shelf()
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])

        def broken(*_: object, **__: object) -> None:
            raise DatabaseUnavailableError

        monkeypatch.setattr(house.ledger, "async_stretches", broken)
        record = await house.push(runtime)
        assert (record.status, record.error_code) == (ExportStatus.FAILED, "DATABASE_UNAVAILABLE")
        assert len(shelf.current()) == len(shelf.taken) == 1


class TestKills:
    async def test_a_kill_repeats_what_was_not_written_down_and_loses_nothing(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shelf = Shelf()
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DETAILED])
        monkeypatch.setattr(part_push, "_FLUSH_PERIODS", 100)
        reached = asyncio.Event()

        def stop(_: object) -> None:
            if len(shelf.taken) == 250:
                shelf.opened.clear()
                reached.set()

        shelf.fails = stop
        task = asyncio.ensure_future(house.runner.async_run(runtime, trigger="test"))
        await reached.wait()
        await house.committed_without_waiting()
        # From here on the process is dead: nothing of it is written any more.
        with monkeypatch.context() as dead:
            dead.setattr(part_push, "queue_work", lambda *_: asyncio.Future())
            await house.runner.async_interrupt(runtime)
            await task
        shelf.opened.set()
        shelf.fails = lambda _: None
        assert await runtime.async_backlog() == 504 - 200
        await house.push(runtime)
        dates = [date for date, _ in shelf.closed(series="consumption_detailed")]
        assert len(set(dates)) == 504
        assert len(dates) - 504 <= 100
        assert dates[-1] == max(dates)

    async def test_an_interrupted_run_keeps_what_was_settled(self, house: House) -> None:
        shelf = Shelf(window=0)
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        reached = asyncio.Event()

        def stop(one: Measurement) -> None:
            if one.date == "2026-11-15":
                shelf.opened.clear()
                reached.set()

        shelf.fails = stop
        task = asyncio.ensure_future(house.runner.async_run(runtime, trigger="test"))
        await reached.wait()
        await asyncio.sleep(0)
        await house.runner.async_interrupt(runtime)
        record = await task
        assert (record.status, record.error_code) == (ExportStatus.INTERRUPTED, "INTERRUPTED")
        shelf.opened.set()
        shelf.clear()
        await house.push(runtime)
        assert [date for date, _ in shelf.closed()] == [f"2026-11-{day}" for day in range(16, 20)]

    async def test_a_lost_table_gives_everything_again(self, house: House) -> None:
        shelf = Shelf()
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        await house.push(runtime)
        await house.execute(text("DROP TABLE med_exporter_watermarks"))
        shelf.clear()
        await house.push(runtime)
        assert len(shelf.closed()) == 10

    async def test_a_destination_that_is_removed_leaves_nothing(self, house: House) -> None:
        runtime = await house.add_destination(Shelf())
        other = await house.add_destination(Shelf(), title="Other")
        await house.push(runtime)
        await house.push(other)
        await house.hass.config_entries.async_remove(runtime.entry.entry_id)
        assert await house.watermarks(runtime) == {}
        assert await house.watermarks(other) != {}


class TestOutcomes:
    async def test_what_is_too_old_is_counted_and_said_once(self, house: House) -> None:
        shelf = Shelf()
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        shelf.outcome = lambda one: (
            Outcome.TOO_OLD if one.closed and one.start < since(4) else Outcome.STORED
        )
        record = await house.push(runtime)
        assert (record.status, record.records) == (ExportStatus.COMPLETED, 5)
        [remark] = record.warnings
        assert remark["message"].startswith("6 periods from 2026-11-10 to 2026-11-15")
        said = {
            "code": "TOO_OLD",
            "data": "consumption_daily",
            "pdl": "house",
            "start": "2026-11-10",
            "end": "2026-11-15",
            "count": 6,
        }
        assert remark.items() >= said.items()
        assert (await house.push(runtime)).warnings == []

    async def test_what_was_there_already_is_no_record(self, house: House) -> None:
        shelf = Shelf()
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        shelf.outcome = lambda _: Outcome.ALREADY_THERE
        assert (await house.push(runtime)).records == 0
        assert await runtime.async_backlog() == 0

    async def test_what_cannot_be_corrected_is_named(self, house: House) -> None:
        house.add_point("other", plug(2, point="other"))
        shelf = Shelf()
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        await house.push(runtime)
        await house.read(plug(2), 0.0, since(2))
        await house.read(plug(2), 4.8, since(1))
        await house.settle()
        shelf.outcome = lambda _: Outcome.NOT_CORRECTABLE
        record = await house.push(runtime, pdl=["house"])
        [remark] = [one for one in record.warnings if one["pdl"] == "house"]
        assert (remark["code"], remark["start"]) == ("NOT_CORRECTABLE", "2026-11-18")
        assert record.status is ExportStatus.COMPLETED


class TestPatience:
    async def test_a_day_waits_for_a_plug_that_has_not_reported(self, house: House) -> None:
        entry = house.add_point("shed", plug(3, point="shed"), plug(4, point="shed"))
        assert entry.data["plugs"]
        await house.use(plug(3, point="shed"), since(10), NOON, 0.1)
        await house.use(plug(4, point="shed"), since(10), since(1.5), 0.1)
        shelf = Shelf(replace(DAYS, patience=timedelta(hours=48)))
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        await house.push(runtime)
        # It was last heard of on the eighteenth at noon.
        assert shelf.closed("shed")[-1][0] == "2026-11-17"
        assert shelf.closed("house")[-1][0] == "2026-11-19"
        await house.read(plug(4, point="shed"), 40.9 + 4.8, NOON)
        await house.push(runtime)
        assert shelf.final("shed") == await house.days("shed")
        assert len(shelf.closed("shed")) == 10

    async def test_but_not_longer_than_the_destination_has_patience(self, house: House) -> None:
        house.add_point("shed", plug(3, point="shed"), plug(4, point="shed"))
        await house.use(plug(3, point="shed"), since(10), NOON, 0.1)
        shelf = Shelf(replace(DAYS, patience=timedelta(hours=48)))
        runtime = await house.add_destination(shelf, data=[DataType.CONSUMPTION_DAILY])
        await house.push(runtime)
        # Noon less two days: the seventeenth ended before.
        assert shelf.closed("shed")[-1][0] == "2026-11-17"
        house.freezer.move_to(NOON + timedelta(hours=13))
        await house.push(runtime)
        assert shelf.closed("shed")[-1][0] == "2026-11-18"


async def test_tables_of_a_newer_version_are_named_as_such_in_any_language(house: House) -> None:
    runtime = await house.add_destination(Shelf(), data=[DataType.CONSUMPTION_DAILY])
    newer = "UPDATE med_exporter_schema SET version = 99 WHERE component = 'ledger'"
    await house.execute(text(newer))
    SCHEMA.forget(get_instance(house.hass).engine)
    record = await house.push(runtime)
    assert record.status is ExportStatus.FAILED
    assert record.error_message is not None
    assert "written by a newer version" in record.error_message
    house.hass.config.language = "fr"
    await async_get_translations(house.hass, "fr", "exceptions", [DOMAIN])
    assert "plus récente" in str(reason_of(house.hass, record))
