"""Many entities are added a few at a time, so that the house does not wait for them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import SLOW_SETUP_WARNING
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter import platforms
from custom_components.med_exporter.entries.kind import EntryKind

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


async def _nothing(*_: object) -> None:
    """Set up nothing."""


def _entry() -> MockConfigEntry:
    """Return an entry that Home Assistant sets up."""
    return MockConfigEntry(state=ConfigEntryState.SETUP_IN_PROGRESS)


async def test_the_loop_goes_on_while_many_are_added(hass: HomeAssistant) -> None:
    later = []

    def give(_hass, _entry, add) -> None:
        add([Entity() for _ in range(95)])
        add([Entity() for _ in range(5)])
        later.append(add)

    kind = EntryKind(type="toy", async_setup=_nothing, entities={Platform.SENSOR: give})
    added, rounds = [], 0

    async def count_rounds() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0)
            rounds += 1

    counting = asyncio.create_task(count_rounds())
    await asyncio.sleep(0)

    def add(entities, *_: object, **__: object) -> None:
        added.append((rounds, len(list(entities))))

    with (
        patch.object(platforms, "kind_of", lambda _: kind),
        patch.object(platforms, "get_instance", lambda _: SimpleNamespace(backlog=0)),
    ):
        await platforms.async_add_entities_of(Platform.SENSOR, hass, _entry(), add)
    assert sum(count for _, count in added) == 100
    assert max(count for _, count in added) <= 5
    assert len({when for when, _ in added}) >= len(added) - 1
    # What is found later is added at once.
    later[0]([Entity()])
    assert added[-1][1] == 1
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting


async def test_the_recorder_is_given_time_to_follow(hass: HomeAssistant) -> None:
    waiting = SimpleNamespace(backlog=0)

    def give(_hass, _entry, add) -> None:
        add([Entity() for _ in range(300)])

    def add(entities, *_: object, **__: object) -> None:
        # Each is registered, and has a state: the recorder gets both.
        waiting.backlog += 2 * len(list(entities))
        longest.append(waiting.backlog)

    async def record() -> None:
        while True:
            await asyncio.sleep(0.01)
            waiting.backlog = max(0, waiting.backlog - 100)

    longest: list[int] = []
    recording = asyncio.create_task(record())
    kind = EntryKind(type="toy", async_setup=_nothing, entities={Platform.SENSOR: give})
    with (
        patch.object(platforms, "kind_of", lambda _: kind),
        patch.object(platforms, "get_instance", lambda _: waiting),
    ):
        await platforms.async_add_entities_of(Platform.SENSOR, hass, _entry(), add)
    recording.cancel()
    with suppress(asyncio.CancelledError):
        await recording
    assert len(longest) == 100
    assert max(longest) <= 150


@pytest.mark.parametrize(
    ("state", "count"),
    [(ConfigEntryState.LOADED, 12), (ConfigEntryState.UNLOAD_IN_PROGRESS, 3)],
)
async def test_what_is_left_after_the_set_up_is_added_unless_its_entry_is_being_unloaded(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, state: ConfigEntryState, count: int
) -> None:
    """A recorder that is slow for long holds up neither the set-up nor the house's states."""
    recorder, added = _late_recorder(monkeypatch), []
    entry = _entry()
    await platforms.async_add_entities_of(Platform.SENSOR, hass, entry, added.extend)
    assert len(added) == 3
    entry.mock_state(hass, state)
    recorder.backlog = 0
    await asyncio.wait(entry._background_tasks)
    assert len(added) == count


def test_home_assistant_warns_of_no_set_up_that_waits_for_the_recorder() -> None:
    assert platforms._PATIENCE < SLOW_SETUP_WARNING


def _late_recorder(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Let a kind have twelve entities, and return a recorder that is behind for longer."""

    def give(_hass, _entry, add) -> None:
        add(Entity() for _ in range(12))

    kind = EntryKind(type="toy", async_setup=_nothing, entities={Platform.SENSOR: give})
    recorder = SimpleNamespace(backlog=1000)
    monkeypatch.setattr(platforms, "kind_of", lambda _: kind)
    monkeypatch.setattr(platforms, "get_instance", lambda _: recorder)
    monkeypatch.setattr(platforms, "_PATIENCE", 0.01)
    return recorder
