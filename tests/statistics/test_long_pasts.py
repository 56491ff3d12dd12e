"""While a long past is written, the recorder's thread does not copy SQLite's log to its file."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from custom_components.med_exporter.database import (
    DatabaseUnavailableError,
    queue_in_turn,
    queue_work,
)
from custom_components.med_exporter.database.commit import async_commit
from custom_components.med_exporter.statistics import writer as writer_module

from .test_writer import END, HOUR, NOW, Sums, last_hours

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

NAMES = [f"med_exporter:{name}" for name in "abcdef"]
HOURS = 6000


@pytest.fixture
def recorder_db_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/home-assistant_v2.db"


@pytest.fixture
def sums(hass_with_recorder: HomeAssistant, freezer) -> Sums:
    freezer.move_to(NOW)
    return Sums(hass_with_recorder)


def pages_until_copied(connection: Connection) -> int:
    return connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() or 0


@pytest.fixture
async def usual(sums: Sums) -> int:
    """Count a long past; returns with how many pages of the log whoever commits copies it."""
    pages = await queue_work(sums.hass, None, pages_until_copied)
    for name in NAMES:
        await sums.count(name, last_hours(HOURS))
    return pages


def before_each_part(act: Callable[[int], None]) -> AbstractContextManager[object]:
    """Call something with the number of each part of a write, from 1 on, before it is queued."""
    numbers = itertools.count(1)

    def queue(*args):
        act(next(numbers))
        return queue_in_turn(*args)

    return patch.object(writer_module, "queue_in_turn", queue)


def log_size(recorder_db_url: str) -> int:
    return Path(f"{recorder_db_url.removeprefix('sqlite:///')}-wal").stat().st_size


async def test_all_of_it_is_in_the_file_afterwards_and_commits_copy_as_usual(
    sums: Sums, usual: int, recorder_db_url: str
) -> None:
    meanwhile: list[int] = []

    def queue(hass, schema, work, committed=None):
        def watched(connection: Connection):
            meanwhile.append(pages_until_copied(connection))
            return work(connection)

        return queue_in_turn(hass, schema, watched, committed)

    with patch.object(writer_module, "queue_in_turn", queue):
        await sums.writer.async_write()
    await async_commit(sums.hass)
    assert max(meanwhile) > usual
    assert await queue_work(sums.hass, None, pages_until_copied) == usual
    assert log_size(recorder_db_url) < 100_000
    for name in NAMES:
        assert await sums.stored(name) == list(range(1, HOURS + 1))


@pytest.mark.parametrize("part", [1, 2])
async def test_where_nobody_waits_for_it_any_more_commits_copy_as_usual(
    sums: Sums, usual: int, part: int
) -> None:
    """Also where the first part that lets the log grow is only queued then."""

    def cancel(number: int) -> None:
        if number == part + 1:
            sums.hass.loop.call_soon(writing.cancel)

    with before_each_part(cancel):
        writing = asyncio.create_task(sums.writer.async_write())
        with pytest.raises(asyncio.CancelledError):
            await writing
    await async_commit(sums.hass)
    assert await queue_work(sums.hass, None, pages_until_copied) == usual


async def test_where_writing_stops_amid_it_commits_copy_as_usual(sums: Sums, usual: int) -> None:
    def fail(number: int) -> None:
        if number > 3:
            raise DatabaseUnavailableError

    with before_each_part(fail), pytest.raises(DatabaseUnavailableError):
        await sums.writer.async_write()
    assert await queue_work(sums.hass, None, pages_until_copied) == usual
    # What was missing follows with the next time.
    await sums.count(NAMES[0], {END - HOUR: 1})
    await sums.writer.async_write()
    assert await sums.stored(NAMES[-1]) == list(range(1, HOURS + 1))
