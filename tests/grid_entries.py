"""The grid's entry for tests, set up through the real config flow with a server on loopback."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.sources.tempo_calendar import paris_date, season_start
from tests.grid_server import CLIENT_ID, CLIENT_SECRET, GridServer, gateway_signal, rte_signal
from tests.metering_points import answer, settle, start_flow

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

ACCOUNT = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
SERVERS = ("rte", "services_rte", "couleur_tempo", "gateway", "open_dpe")


def at(server: GridServer, **others: str) -> dict[str, dict[str, str]]:
    """Return the section of a form that names the servers."""
    return {"addresses": {**dict.fromkeys(SERVERS, server.address), **others}}


def fill(server: GridServer, today: date | None = None) -> date:
    """Give the server a blue season up to today: green from RTE, orange from the gateway."""
    today = today or paris_date(datetime.now(UTC))
    server.fill(season_start(today), today)
    server.signals = [rte_signal(today, 1)]
    server.gateway_signals = {str(today - timedelta(days=1)): gateway_signal(today, 2)}
    return today


async def add_grid(
    hass: HomeAssistant, server: GridServer, account: dict[str, str] | None = ACCOUNT
) -> ConfigEntry:
    """Set up the grid, by default with an account."""
    user_input: dict[str, Any] = {**(account or {}), **at(server)}
    flow = await answer(hass, await start_flow(hass, "grid"), user_input)
    assert flow["type"] is FlowResultType.CREATE_ENTRY, flow.get("errors")
    await settle(hass)
    return flow["result"]


def grid_entity(hass: HomeAssistant, entry: ConfigEntry, key: str) -> str:
    """Return the entity id of a sensor of the grid's own device."""
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{entry.entry_id}_{key}")
    assert entity_id is not None
    return entity_id
