"""The grid's flow tries the servers before it saves, and names the mistake at its field."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, TCPConnector, ThreadedResolver
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow

from custom_components.med_exporter import vault as vault_module
from custom_components.med_exporter.const import DOMAIN, EntryType
from custom_components.med_exporter.entries.finding import entries_of_type
from custom_components.med_exporter.grid import servers as grid_sources
from custom_components.med_exporter.grid.coordinator import grid_store
from custom_components.med_exporter.sources import web
from custom_components.med_exporter.vault import async_get_vault
from tests.grid_entries import ACCOUNT, add_grid, at, fill
from tests.grid_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    HTML,
    SILENT,
    TEMPO_SERVICES,
    Failure,
    GridServer,
    running_grid_server,
)
from tests.metering_points import answer, settle, start_flow, start_reconfigure
from tests.real_home.ports import free_port

from .words import errors_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

DEAD = Failure(status=500)


@pytest.fixture
async def server() -> AsyncIterator[GridServer]:
    async with running_grid_server() as server:
        fill(server)
        yield server


async def submit(hass: HomeAssistant, server: GridServer, **user_input: Any) -> dict[str, Any]:
    return await answer(hass, await start_flow(hass, "grid"), at(server) | user_input)


def asked(server: GridServer) -> int:
    return sum(server.asked.values())


# Set-up


async def test_an_account_is_kept_encrypted(hass: HomeAssistant, server: GridServer) -> None:
    entry = await add_grid(hass, server)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == "grid"
    assert entry.data["client_id"] == CLIENT_ID
    assert CLIENT_SECRET not in str(entry.as_dict())
    vault = await async_get_vault(hass)
    assert vault.decrypt(entry.data["client_secret"]) == CLIENT_SECRET


async def test_it_works_without_an_account(hass: HomeAssistant, server: GridServer) -> None:
    entry = await add_grid(hass, server, account=None)
    assert entry.state is ConfigEntryState.LOADED
    assert dict(entry.data) == {"type": "grid"}
    assert server.asked["token"] == 0


async def test_no_more_is_asked_than_the_account(hass: HomeAssistant, monkeypatch, server) -> None:
    usual = grid_sources.GridAddresses(**at(server)["addresses"])
    monkeypatch.setattr(
        grid_sources.GridAddresses, "from_options", lambda options: usual if not options else None
    )
    flow = await answer(hass, await start_flow(hass, "grid"), ACCOUNT)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["result"].options == {}


async def test_blanks_around_what_is_pasted_do_no_harm(hass: HomeAssistant, server) -> None:
    pasted = {key: f" {value}\n" for key, value in ACCOUNT.items()}
    flow = await submit(hass, server, **pasted)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["result"].data["client_id"] == CLIENT_ID


async def test_there_is_one_grid(hass: HomeAssistant, server: GridServer) -> None:
    begun = await start_flow(hass, "grid")
    await add_grid(hass, server)
    flow = await start_flow(hass, "grid")
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "already_configured")
    with pytest.raises(UnknownFlow):
        await answer(hass, begun, at(server))


# Mistakes


@pytest.mark.parametrize(
    ("given", "field"),
    [({"client_id": CLIENT_ID}, "client_secret"), ({"client_secret": CLIENT_SECRET}, "client_id")],
)
async def test_half_an_account_is_refused_before_anything_is_tried(
    hass: HomeAssistant, server: GridServer, given, field
) -> None:
    flow = await submit(hass, server, **given)
    assert errors_in(flow) == {field: "grid_account_incomplete"}
    assert asked(server) == 0


@pytest.mark.parametrize(
    "address",
    [
        "server.example",
        "ftp://server.example",
        "http://me:pw@server.example",
        'http://a"b',
        "http://",
    ],
)
async def test_an_address_that_is_none_is_named(
    hass: HomeAssistant, server: GridServer, address
) -> None:
    flow = await submit(hass, server, **at(server, gateway=address))
    assert errors_in(flow) == {"addresses": "grid_invalid_address"}
    assert flow["description_placeholders"]["address"] == address
    assert asked(server) == 0


async def test_wrong_credentials(hass: HomeAssistant, server: GridServer) -> None:
    flow = await submit(hass, server, client_id=CLIENT_ID, client_secret="wrong")
    assert errors_in(flow) == {"client_secret": "grid_invalid_auth"}
    flow = await answer(hass, flow, {**ACCOUNT, **at(server)})
    assert flow["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("services", "apis"),
    [
        (["rte_tempo"], "Tempo Like Supply Contract"),
        (["rte_ecowatt"], "Ecowatt"),
        (["rte_tempo", "rte_ecowatt"], "Tempo Like Supply Contract, Ecowatt"),
    ],
)
async def test_an_api_that_is_not_subscribed_to_is_named(
    hass: HomeAssistant, server: GridServer, services, apis
) -> None:
    server.fail(*services, failure=Failure(status=403))
    flow = await submit(hass, server, **ACCOUNT)
    assert errors_in(flow) == {"client_id": "grid_not_subscribed"}
    assert flow["description_placeholders"]["api"] == apis


@pytest.mark.parametrize(
    ("failure", "code"),
    [(DEAD, "grid_server_error"), (HTML, "grid_not_expected_server")],
)
async def test_rtes_login_out_of_order(hass: HomeAssistant, server, failure, code) -> None:
    server.fail("token", failure=failure)
    assert errors_in(await submit(hass, server, **ACCOUNT)) == {"base": code}


async def test_rte_out_of_reach(hass: HomeAssistant, server: GridServer, monkeypatch) -> None:
    async def error(address: str) -> str:
        flow = await submit(hass, server, **ACCOUNT, **at(server, rte=address))
        assert flow["description_placeholders"]["server"] in address
        return errors_in(flow)["base"]

    assert await error(server.address.replace("http:", "https:")) == "grid_tls"
    assert await error(f"http://127.0.0.1:{free_port()}") == "grid_refused"
    monkeypatch.setattr(web, "TIMEOUT", timedelta(seconds=0.2))
    server.fail("token", failure=SILENT)
    assert await error(server.address) == "grid_timed_out"
    # The test kit takes away Home Assistant's own resolver.
    async with ClientSession(connector=TCPConnector(resolver=ThreadedResolver())) as session:
        monkeypatch.setattr(grid_sources, "web_session", lambda hass: session)
        assert await error("http://rte.invalid") == "grid_name_not_resolved"


@pytest.mark.parametrize("account", [ACCOUNT, {}])
async def test_a_dead_chain_is_said_and_tried_again(
    hass: HomeAssistant, server: GridServer, account
) -> None:
    server.fail(*TEMPO_SERVICES, failure=DEAD)
    flow = await submit(hass, server, **account)
    assert errors_in(flow) == {"base": "grid_server_error"}
    assert flow["description_placeholders"]["server"] in server.address
    server.failures.clear()
    flow = await answer(hass, flow, {**account, **at(server)})
    assert flow["type"] is FlowResultType.CREATE_ENTRY


async def test_one_living_server_is_enough(hass: HomeAssistant, server: GridServer) -> None:
    server.fail("rte_tempo", "rte_ecowatt", "services_rte", "couleur_tempo", failure=DEAD)
    flow = await submit(hass, server, **ACCOUNT)
    assert flow["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("account", [ACCOUNT, {}])
async def test_ecowatt_that_cannot_be_read_is_said_but_saved(
    hass: HomeAssistant, server: GridServer, account
) -> None:
    server.fail("rte_ecowatt", "gateway_ecowatt", failure=DEAD)
    flow = await submit(hass, server, **account)
    assert flow["step_id"] == "grid_without_ecowatt"
    assert errors_in(flow) == {"base": "grid_server_error"}
    assert not entries_of_type(hass, EntryType.GRID)
    flow = await answer(hass, flow, {})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    assert flow["result"].state is ConfigEntryState.LOADED


# Reconfigure


def suggested(flow: dict[str, Any]) -> dict[str, Any]:
    return {
        str(key): key.description["suggested_value"]
        for key in flow["data_schema"].schema
        if key.description
    }


async def test_an_empty_secret_keeps_that_of_the_same_client(
    hass: HomeAssistant, server: GridServer
) -> None:
    entry = await add_grid(hass, server)
    flow = await start_reconfigure(hass, entry)
    assert suggested(flow) == {"client_id": CLIENT_ID}
    other = at(server, gateway=f"{server.address}/other")
    server.fail("rte_ecowatt", failure=Failure(status=429))
    flow = await answer(hass, flow, {"client_id": CLIENT_ID, **other})
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await settle(hass)
    assert (await async_get_vault(hass)).decrypt(entry.data["client_secret"]) == CLIENT_SECRET
    assert entry.options == other
    assert entry.state is ConfigEntryState.LOADED


async def test_another_client_needs_its_own_secret(hass: HomeAssistant, server) -> None:
    entry = await add_grid(hass, server)
    flow = await start_reconfigure(hass, entry)
    flow = await answer(hass, flow, {"client_id": "another", **at(server)})
    assert errors_in(flow) == {"client_secret": "grid_account_incomplete"}
    flow = await answer(hass, flow, {"client_id": "another", "client_secret": "x", **at(server)})
    assert errors_in(flow) == {"client_secret": "grid_invalid_auth"}


async def test_another_server_does_not_get_the_secret_of_the_first(
    hass: HomeAssistant, server
) -> None:
    entry = await add_grid(hass, server)
    asked = server.asked.total()
    async with running_grid_server() as other:
        fill(other)
        elsewhere = {"client_id": CLIENT_ID, **at(server, rte=other.address)}
        flow = await answer(hass, await start_reconfigure(hass, entry), elsewhere)
        assert errors_in(flow) == {"client_secret": "grid_secret_for_address"}
        assert not other.asked
        assert server.asked.total() == asked
        flow = await answer(hass, flow, {**elsewhere, "client_secret": CLIENT_SECRET})
        assert flow["reason"] == "reconfigure_successful"
        assert other.asked["token"]
        await settle(hass)


async def test_the_account_can_be_taken_away_and_the_usual_servers_come_back(
    hass: HomeAssistant, server: GridServer, monkeypatch
) -> None:
    entry = await add_grid(hass, server)
    usual = grid_sources.GridAddresses(**at(server)["addresses"])
    monkeypatch.setattr(grid_sources.GridAddresses, "from_options", lambda options: usual)
    flow = await start_reconfigure(hass, entry)
    flow = await answer(hass, flow, {"addresses": {"rte": " "}})
    assert flow["reason"] == "reconfigure_successful"
    await settle(hass)
    assert dict(entry.data) == {"type": "grid"}
    assert entry.options == {}


async def lose_key(hass: HomeAssistant, entry: ConfigEntry) -> None:
    key = Path(hass.config.path(".storage", "med_exporter.key"))
    await hass.async_add_executor_job(key.unlink)
    hass.data.pop(vault_module._DATA_VAULT)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)


async def test_a_lost_secret_is_asked_for(hass: HomeAssistant, server: GridServer) -> None:
    entry = await add_grid(hass, server)
    await lose_key(hass, entry)
    flow = await start_reconfigure(hass, entry)
    flow = await answer(hass, flow, {"client_id": CLIENT_ID, **at(server)})
    assert errors_in(flow) == {"client_secret": "grid_secret_lost"}


# Reauthentication


async def reauth_of(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any]:
    (flow,) = [
        flow
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]
    assert flow["context"]["entry_id"] == entry.entry_id
    return flow


async def test_a_revoked_account_is_asked_for_again(hass: HomeAssistant, server) -> None:
    entry = await add_grid(hass, server)
    vault = await async_get_vault(hass)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "client_secret": vault.encrypt("revoked")}
    )
    # The season is known by now, so that only EcoWatt would be asked for, later.
    await grid_store(hass, entry.entry_id).async_remove()
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    flow = await reauth_of(hass, entry)
    assert flow["step_id"] == "grid_reauth"
    flow = await answer(hass, flow, {"client_id": CLIENT_ID})
    assert errors_in(flow) == {"client_secret": "grid_account_incomplete"}
    flow = await answer(hass, flow, {"client_id": CLIENT_ID, "client_secret": "no"})
    assert errors_in(flow) == {"client_secret": "grid_invalid_auth"}
    flow = await answer(hass, flow, ACCOUNT)
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await settle(hass)
    assert vault.decrypt(entry.data["client_secret"]) == CLIENT_SECRET
    assert entry.options == at(server)
    assert not entry.runtime_data.errors()


async def test_a_lost_key_asks_and_the_grid_may_go_on_without_an_account(
    hass: HomeAssistant, server: GridServer
) -> None:
    entry = await add_grid(hass, server)
    await lose_key(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    flow = await answer(hass, await reauth_of(hass, entry), {})
    assert flow["reason"] == "reauth_successful"
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert dict(entry.data) == {"type": "grid"}
    assert entry.options == at(server)


# Removal


async def test_removal_leaves_nothing(hass: HomeAssistant, server: GridServer) -> None:
    entry = await add_grid(hass, server)
    assert await grid_store(hass, entry.entry_id).async_load() is not None
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert await grid_store(hass, entry.entry_id).async_load() is None
    assert hass.config_entries.async_entries(DOMAIN) == []
    before = asked(server)
    await settle(hass)
    assert asked(server) == before
