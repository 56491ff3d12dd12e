"""How every platform of Home Assistant gets its entities: the kind of the entry adds them."""

from __future__ import annotations

import asyncio
from itertools import batched, chain
from typing import TYPE_CHECKING, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, callback
from homeassistant.helpers.recorder import get_instance

from .entry_types import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.const import Platform
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity import Entity
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback


# How many entities Home Assistant adds before its event loop goes on with other things: one may be
# the first of its device, which takes it milliseconds.
_AT_ONCE: Final = 3
# How much may wait for the recorder before more is added: states of the house stand in the same
# queue.
_BACKLOG: Final = 100
# How many seconds the set-up of an entry waits for that at most: after 10, Home Assistant warns
# that it takes long. What is left then is added behind it, at the same pace.
_PATIENCE: Final = 8


async def async_add_entities_of(
    platform: Platform,
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities that an entry has of a platform, a few at a time."""
    kind = kind_of(entry)
    assert kind is not None
    first: list[Iterable[Entity]] = []
    is_set_up = False

    @callback
    def add(
        new_entities: Iterable[Entity],
        update_before_add: bool = False,  # noqa: FBT001, FBT002 (as Home Assistant has it)
        *,
        config_subentry_id: str | None = None,
    ) -> None:
        if is_set_up:
            async_add_entities(
                new_entities, update_before_add, config_subentry_id=config_subentry_id
            )
        else:
            # They are made as they are added, where they are told one by one.
            first.append(new_entities)

    kind.entities[platform](hass, entry, add)
    is_set_up = True
    adding = entry.async_create_background_task(
        hass,
        _async_add_paced(hass, entry, chain.from_iterable(first), async_add_entities),
        f"{platform} entities of {entry.title}",
    )
    # Waiting so leaves it running when patience ends; its entry cancels it.
    await asyncio.wait([adding], timeout=_PATIENCE)
    if adding.done() and not adding.cancelled():
        adding.result()


async def _async_add_paced(
    hass: HomeAssistant,
    entry: ConfigEntry,
    entities: Iterable[Entity],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add entities as fast as the recorder follows, and no more once their entry is unloaded."""
    for number, some in enumerate(batched(entities, _AT_ONCE, strict=False)):
        if number:
            await asyncio.sleep(0)
            await _async_recorder_follows(hass)
            # Home Assistant says so before it takes the platforms down, and cancels this after.
            if entry.state not in (ConfigEntryState.SETUP_IN_PROGRESS, ConfigEntryState.LOADED):
                return
        async_add_entities(some)


async def _async_recorder_follows(hass: HomeAssistant) -> None:
    """Wait for the recorder where it works already: at a start it begins when all is set up."""
    # The recorder tells nobody how far it is.
    while hass.state is CoreState.running and get_instance(hass).backlog > _BACKLOG:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
