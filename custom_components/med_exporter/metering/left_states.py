"""States that Home Assistant's recorder leaves under the former id of an entity that is renamed.

It moves them, but not where states stand under the new id already: those of another entity that
had it once, and in older versions also the first that the renamed one writes.
"""

from __future__ import annotations

from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from sqlalchemy import exists, select

from ..const import CONF_PLUGS
from ..database import queue_work, succeeded
from ..engine.database.recorder_tables import STATES, STATES_META
from ..engine.former_entities import FormerEntities

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping, Sequence

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import Event, HomeAssistant
    from homeassistant.helpers.entity_registry import EventEntityRegistryUpdatedData
    from sqlalchemy.engine import Connection

    type _Renamed = dict[str, Any]
    """`until` and `entities` of one time."""

CONF_LEFT_STATES: Final = "left_states"
"""In what an entry keeps of a plug or meter: `until` (UTC seconds) and `entities`, for each time
that states were left, the oldest first."""

_CONF_RENAMED: Final = "renamed"
"""The same for what was renamed, as long as nobody has looked whether states were left: a stop may
come first."""


@callback
def async_note_left_states(
    hass: HomeAssistant,
    entry: ConfigEntry,
    entities_of: Callable[[str], Mapping[str, str]],
) -> None:
    """Remember where states stay, from now on until the entry is unloaded.

    `entities_of` returns the present entities of a plug or meter, by reading field.
    """

    @callback
    def on_update(event: Event[EventEntityRegistryUpdatedData]) -> None:
        data = event.data
        if data["action"] != "update" or "old_entity_id" not in data:
            return
        old, new, at = data["old_entity_id"], data["entity_id"], dt_util.utcnow().timestamp()
        entities = {plug_id: entities_of(plug_id) for plug_id in entry.data[CONF_PLUGS]}
        if renamed := _renamed(entities, old, new, at):
            _change(hass, entry, renamed, add_to=_CONF_RENAMED)
            # The recorder may hear of it after this, and is to have moved them.
            hass.loop.call_soon(look, old, renamed)

    @callback
    def look(old: str, renamed: Mapping[str, _Renamed]) -> None:
        @callback
        def looked(found: asyncio.Future[bool]) -> None:
            if succeeded(found):
                to = CONF_LEFT_STATES if found.result() else None
                _change(hass, entry, renamed, add_to=to, take_from=_CONF_RENAMED)

        queue_work(hass, None, lambda c: _has_states(c, old)).add_done_callback(looked)

    for plug_id, plug in entry.data[CONF_PLUGS].items():
        for one in plug.get(_CONF_RENAMED, ()):
            look(next(iter(one["entities"].values())), {plug_id: one})
    entry.async_on_unload(hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, on_update))


def left_states(plug: Mapping[str, Any]) -> tuple[FormerEntities, ...]:
    """Return what an entry has noted of a plug or meter: the renamed entities, by former ids."""
    return tuple(FormerEntities(**one) for one in plug.get(CONF_LEFT_STATES, ()))


def former_entities(
    present: Mapping[str, str],
    replaced: Sequence[FormerEntities],
    left: Sequence[FormerEntities],
) -> tuple[FormerEntities, ...]:
    """Return all entities under whose ids readings are found that are not found under the present.

    `replaced` are the meters that stood in the place of this one.
    """
    edges = sorted({0.0, *(one.until for one in (*left, *replaced))})
    found = []
    for since, until in pairwise(edges):
        then = next((one for one in replaced if one.until > since), None)
        told = present if then is None else then.entities
        states: dict[str, str] = {}
        # Of an entity that was renamed twice, the id before the first time holds until then.
        for one in reversed(left):
            if one.until > since and (then is None or one.until <= then.until):
                states |= one.entities
        # Statistics stay behind for reasons of their own.
        hours = {field: told[field] for field in states if field in told}
        found.append(FormerEntities(until=until, entities={**told, **states}, hours=hours))
    return tuple(found)


def _has_states(connection: Connection, entity_id: str) -> bool:
    of_it = STATES_META.c.metadata_id == STATES.c.metadata_id
    states = exists().where(of_it, STATES_META.c.entity_id == entity_id)
    return bool(connection.execute(select(states)).scalar())


def _renamed(
    entities: Mapping[str, Mapping[str, str]], old: str, new: str, at: float
) -> dict[str, _Renamed]:
    """Return which fields of which plugs an entity shows that was renamed then."""
    found: dict[str, _Renamed] = {}
    for plug_id, own in entities.items():
        if fields := [field for field, one in own.items() if one in (old, new)]:
            found[plug_id] = {"until": at, "entities": dict.fromkeys(fields, old)}
    return found


@callback
def _change(
    hass: HomeAssistant,
    entry: ConfigEntry,
    renamed: Mapping[str, _Renamed],
    *,
    add_to: str | None,
    take_from: str | None = None,
) -> None:
    """Write what was renamed, by plug, to a list of what the entry keeps, and take it from one."""
    plugs = {}
    for plug_id, plug in entry.data[CONF_PLUGS].items():
        plugs[plug_id] = kept = dict(plug)
        if (one := renamed.get(plug_id)) is None:
            continue
        if take_from is not None:
            kept[take_from] = [other for other in plug.get(take_from, ()) if other != one]
            if not kept[take_from]:
                del kept[take_from]
        if add_to is not None:
            kept[add_to] = sorted([*kept.get(add_to, ()), one], key=itemgetter("until"))
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_PLUGS: plugs})
