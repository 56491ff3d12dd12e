"""Another id for a metering point: all that is kept under the one before moves along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from sqlalchemy import delete, update

from ..const import CONF_PDL, DOMAIN
from ..costs import cost_statistic_id
from ..costs.tables import SCHEMA as COSTS_SCHEMA
from ..database import DatabaseUnavailableError, async_read, queue_work
from ..engine.database.cost_tables import metadata as costs_metadata
from ..engine.database.own_tables import exists
from ..engine.ledger import accounts_of, sums_between
from ..engine.times import FOREVER
from ..entries.finding import slug_of
from ..ledger.moving import move_metering_point
from ..ledger.series import COUNTED_ROLES, PointSeries
from ..ledger.tables import SCHEMA as LEDGER_SCHEMA
from ..pushes.renamed import SCHEMA as RENAMED_SCHEMA
from ..pushes.renamed import rename_point
from ..schedules.scheduler import DATA_SCHEDULES
from ..statistics.renaming import has_added, rename_sum

if TYPE_CHECKING:
    from collections.abc import Collection

    from homeassistant.components.recorder.core import Recorder
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from sqlalchemy.engine import Connection

_COSTS_TABLES: Final = tuple(
    one for one in costs_metadata.sorted_tables if "metering_point" in one.c
)


async def async_has_past_of_others(
    hass: HomeAssistant, before: str, pdl: str, own: Collection[str]
) -> bool:
    """Tell whether a metering point that takes another id would take over energy that is not its.

    What is kept under that id is of one that was removed.

    Args:
        hass: where it is kept.
        before: the id that it goes by.
        pdl: the id that it is to go by.
        own: the ids of its own plugs, whose energy under any id is its.

    Raises DatabaseUnavailableError.

    """
    old, new = slug_of(before), slug_of(pdl)
    if old == new:
        return False

    def look(connection: Connection) -> bool:
        accounts = accounts_of(connection, metering_point=new)
        others = [account for account in accounts if account.plug_id not in own]
        return any(one.mwh for one in sums_between(connection, others, (0, FOREVER)).values()) or (
            # What is older than the ledger.
            not accounts and has_added(connection, _statistic_ids(old, new).values())
        )

    return await async_read(hass, LEDGER_SCHEMA, look, missing=False)


async def async_move_to_pdl(hass: HomeAssistant, entry: ConfigEntry, pdl: str) -> None:
    """Unload a metering point that is to go by another id, and move all that is kept of it.

    The caller updates and loads the entry. Raises DatabaseUnavailableError, and then nothing has
    changed and the entry is loaded again.
    """
    if pdl == entry.data[CONF_PDL]:
        return
    # What it still has to book goes to where all of it moves from.
    await hass.config_entries.async_unload(entry.entry_id)
    try:
        await async_change_pdl(hass, entry, pdl)
    except DatabaseUnavailableError:
        hass.config_entries.async_schedule_reload(entry.entry_id)
        raise


async def async_change_pdl(hass: HomeAssistant, entry: ConfigEntry, pdl: str) -> None:
    """Let a metering point that is not loaded go by another id, with all that is kept of it.

    The ledger, costs and long-term statistics move in one go, destinations are to hear of it, and
    schedules name it by the new one; entities that were not renamed by the user get the ids that
    follow from it. The entry itself is left to the caller.

    Raises DatabaseUnavailableError, and then nothing has changed.
    """
    before: str = entry.data[CONF_PDL]
    if before == pdl:
        return
    recorder, title = get_instance(hass), entry.title
    old, new = slug_of(before), slug_of(pdl)
    # Where nothing has been counted or sent yet, there are no tables to look into.
    for schema in (LEDGER_SCHEMA, RENAMED_SCHEMA):
        await queue_work(hass, schema, lambda _: None)

    def move(connection: Connection) -> list[str]:
        # Destinations know it by what was typed.
        rename_point(connection, before, pdl, title)
        return [] if old == new else _move(recorder, connection, old, new)

    if left := await queue_work(hass, COSTS_SCHEMA, move):
        recorder.async_clear_statistics(left)
    if old != new:
        _rename_entities(hass, entry, old, new)
    await hass.data[DATA_SCHEDULES].async_rename_point(before, pdl)


def _statistic_ids(old: str, new: str) -> dict[str, str]:
    ids = {
        PointSeries(old, role).statistic_id: PointSeries(new, role).statistic_id
        for role in COUNTED_ROLES
    }
    return ids | {cost_statistic_id(old): cost_statistic_id(new)}


def _move(recorder: Recorder, connection: Connection, old: str, new: str) -> list[str]:
    """Move all but what destinations have; return the statistics that are to be cleared."""
    move_metering_point(connection, old, new)
    for table in _COSTS_TABLES:
        if exists(connection, table):
            # What a metering point of that id has left that is gone.
            connection.execute(delete(table).where(table.c.metering_point == new))
            connection.execute(
                update(table).where(table.c.metering_point == old).values(metering_point=new)
            )
    return [
        before
        for before, after in _statistic_ids(old, new).items()
        if rename_sum(recorder, connection, before, after)
    ]


def _rename_entities(hass: HomeAssistant, entry: ConfigEntry, old: str, new: str) -> None:
    registry = er.async_get(hass)
    prefix = f"sensor.med_{old}_"
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if entity.platform != DOMAIN or not entity.entity_id.startswith(prefix):
            continue
        renamed = f"sensor.med_{new}_{entity.entity_id.removeprefix(prefix)}"
        if registry.async_get(renamed) is None:
            registry.async_update_entity(entity.entity_id, new_entity_id=renamed)
            # Older versions keep the state that an entity of an unloaded entry has left.
            hass.states.async_remove(entity.entity_id)
