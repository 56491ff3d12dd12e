"""Of works that may take long, one at a time stands in the recorder's queue."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from custom_components.med_exporter.database import queue_in_turn, queue_work

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


async def test_what_the_house_records_stands_behind_one_of_them(hass: HomeAssistant) -> None:
    done: list[str] = []
    works = [
        queue_in_turn(hass, None, lambda _, name=name: done.append(name))
        for name in ("one", "two", "three")
    ]
    state = queue_work(hass, None, lambda _: done.append("state"))
    await asyncio.gather(state, *works)
    assert done == ["one", "state", "two", "three"]


async def test_the_first_is_queued_at_once(hass: HomeAssistant) -> None:
    done: list[str] = []
    first = queue_in_turn(hass, None, lambda _: done.append("first"))
    await queue_work(hass, None, lambda _: done.append("second"))
    await first
    assert done == ["first", "second"]


async def test_one_that_fails_or_is_given_up_holds_nobody(hass: HomeAssistant) -> None:
    told: list[object] = []

    def fail(_: object) -> None:
        raise RuntimeError("no such table")

    failing = queue_in_turn(hass, None, fail)
    given_up = queue_in_turn(hass, None, lambda _: told.append("given up"))
    given_up.cancel()
    assert await queue_in_turn(hass, None, lambda _: 7, told.append) == 7
    assert told == [7]
    with pytest.raises(Exception, match="database"):
        await failing


async def test_one_that_is_given_up_amid_its_work_lets_the_next_one_wait(
    hass: HomeAssistant,
) -> None:
    done: list[str] = []
    first = queue_in_turn(hass, None, lambda _: done.append("first"))
    second = queue_in_turn(hass, None, lambda _: done.append("second"))
    first.cancel()
    await second
    assert done == ["first", "second"]
