"""What only Home Assistant's side knows, handed over to the engine as ready-made tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..rights import is_administrator
from .configuration import async_configuration
from .health import destination_health

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..engine.job import GivenTable
    from ..exports.request import ExportRequest


async def async_given_tables(
    hass: HomeAssistant, request: ExportRequest, user: User | None
) -> tuple[GivenTable, ...]:
    """Return the tables that an export needs beside the recorder's database.

    A report of the system has what it says of destinations, and with them of exports and the
    database, for administrators only.
    """
    if request.export_type == "configuration":
        return await async_configuration(hass)
    if request.export_type == "system_report" and is_administrator(user):
        return (destination_health(hass),)
    return ()
