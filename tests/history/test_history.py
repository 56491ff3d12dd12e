"""The history survives what the recorder's database goes through."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_test_home_assistant
from sqlalchemy import create_mock_engine
from sqlalchemy.exc import OperationalError

from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.engine.database.history_tables import metadata
from custom_components.med_exporter.history import history as history_module
from custom_components.med_exporter.history import shares as shares_module
from custom_components.med_exporter.history.history import History
from custom_components.med_exporter.history.records import (
    EVENT_EXPORT,
    SIGNAL_EXPORT_FINISHED,
    ExportKind,
    ExportRecord,
    ExportStatus,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture
def recorder_db_url(tmp_path: Path) -> str:
    """A database in a file, as in a real installation."""
    return f"sqlite:///{tmp_path / 'home-assistant_v2.db'}"


@pytest.fixture
def life(
    recorder_db_url: str, async_test_recorder: RecorderInstanceContextManager
) -> Callable[..., object]:
    """One life of Home Assistant with its recorder on the database file."""

    @asynccontextmanager
    async def one_life(*, started: bool = True) -> AsyncIterator[tuple[HomeAssistant, History]]:
        state = CoreState.running if started else CoreState.not_running
        async with async_test_home_assistant(initial_state=state) as hass:
            try:
                async with async_test_recorder(hass, wait_recorder=started) as instance:
                    await instance.async_db_ready
                    history = History(hass)
                    history.async_setup()
                    yield hass, history
            finally:
                await hass.async_stop(force=True)

    return one_life


def record(status: ExportStatus = ExportStatus.COMPLETED, **values: object) -> ExportRecord:
    return ExportRecord(
        **{
            "id": str(uuid.uuid4()),
            "kind": ExportKind.PUSH,
            "status": status,
            "trigger": "button",
            "created_at": START,
            **values,
        }
    )


FULL = record(
    kind=ExportKind.FILE,
    trigger="http",
    started_at=START + timedelta(seconds=1, microseconds=250_000),
    completed_at=START + timedelta(seconds=3),
    expires_at=START + timedelta(days=7),
    user_id="0123456789abcdef0123456789abcdef",
    export_type="device_data",
    format="csv",
    destination_id=str(uuid.uuid4()),
    destination="mqtt",
    destination_name="Maison 🏠 «été»",
    records=3_000_000_000,
    size=5_000_000_000,
    error_code="TIMED_OUT",
    error_message="no answer",
    path="/config/med_exporter/exports/a.csv",
    request={"fields": ["power_w"], "date_range": {"start": "2026-11-01"}},
    warnings=[{"code": "GAP", "count": 2}],
    downloads=2,
)


async def committed(hass: HomeAssistant) -> None:
    await hass.async_add_executor_job(get_instance(hass).block_till_done)
    # What the recorder's thread tells the loop takes a few rounds of it to be acted upon.
    for _ in range(5):
        await asyncio.sleep(0)
    await hass.async_block_till_done()


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


@pytest.fixture
async def left_unfinished(life) -> tuple[ExportRecord, ExportRecord]:
    """Two runs that an earlier life left in the database, beside a completed one."""
    async with life() as (hass, history):
        running = record(ExportStatus.RUNNING, user_id="someone")
        queued = record(ExportStatus.QUEUED, kind=ExportKind.FILE)
        for item in (running, queued, record(ExportStatus.COMPLETED)):
            history.save(item)
        await committed(hass)
    return running, queued


async def test_a_run_under_way_is_interrupted_at_the_next_start(life, left_unfinished) -> None:
    async with life() as (hass, history):
        announced: list[ExportRecord] = []
        async_dispatcher_connect(hass, SIGNAL_EXPORT_FINISHED, announced.append)
        await committed(hass)
        assert {item.id for item in announced} == {item.id for item in left_unfinished}
        assert {item.error_code for item in announced} == {"INTERRUPTED"}
        assert all(item.completed_at is not None for item in announced)
        assert (await history.async_list(status=ExportStatus.COMPLETED))[1] == 1
        stored = await history.async_list(status=ExportStatus.INTERRUPTED)
    async with life() as (hass, history):
        announced = []
        async_dispatcher_connect(hass, SIGNAL_EXPORT_FINISHED, announced.append)
        await committed(hass)
        assert not announced
        assert await history.async_list(status=ExportStatus.INTERRUPTED) == stored


async def test_a_run_that_ends_while_it_is_read_does_not_look_interrupted(life) -> None:
    running = record(ExportStatus.RUNNING)
    read = history_module.async_read

    async with life() as (_, history):
        await history.save(running)

        async def read_slowly(*arguments):
            rows = await read(*arguments)
            history.save(replace(running, status=ExportStatus.COMPLETED))
            return rows

        for ask in (history.async_list, lambda: history.async_get(running.id)):
            await history.save(running)
            with patch.object(history_module, "async_read", read_slowly):
                assert "INTERRUPTED" not in repr(await ask())


async def test_an_interrupted_run_reads_so_before_the_recorders_queue_runs(
    life, left_unfinished
) -> None:
    async with life(started=False) as (_, history):
        running, queued = left_unfinished
        assert (await history.async_get(running.id)).status is ExportStatus.INTERRUPTED
        interrupted, total = await history.async_list(status=ExportStatus.INTERRUPTED)
        assert total == 2
        assert {item.id for item in interrupted} == {running.id, queued.id}
        assert await history.async_list(status=ExportStatus.RUNNING) == ([], 0)
        own = record(ExportStatus.RUNNING)
        history.save(own)
        assert await history.async_list(status=ExportStatus.RUNNING) == ([own], 1)


async def test_a_committed_run_of_this_life_stays_running(life) -> None:
    async with life() as (_, history):
        running = record(ExportStatus.RUNNING)
        await asyncio.wait_for(history.save(running), 10)
        assert await history.async_list(status=ExportStatus.RUNNING) == ([running], 1)
        assert await history.async_list(status=ExportStatus.INTERRUPTED) == ([], 0)


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
    async with life() as (hass, history):
        await history.save(FULL)
        await history.async_delete(FULL.id)
        assert await history.async_get(FULL.id) is None
        assert await history.async_list() == ([], 0)
        await committed(hass)
        assert not history._deleted
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


async def test_a_failed_write_is_made_up_by_the_next(
    life, caplog: pytest.LogCaptureFixture
) -> None:
    async with life() as (hass, history):
        await committed(hass)
        first, second = record(), record()
        locked = OperationalError("insert", {}, sqlite3.OperationalError("database is locked"))
        with (
            patch.object(history_module, "upsert", side_effect=locked),
            pytest.raises(DatabaseUnavailableError),
        ):
            await asyncio.wait_for(history.save(first), 10)
        assert await history.async_get(first.id) == first
        await asyncio.wait_for(history.save(second), 10)
        assert not history._pending
        assert (await history.async_list())[1] == 2


async def test_the_history_goes_on_after_the_database_was_broken(
    life, recorder_db_url: str
) -> None:
    async with life() as (_, history):
        await history.save(record())
        broken = OperationalError(
            "insert", {}, sqlite3.DatabaseError("database disk image is malformed")
        )
        broken.__cause__ = broken.orig
        real, calls = history_module.upsert, []

        def break_once(connection, item) -> None:
            calls.append(item)
            if len(calls) == 1:
                raise broken
            real(connection, item)

        later = record()
        with patch.object(history_module, "upsert", side_effect=break_once):
            await asyncio.wait_for(history.save(later), 20)
        moved = list(Path(recorder_db_url.removeprefix("sqlite:///")).parent.glob("*corrupt*"))
        assert moved
        # The new database holds what was saved since.
        assert await history.async_list() == ([later], 1)


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
