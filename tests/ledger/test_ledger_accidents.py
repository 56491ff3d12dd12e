"""Sudden stops, failing writes and lost tables cost no energy and count none twice."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from custom_components.med_exporter.const import PlugRole
from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.ledger import Ledger, LedgerChange, PlugSeries, PointSeries
from custom_components.med_exporter.ledger import books as books_module
from custom_components.med_exporter.ledger import ledger as ledger_module
from custom_components.med_exporter.ledger.tables import SCHEMA
from custom_components.med_exporter.statistics import SumsWriter

from .conftest import DAY, Books, plug

if TYPE_CHECKING:
    from freezegun.api import FrozenDateTimeFactory

HOUSE = PointSeries("house", PlugRole.CONSUMPTION)
ONE = PlugSeries(plug().plug_id)


def at(hour: float) -> datetime:
    return DAY.astimezone(UTC) + timedelta(hours=hour)


class Killed(BaseException):
    """Home Assistant is gone at this point."""


async def test_who_gives_up_waiting_gives_up_for_himself(books: Books) -> None:
    await books.read(plug(), 1.0, at(8))
    first = asyncio.create_task(books.read(plug(), 2.0, at(9)))
    other = asyncio.create_task(books.read(plug(), 3.0, at(10)))
    await asyncio.sleep(0)
    # As the tasks of an entry are that is unloaded.
    first.cancel()
    await other
    assert first.cancelled()
    await books.close(at(12))
    assert await total(books, books.ledger) == pytest.approx(2.0)


async def late_plug(books: Books) -> LedgerChange:
    """Let a plug that was silent for hours report after they were written."""
    for number in (1, 2):
        await books.read(plug(number), 1.0, at(8))
    await books.read(plug(1), 5.0, at(12.01))
    await books.close(at(12.5))
    await books.read(plug(2), 5.0, at(12.55))
    return LedgerChange(HOUSE, int(at(8).timestamp()))


async def total(books: Books, ledger: Ledger) -> float:
    hours = await ledger.async_hours(HOUSE, at(0), at(24))
    return sum(p.kwh for p in hours if p.closed)


class TestAKill:
    async def test_before_the_statistics_are_written(self, books: Books) -> None:
        change = await late_plug(books)
        with (
            patch.object(SumsWriter, "_write", side_effect=Killed),
            pytest.raises(Killed),
        ):
            await books.ledger.async_write_statistics()
        heard, next_life = books.changes(), Ledger(books.hass)
        await next_life.async_write_statistics()
        assert heard == [change]
        assert await total(books, next_life) == pytest.approx(
            4.0 * 4 / 4.01 + 4.0 * 4 / 4.55, abs=1e-5
        )

    async def test_after_they_are_written_and_before_anybody_has_heard(self, books: Books) -> None:
        change = await late_plug(books)
        with (
            patch.object(ledger_module, "async_dispatcher_send", side_effect=Killed),
            pytest.raises(Killed),
        ):
            await books.ledger.async_write_statistics()
        heard, next_life = books.changes(), Ledger(books.hass)
        await next_life.async_write_statistics()
        assert heard == [change]
        await next_life.async_write_statistics()
        await books.committed()
        await next_life.async_write_statistics()
        assert heard == [change]

    async def test_a_read_after_it_does_not_see_half_a_repair(self, books: Books) -> None:
        await late_plug(books)
        next_life = Ledger(books.hass)
        assert await total(books, next_life) == pytest.approx(
            4.0 * 4 / 4.01 + 4.0 * 4 / 4.55, abs=1e-5
        )


class TestAFailingWrite:
    async def test_is_made_up_by_the_next_posting(
        self, books: Books, caplog: pytest.LogCaptureFixture
    ) -> None:
        await books.read(plug(), 1.0, at(8))
        locked = OperationalError("insert", {}, sqlite3.OperationalError("database is locked"))
        with (
            patch.object(books_module, "_mark", side_effect=locked),
            pytest.raises(DatabaseUnavailableError),
        ):
            await books.read(plug(), 2.0, at(8.6), measured=True)
        assert "database could not be written" in caplog.text
        assert len(await books.rows()) == 1
        await books.read(plug(), 3.0, at(9.1), measured=True)
        half_hours = await books.ledger.async_half_hours(ONE, at(0), at(24))
        assert [(p.kwh, p.filled_kwh) for p in half_hours] == [(0, 0), (1, 0), (1, 0)]

    async def test_leaves_nothing_half_written(self, books: Books) -> None:
        await books.read(plug(), 1.0, at(8))
        before = await books.rows()
        broken = OperationalError("update", {}, sqlite3.OperationalError("disk I/O error"))
        with (
            patch.object(books_module, "write_account", side_effect=broken),
            pytest.raises(DatabaseUnavailableError),
        ):
            await books.read(plug(), 2.0, at(10))
        assert await books.rows() == before


class TestLostTables:
    async def test_the_statistics_bring_the_half_hours_back(self, books: Books) -> None:
        """Tools that move a recorder to another database leave the ledger's tables behind."""
        await books.read(plug(), 1.0, at(8))
        await books.read(plug(), 5.0, at(12.01))
        await books.close(at(12.5))
        for table in ("quarters", "accounts", "ledger", "sums", "schema"):
            await books.execute(text(f"DROP TABLE med_exporter_{table}"))
        SCHEMA.forget(get_instance(books.hass).engine)
        moved = Books(books.hass, books.freezer)
        assert await moved.ledger.async_half_hours(ONE, at(0), at(24)) == []
        await moved.read(plug(), 6.0, at(13))
        await moved.read(plug(), 8.0, at(15.01))
        await moved.close(at(15.5))
        hours = await moved.ledger.async_hours(HOUSE, at(0), at(24))
        assert sum(p.kwh for p in hours if p.closed) == pytest.approx(6.0, abs=0.02)
        half_hours = await moved.ledger.async_half_hours(ONE, at(9), at(10))
        assert [p.kwh for p in half_hours] == [pytest.approx(0.498753, abs=1e-5)] * 2


class TestTimers:
    async def test_statistics_are_written_by_themselves(
        self, books: Books, freezer: FrozenDateTimeFactory
    ) -> None:
        end = await books.ledger.async_setup()
        await books.read(plug(), 1.0, at(8))
        await books.read(plug(), 3.0, at(10.01))
        freezer.move_to(at(10.2))
        async_fire_time_changed(books.hass, dt_util.utcnow())
        await books.hass.async_block_till_done(wait_background_tasks=True)
        assert await books.written_until(ONE) == at(10)
        end()

    async def test_what_is_too_old_goes_with_the_first_run_after_a_start(
        self, books: Books, freezer: FrozenDateTimeFactory
    ) -> None:
        await books.read(plug(), 1.0, at(8))
        await books.read(plug(), 3.0, at(34))
        end = await books.ledger.async_setup()
        freezer.move_to(at(410 * 24))
        async_fire_time_changed(books.hass, dt_util.utcnow())
        await books.hass.async_block_till_done(wait_background_tasks=True)
        # The hour that was begun last is not written yet: its day of UTC stays.
        assert (await books.rows())[0].start_ts == datetime(2026, 11, 21, tzinfo=UTC).timestamp()
        end()

    async def test_series_are_called_by_the_users_language(self, books: Books) -> None:
        books.hass.config.language = "fr"
        end = await books.ledger.async_setup()
        assert books.ledger._roles["consumption"] == "consommation"
        end()
