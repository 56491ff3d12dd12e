"""Previews by a process of the engine, against a recorder whose database is a file."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta

import pytest
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.med_exporter.database import DatabaseUnavailableError
from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.errors import TooManyPreviewsError
from custom_components.med_exporter.exports import previewer as previewer_module
from custom_components.med_exporter.exports.previewer import Previewer

from .test_worker import engines, hass, job, recorder_db_url, store  # noqa: F401  # fixtures


@pytest.fixture
async def previewer(hass):  # noqa: F811
    made = Previewer(hass)
    yield made
    await made.async_close()
    assert not engines()


async def test_one_process_makes_them_all_until_nobody_has_asked_for_a_while(
    hass, job, previewer  # noqa: F811
):  # fmt: skip
    await store(hass, 200)
    for limit in (2, 5):
        found = await previewer.async_preview(job, limit)
        assert [row["power_w"] for row in found.rows] == list(range(limit))
    (engine,) = engines()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=60))
    await hass.async_block_till_done()
    assert engines() == [engine]
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=130))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not engines()


async def test_those_asked_for_at_once_each_get_their_own(hass, job, previewer):  # noqa: F811
    await store(hass, 50)
    found = await asyncio.gather(*(previewer.async_preview(job, limit) for limit in (1, 2, 3)))
    assert [len(one.rows) for one in found] == [1, 2, 3]
    assert len(engines()) == 1


async def test_a_process_that_dies_is_told_and_the_next_preview_has_a_new_one(
    hass, job, previewer  # noqa: F811
):  # fmt: skip
    await store(hass, 50)
    await previewer.async_preview(job, 1)
    ((pid, _),) = engines()
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ExportError) as error:
        await previewer.async_preview(job, 1)
    assert error.value.code is ErrorCode.INTERNAL_ERROR
    assert len((await previewer.async_preview(job, 1)).rows) == 1


async def test_nobody_gets_the_answer_to_a_question_that_was_given_up(
    hass, job, previewer  # noqa: F811
):  # fmt: skip
    await store(hass, 50)
    await previewer.async_preview(job, 1)
    given_up = asyncio.create_task(previewer.async_preview(job, 7))
    await asyncio.sleep(0)
    given_up.cancel()
    assert len((await previewer.async_preview(job, 2)).rows) == 2


async def test_once_closed_no_process_is_started(hass, job, previewer):  # noqa: F811
    await previewer.async_close()
    with pytest.raises(DatabaseUnavailableError):
        await previewer.async_preview(job, 1)
    assert not engines()


async def test_users_take_turns(hass, job, previewer):  # noqa: F811
    await store(hass, 50)
    order = []

    async def ask(owner):
        await previewer.async_preview(job, 1, owner)
        order.append(owner)

    many = [asyncio.create_task(ask("many")) for _ in range(10)]
    await asyncio.sleep(0.05)
    await asyncio.gather(ask("one"), ask(None))
    assert len(order) <= 6
    for task in many[6:]:
        task.cancel()
    await asyncio.gather(*many, return_exceptions=True)
    # Whoever has left holds nobody up.
    async with asyncio.timeout(10):
        await ask("one")


async def test_a_user_lets_ten_wait_and_no_more(hass, job, previewer):  # noqa: F811
    await store(hass, 50)
    many = [asyncio.create_task(previewer.async_preview(job, 1, "many")) for _ in range(10)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyPreviewsError) as error:
        await previewer.async_preview(job, 1, "many")
    assert error.value.code == "TOO_MANY_EXPORTS"
    await previewer.async_preview(job, 1, "one")
    for task in many:
        task.cancel()
    await asyncio.gather(*many, return_exceptions=True)
    # The share is free again.
    await previewer.async_preview(job, 1, "many")


async def test_one_that_takes_too_long_is_given_up(
    hass, job, previewer, monkeypatch  # noqa: F811
):  # fmt: skip
    await store(hass, 50)
    await previewer.async_preview(job, 1)
    ((pid, _),) = engines()
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(previewer_module, "_MOST_SECONDS", 0.1)
    with pytest.raises(ExportError, match="given up") as error:
        await previewer.async_preview(job, 1)
    assert error.value.code is ErrorCode.TIMED_OUT
    assert not engines()
    monkeypatch.undo()
    assert len((await previewer.async_preview(job, 2)).rows) == 2
