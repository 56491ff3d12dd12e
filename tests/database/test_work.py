"""Work is done whole or not at all, and fails by name."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from custom_components.med_exporter.database import (
    DatabaseUnavailableError,
    UndoneError,
    async_read,
    async_work_within,
    queue_work,
)
from custom_components.med_exporter.database.commit import async_commit

from .conftest import SCHEMA, names, put, shelf_table


class TestWriting:
    async def test_the_result_comes_after_the_commit(self, hass, stored):
        assert await queue_work(hass, SCHEMA, put("a")) == "a"
        # Read over another connection.
        assert await async_read(hass, SCHEMA, names, None) == ["a"]

    async def test_works_are_done_in_the_order_in_which_they_were_queued(self, hass):
        order = []
        for number in range(20):
            queue_work(hass, SCHEMA, lambda _, n=number: order.append(n))
        await queue_work(hass, SCHEMA, lambda _: None)
        assert order == list(range(20))

    async def test_what_is_told_after_the_commit_is_told_before_the_result(self, hass):
        told = []
        await queue_work(hass, SCHEMA, put("a"), told.append)
        assert told == ["a"]

    async def test_one_that_is_undone_has_a_result_all_the_same(self, hass, stored, caplog):
        def undone(connection):
            put("b")(connection)
            raise UndoneError("nothing")

        assert await queue_work(hass, SCHEMA, put("a")) == "a"
        assert await queue_work(hass, SCHEMA, undone) == "nothing"
        assert await stored() == ["a"]
        assert "Error executing query" not in caplog.text

    async def test_one_with_a_mistake_of_ours_keeps_nobody_waiting(self, hass, stored, caplog):
        def mistaken(connection):
            put("b")(connection)
            raise KeyError("no such row")

        with pytest.raises(DatabaseUnavailableError):
            await queue_work(hass, SCHEMA, mistaken)
        assert "no such row" in caplog.text
        await queue_work(hass, SCHEMA, put("a"))
        assert await stored() == ["a"]

    async def test_long_texts_and_any_letters_survive(self, hass):
        written = "❄é\u200f" * 40_000
        await queue_work(hass, SCHEMA, put("a", written))
        read = await async_read(
            hass,
            SCHEMA,
            lambda connection: connection.execute(shelf_table.select()).one().text,
            None,
        )
        assert read == written

    async def test_one_that_fails_leaves_nothing(self, hass, stored, caplog):
        def half(connection):
            put("b")(connection)
            put("a")(connection)

        await queue_work(hass, SCHEMA, put("a"))
        told = []
        with pytest.raises(DatabaseUnavailableError) as raised:
            await queue_work(hass, SCHEMA, half, told.append)
        assert isinstance(raised.value.__cause__, IntegrityError | None)
        assert await stored() == ["a"]
        assert told == []
        assert "could not be written" in caplog.text

    async def test_it_does_not_hinder_those_behind_it(self, hass, stored):
        def fail(connection):
            connection.execute(text("SELECT nothing FROM nowhere"))

        failed = queue_work(hass, SCHEMA, fail)
        await queue_work(hass, SCHEMA, put("a"))
        assert failed.done()
        assert await stored() == ["a"]

    async def test_nobody_has_to_look_at_the_outcome(self, hass, stored, caplog):
        """An exception that is never retrieved would be complained about."""
        queue_work(hass, SCHEMA, lambda c: c.execute(text("SELECT nothing FROM nowhere")))
        await stored()
        assert "never retrieved" not in caplog.text

    async def test_one_who_waits_no_longer_does_not_undo_it(self, hass, stored):
        queue_work(hass, SCHEMA, put("a")).cancel()
        assert await stored() == ["a"]


class TestWritingWithin:
    async def test_what_is_done_in_time_is_committed(self, hass, stored):
        assert await async_work_within(hass, SCHEMA, put("a"), 10) == "a"
        assert await stored() == ["a"]

    @pytest.mark.parametrize("is_begun", [True, False])
    async def test_what_is_not_is_never_done(self, hass, stored, is_begun):
        let_go = threading.Event()

        def slow(connection):
            put("late")(connection)
            if is_begun:
                let_go.wait()

        await queue_work(hass, SCHEMA, put("a"))
        if not is_begun:
            queue_work(hass, None, lambda _: let_go.wait())
        with pytest.raises(DatabaseUnavailableError) as refused:
            await async_work_within(hass, SCHEMA, slow, 0.05)
        let_go.set()
        assert refused.value.translation_key == "database_busy"
        assert await stored() == ["a"]

    async def test_one_that_fails_says_so(self, hass):
        await queue_work(hass, SCHEMA, put("a"))
        with pytest.raises(DatabaseUnavailableError) as refused:
            await async_work_within(hass, SCHEMA, put("a"), 10)
        assert refused.value.translation_key == "database_unavailable"


class TestABrokenDatabase:
    @staticmethod
    def broken():
        error = OperationalError(
            "insert", {}, sqlite3.DatabaseError("database disk image is malformed")
        )
        # As SQLAlchemy raises it, and as the recorder looks for it.
        error.__cause__ = error.orig
        return error

    async def test_the_work_is_done_once_more_on_the_new_one(self, hass, stored, recorder_db_url):
        await queue_work(hass, SCHEMA, put("old"))
        tries = []

        def work(connection):
            tries.append(1)
            if len(tries) == 1:
                raise self.broken()
            return put("new")(connection)

        assert await asyncio.wait_for(queue_work(hass, SCHEMA, work), 20) == "new"
        assert await stored() == ["new"]
        folder = Path(recorder_db_url.removeprefix("sqlite:///")).parent
        assert list(folder.glob("*corrupt*"))

    async def test_it_is_not_tried_for_ever(self, hass):
        tries = []

        def work(_):
            tries.append(1)
            raise self.broken()

        done = queue_work(hass, SCHEMA, work)
        with pytest.raises(DatabaseUnavailableError):
            await asyncio.wait_for(asyncio.shield(done), 20)
        await async_commit(hass)
        assert len(tries) == 2
