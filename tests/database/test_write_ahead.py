"""While large parts are written, another thread than the recorder's copies them to the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from sqlalchemy import text

from custom_components.med_exporter.database import WriteAhead, queue_work
from custom_components.med_exporter.database.commit import async_commit

from .conftest import SCHEMA, put

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

# In bytes: more than what SQLite lets its log have, which is 1,000 pages of 4 kB.
PART = "x" * 5_000_000


@pytest.fixture
def recorder_db_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/home-assistant_v2.db"


@pytest.fixture
def database(recorder_db_url: str) -> Path:
    return Path(recorder_db_url.removeprefix("sqlite:///"))


def log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def usual(connection: Connection) -> int:
    return connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() or 0


async def write(hass: HomeAssistant, log: WriteAhead, *names: str) -> None:
    def work(name: str, connection: Connection) -> None:
        put(name, PART)(connection)
        log.let_grow(connection)

    for name in names:
        await queue_work(hass, SCHEMA, lambda c, name=name: work(name, c))


def names_in(database: Path) -> list[str]:
    """Return what a file holds by itself, without its log."""
    alone = database.with_name("alone.db")
    alone.write_bytes(database.read_bytes())
    with closing(sqlite3.connect(alone)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM test_shelf ORDER BY name")]


async def test_parts_reach_the_file_together_and_the_log_is_empty_then(
    hass: HomeAssistant, database: Path
) -> None:
    log = WriteAhead(hass)
    await queue_work(hass, SCHEMA, lambda _: None)
    await async_commit(hass)
    await write(hass, log, "a", "b", "c")
    assert log_of(database).stat().st_size > 3 * len(PART)
    # It is not long yet.
    await log.async_copy()
    assert log_of(database).stat().st_size > 3 * len(PART)
    await log.async_copy(is_last=True)
    assert log_of(database).stat().st_size == 0
    assert names_in(database) == ["a", "b", "c"]


async def test_a_long_log_is_copied_on_the_way(hass: HomeAssistant, database: Path) -> None:
    log = WriteAhead(hass)
    await write(hass, log, *"abcdefghijklmn")
    await log.async_copy()
    assert log_of(database).stat().st_size == 0
    assert len(names_in(database)) == 14


async def test_whoever_commits_copies_as_usual_afterwards(
    hass: HomeAssistant, database: Path
) -> None:
    before = await queue_work(hass, None, usual)
    log = WriteAhead(hass)
    await write(hass, log, "a")
    assert await queue_work(hass, None, usual) > before
    log.end()
    assert await queue_work(hass, None, usual) == before
    await queue_work(hass, SCHEMA, put("b", PART))
    assert names_in(database) == ["a", "b"]
    # Ended as it is, it does nothing more.
    await log.async_copy(is_last=True)
    log.end()


async def test_who_reads_keeps_the_log_and_nobody_waits(
    hass: HomeAssistant, database: Path
) -> None:
    log = WriteAhead(hass)
    await write(hass, log, "a")
    with closing(sqlite3.connect(database)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT COUNT(*) FROM test_shelf").fetchone() == (1,)
        await write(hass, log, "b")
        await log.async_copy(is_last=True)
        assert log_of(database).stat().st_size > 0
        assert reader.execute("SELECT COUNT(*) FROM test_shelf").fetchone() == (1,)
        reader.execute("COMMIT")
        assert reader.execute("SELECT COUNT(*) FROM test_shelf").fetchone() == (2,)
    await log.async_copy(is_last=True)
    assert names_in(database) == ["a", "b"]


async def test_a_log_that_cannot_be_copied_is_left_to_whoever_commits(
    hass: HomeAssistant, database: Path
) -> None:
    log = WriteAhead(hass)
    await write(hass, log, "a")
    with patch.object(sqlite3, "connect", side_effect=sqlite3.OperationalError("disk I/O error")):
        await log.async_copy(is_last=True)
    log.end()
    await queue_work(hass, SCHEMA, put("b", PART))
    assert names_in(database) == ["a", "b"]


class TestWithoutALog:
    @pytest.fixture
    def recorder_db_url(self) -> str:
        return "sqlite://"

    async def test_nothing_is_changed(self, hass: HomeAssistant) -> None:
        before = await queue_work(hass, None, usual)
        log = WriteAhead(hass)
        await write(hass, log, "a")
        await log.async_copy(is_last=True)
        log.end()
        assert await queue_work(hass, None, usual) == before
        count = text("SELECT COUNT(*) FROM test_shelf")
        assert await queue_work(hass, SCHEMA, lambda c: c.execute(count).scalar()) == 1
