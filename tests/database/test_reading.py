"""Reads see what was committed, and fail by name."""

from __future__ import annotations

import asyncio
import threading

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from sqlalchemy import text, update

from custom_components.med_exporter.database import DatabaseUnavailableError, async_read, queue_work

from .conftest import SCHEMA, names, put, shelf_table


class TestReading:
    async def test_before_the_first_write_nothing_is_there(self, hass, stored):
        assert await async_read(hass, SCHEMA, names, "missing") == "missing"

    async def test_a_read_that_fails_says_so(self, hass, stored, caplog):
        await queue_work(hass, SCHEMA, put("a"))
        with pytest.raises(DatabaseUnavailableError):
            await async_read(
                hass, SCHEMA, lambda c: c.execute(text("SELECT nothing FROM nowhere")), None
            )
        assert "could not be read" in caplog.text
        assert await stored() == ["a"]

    async def test_a_read_changes_nothing(self, hass, stored):
        await queue_work(hass, SCHEMA, put("a"))
        await async_read(
            hass, SCHEMA, lambda c: c.execute(update(shelf_table).values(name="b")) and None, None
        )
        assert await stored() == ["a"]

    async def test_a_read_under_way_is_waited_for_at_the_stop_and_none_begins(self, hass):
        await queue_work(hass, SCHEMA, put("a"))
        begun, go_on, read = threading.Event(), threading.Event(), []

        def slow(connection):
            begun.set()
            go_on.wait(10)
            read.extend(names(connection))

        reading = asyncio.create_task(async_read(hass, SCHEMA, slow, None))
        await hass.async_add_executor_job(begun.wait, 10)
        # Nobody waits for it any longer: its thread reads all the same.
        reading.cancel()
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        stopping = asyncio.create_task(hass.async_block_till_done())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        with pytest.raises(DatabaseUnavailableError):
            await async_read(hass, SCHEMA, names, None)
        go_on.set()
        await stopping
        assert read == ["a"]
