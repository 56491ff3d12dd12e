"""A run that was under way at a stop is interrupted, and a broken database loses no later run."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from sqlalchemy.exc import OperationalError

from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.history import history as history_module
from custom_components.med_exporter.history.records import (
    SIGNAL_EXPORT_FINISHED,
    ExportKind,
    ExportRecord,
    ExportStatus,
)

from .records import committed, record


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
