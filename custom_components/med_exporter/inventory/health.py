"""How the destinations stand, for a report of the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ID, CONF_TYPE

from ..engine.job import GivenTable
from ..engine.readings.fields import Kind
from ..engine.rows.tables import Column, Holds
from ..pushes.entry import destination_entries
from ..rights import is_administrator

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..engine.job import Request


async def async_health(
    hass: HomeAssistant, _request: Request, user: User | None
) -> tuple[GivenTable, ...]:
    """Return what a report of the system says of destinations.

    It is for administrators only, and with it what the report says of exports and the database.
    """
    return (_destinations(hass),) if is_administrator(user) else ()


def _destinations(hass: HomeAssistant) -> GivenTable:
    """Return id, name, type, state and backlog of each destination.

    One that is not loaded has the state of its config entry, and no backlog.
    """
    rows = []
    for entry in destination_entries(hass):
        state, backlog = "disabled" if entry.disabled_by else entry.state.value, None
        if entry.state is ConfigEntryState.LOADED:
            runtime = entry.runtime_data
            state, backlog = runtime.state.value, runtime.backlog
        rows.append((entry.data[CONF_ID], entry.title, entry.data[CONF_TYPE], state, backlog))
    return GivenTable(
        name="destinations",
        columns=(
            Column("id", Kind.TEXT),
            Column("name", Kind.TEXT, holds=Holds.TEXT),
            Column("type", Kind.TEXT),
            Column("state", Kind.TEXT),
            Column("backlog", Kind.NUMBER),
        ),
        rows=tuple(rows),
    )
