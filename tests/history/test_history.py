"""The history survives what the recorder's own tables survive, and is listed, paged and purged."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util
from sqlalchemy import create_mock_engine

from custom_components.med_exporter.engine.database.history_tables import metadata
from custom_components.med_exporter.history import history as history_module
from custom_components.med_exporter.history import shares as shares_module
from custom_components.med_exporter.history.records import (
    EVENT_EXPORT,
    SIGNAL_EXPORT_FINISHED,
    ExportKind,
    ExportRecord,
    ExportStatus,
)

from .records import FULL, START, committed, record


async def test_every_field_survives_a_restart(life) -> None:
    async with life() as (_, history):
        await asyncio.wait_for(history.save(FULL), 10)
        assert not history._pending
    async with life() as (_, history):
        assert await history.async_get(FULL.id) == FULL
        assert await history.async_list() == ([FULL], 1)


async def test_a_record_is_read_before_it_is_committed(life) -> None:
    async with life(started=False) as (_, history):
        running = record(ExportStatus.RUNNING)
        future = history.save(running)
        assert await history.async_get(running.id) == running
        assert await history.async_list() == ([running], 1)
        assert not future.done()


async def test_nobody_is_told_before_it_is_committed(life) -> None:
    async with life() as (_, history):
        await history.async_told(history.save(FULL))
        assert not history._pending


async def test_a_recorder_that_cannot_write_holds_up_no_answer(life, monkeypatch) -> None:
    monkeypatch.setattr(history_module, "_ANSWER_WITHIN", 0.01)
    async with life(started=False) as (_, history):
        await history.async_told(saved := history.save(FULL))
        assert not saved.done()
        assert await history.async_get(FULL.id) == FULL


async def test_changing_a_saved_record_changes_nothing_stored(life) -> None:
    async with life() as (hass, history):
        running = record(ExportStatus.RUNNING)
        history.save(running)
        running.status = ExportStatus.FAILED
        read = await history.async_get(running.id)
        assert read is not None
        assert read.status is ExportStatus.RUNNING
        read.records = 5
        await committed(hass)
        assert (await history.async_get(running.id)).records is None


async def test_saving_again_replaces(life) -> None:
    async with life() as (_, history):
        running = record(ExportStatus.RUNNING)
        await history.save(running)
        first = history.save(replace(running, status=ExportStatus.COMPLETED, records=3))
        second = history.save(replace(running, status=ExportStatus.COMPLETED, records=4))
        await asyncio.wait_for(asyncio.gather(first, second), 10)
        records, total = await history.async_list()
        assert total == 1
        assert records[0].records == 4


async def test_the_end_of_an_export_is_announced_once(life) -> None:
    async with life() as (hass, history):
        announced: list[ExportRecord] = []
        async_dispatcher_connect(hass, SIGNAL_EXPORT_FINISHED, announced.append)
        events = []
        hass.bus.async_listen(EVENT_EXPORT, events.append)
        export = record(ExportStatus.QUEUED, user_id="someone")
        history.save(export)
        history.save(replace(export, status=ExportStatus.RUNNING))
        await hass.async_block_till_done()
        assert not announced
        finished = replace(
            export,
            status=ExportStatus.COMPLETED,
            started_at=START,
            completed_at=START + timedelta(seconds=2),
            path="/secret/place",
        )
        history.save(finished)
        history.save(replace(finished, downloads=1))
        history.save(replace(finished, status=ExportStatus.EXPIRED))
        await hass.async_block_till_done()
        assert announced == [finished]
        assert len(events) == 1
        assert events[0].context.user_id is None, "the logbook tells everybody"
        assert events[0].data["duration"] == 2.0
        assert events[0].data["status"] == "completed"
        assert "/secret/place" not in str(events[0].data)


async def test_rows_survive_purge_and_repack(life) -> None:
    async with life() as (hass, history):
        await history.save(FULL)
        for n in range(20):
            hass.states.async_set("sensor.one", str(n))
        await committed(hass)
        await hass.services.async_call(
            RECORDER_DOMAIN,
            "purge",
            {"keep_days": 0, "repack": True, "apply_filter": True},
            blocking=True,
        )
        await committed(hass)
        assert await history.async_get(FULL.id) == FULL


@pytest.mark.parametrize("commit", [True, False])
async def test_listing_filters_and_pages_newest_first(life, commit: bool) -> None:
    async with life(started=commit) as (hass, history):
        pushes = [
            record(
                created_at=START + timedelta(minutes=n),
                destination="mqtt",
                destination_id="one" if n % 2 else "two",
            )
            for n in range(5)
        ]
        failed = record(ExportStatus.FAILED, created_at=START, user_id="someone")
        file = record(kind=ExportKind.FILE, created_at=START - timedelta(days=1))
        for item in (*pushes, failed, file):
            history.save(item)
        if commit:
            await committed(hass)
        newest = [item.id for item in reversed(pushes)]

        async def ids(**filters: object) -> tuple[list[str], int]:
            records, total = await history.async_list(**filters)
            return [item.id for item in records], total

        # Of two records of one instant, the one saved later comes first.
        assert await ids() == ([*newest[:4], failed.id, newest[4], file.id], 7)
        assert await ids(limit=2, offset=3) == ([newest[3], failed.id], 7)
        assert await ids(limit=5, offset=7) == ([], 7)
        assert await ids(kind=ExportKind.FILE) == ([file.id], 1)
        assert await ids(user_id="someone") == ([failed.id], 1)
        assert await ids(destination="mqtt") == (newest, 5)
        assert await ids(destination="one") == ([newest[1], newest[3]], 2)
        assert await ids(status=ExportStatus.FAILED) == ([failed.id], 1)
        both = {ExportStatus.FAILED, ExportStatus.INTERRUPTED}
        assert await ids(status=both) == ([failed.id], 1)


async def test_a_page_over_committed_and_waiting_records(life) -> None:
    async with life() as (hass, history):
        records = [record(created_at=START + timedelta(minutes=n)) for n in range(6)]
        for item in records[::2]:
            history.save(item)
        await committed(hass)
        with patch.object(history, "_queue_write"):
            for item in records[1::2]:
                history.save(item)
        page, total = await history.async_list(limit=3, offset=1)
        assert total == 6
        assert page == [records[4], records[3], records[2]]


async def test_a_deleted_record_is_gone_at_once_and_for_good(life) -> None:
    async with life() as (_, history):
        await history.save(FULL)
        await history.async_delete(FULL.id)
        # Nothing of it is left for a kill to bring back.
        assert not history._deleted
        assert await history.async_get(FULL.id) is None
        assert await history.async_list() == ([], 0)
        # As a download does that has ended in the meantime.
        await history.save(FULL)
        assert await history.async_get(FULL.id) is None
    async with life() as (_, history):
        assert await history.async_get(FULL.id) is None


async def test_a_text_no_database_takes_is_stored_readable(life) -> None:
    async with life() as (_, history):
        odd = record(
            error_message="a\x00b\ud800c",
            destination_name="x" * 400,
            request={"name": "\ud800", "when": START},
        )
        await asyncio.wait_for(history.save(odd), 10)
        read = await history.async_get(odd.id)
        assert read is not None
        assert read.error_message == "a\ufffdb?c"
        assert read.destination_name == "x" * 255
        assert read.request == {"name": "\ud800", "when": str(START)}


async def test_records_older_than_400_days_are_deleted(life) -> None:
    async with life() as (_, history):
        old = record(created_at=dt_util.utcnow() - timedelta(days=401))
        young = record(created_at=dt_util.utcnow() - timedelta(days=399))
        await history.save(old)
        await history.save(young)

        assert await history.async_purge() == 1

        assert await history.async_get(old.id) is None
        assert await history.async_get(young.id) == young


async def test_who_makes_very_many_files_pushes_out_only_his_own(life, monkeypatch) -> None:
    monkeypatch.setattr(shares_module, "MOST_FILES", 3)
    now = dt_util.utcnow()

    def made(owner: str | None, number: int) -> ExportRecord:
        made_at = now - timedelta(minutes=number)
        return record(kind=ExportKind.FILE, user_id=owner, created_at=made_at)

    async with life() as (_, history):
        anns = [made("ann", number) for number in range(5)]
        others = [made("bob", number) for number in range(2)]
        others += [made(None, number) for number in range(5)]
        for one in anns + others:
            await history.save(one)
        assert await history.async_purge() == 2
        assert await history.async_list(user_id="ann") == (anns[:3], 3)
        assert (await history.async_list(limit=100))[1] == 3 + len(others)


@pytest.mark.parametrize("dialect", ["mysql+pymysql://", "postgresql://"])
def test_the_tables_are_made_for_the_other_databases(dialect: str) -> None:
    statements: list[str] = []
    name = dialect.split("+", maxsplit=1)[0].split(":", maxsplit=1)[0]
    engine_module = __import__(f"sqlalchemy.dialects.{name}", fromlist=["dialect"])
    engine = create_mock_engine("sqlite://", lambda sql, *_: statements.append(sql))
    metadata.create_all(engine, checkfirst=False)
    compiled = [str(item.compile(dialect=engine_module.dialect())) for item in statements]
    text = "\n".join(compiled)
    if name == "mysql":
        assert text.count("ENGINE=InnoDB") == 1
        assert text.count("utf8mb4_unicode_ci") == 1
        assert "BIGINT NOT NULL AUTO_INCREMENT" in text
        assert "created_ts DOUBLE NOT NULL" in text
        assert "`trigger` VARCHAR(32)" in text
        assert "request LONGTEXT" in text
    else:
        assert "BIGSERIAL" in text
        assert "created_ts DOUBLE PRECISION NOT NULL" in text
