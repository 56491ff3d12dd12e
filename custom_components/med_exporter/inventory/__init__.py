"""What only Home Assistant's side knows, handed over to the engine as ready-made tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .comparison import async_comparison
from .configuration import async_configuration
from .health import async_health

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ..engine.job import GivenTable, Request
    from ..exports.jobs import GivenTables

GIVEN: dict[str, GivenTables] = {
    "configuration": async_configuration,
    "contract_comparison": async_comparison,
    "system_report": async_health,
}
"""Export type → what makes the tables that it needs beside the recorder's database."""


async def async_given_tables(
    hass: HomeAssistant, request: Request, user: User | None
) -> tuple[GivenTable, ...]:
    """Return the tables of a request; none where its export type needs none."""
    give = GIVEN.get(request.export_type)
    return () if give is None else await give(hass, request, user)
