"""The flow of a VictoriaMetrics destination tries the connection and names the mistake."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.storage import STORAGE_DIR

from custom_components.med_exporter import vault as vault_module
from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.vault import async_get_vault
from tests.metering_points import answer, start_flow
from tests.real_home.ports import free_port
from tests.victoriametrics import add_victoriametrics, victoriametrics_input

from .words import errors_in

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant


async def errors_of(hass: HomeAssistant, url: str, **changes: Any) -> dict[str, str]:
    """Submit, and check that nothing was created."""
    flow = await start_flow(hass, "victoriametrics")
    result = await answer(hass, flow, victoriametrics_input(url, **changes))
    assert result["step_id"] == "victoriametrics"
    return errors_in(result)


async def test_a_destination_is_created(hass: HomeAssistant, victoriametrics) -> None:
    server = victoriametrics()
    entry = await add_victoriametrics(
        hass, f"{server.url}/api/v1/write", labels='{"site": "home"}', interval="15"
    )
    assert entry.state is ConfigEntryState.LOADED
    assert entry.title == "VictoriaMetrics 127.0.0.1"
    assert entry.data["url"] == server.url
    assert entry.data["interval"] == 15
    assert entry.data["labels"] == '{"site": "home"}'
    assert server.series() == []


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"url": "vm:8428"}, {"url": "url_scheme"}),
        ({"url": "mqtt://vm:8428"}, {"url": "url_scheme"}),
        ({"url": "http://me:pw@vm"}, {"url": "url_credentials"}),
        ({"url": "http://v<m"}, {"url": "url_characters"}),
        ({"url": "http://vm:port"}, {"url": "url_port"}),
        ({"url": "http://vm/?extra_label=a"}, {"url": "url_query"}),
        ({"url": " "}, {"url": "field_missing"}),
        ({"password": "secret"}, {"username": "username_missing"}),
        ({"verify_ssl": False}, {"verify_ssl": "needs_https"}),
        ({"data": []}, {"data": "no_data"}),
        ({"labels": "site=home"}, {"labels": "labels_not_json"}),
        ({"labels": '["site"]'}, {"labels": "labels_not_object"}),
        ({"labels": '{"my-site": "home"}'}, {"labels": "labels_name"}),
        ({"labels": '{"pdl": "home"}'}, {"labels": "labels_reserved"}),
        ({"labels": '{"site": 1}'}, {"labels": "labels_value"}),
        ({"labels": '{"a": "1", "a": "2"}'}, {"labels": "labels_repeated"}),
    ],
)
async def test_a_mistake_is_named_before_anything_is_tried(
    hass: HomeAssistant, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    url = changes.pop("url", "http://127.0.0.1:9")
    assert await errors_of(hass, url, **changes) == errors


async def test_what_the_connection_test_finds(hass: HomeAssistant, victoriametrics, vmauth) -> None:
    server = victoriametrics()
    proxy = vmauth(server)
    assert await errors_of(hass, f"http://127.0.0.1:{free_port()}") == {
        "url": "destination_refused_loopback"
    }
    assert await errors_of(hass, f"{server.url}/elsewhere") == {"url": "destination_wrong_path"}
    assert await errors_of(hass, proxy.url) == {"username": "destination_unauthorized_login"}
    assert await errors_of(hass, proxy.url, username="med", password="wrong") == {
        "password": "destination_wrong_credentials"
    }
    server.kill()
    login = {"username": proxy.username, "password": proxy.password}
    assert await errors_of(hass, proxy.url, **login) == {"url": "destination_server_error"}


async def test_a_short_retention_is_said_before_it_is_saved(
    hass: HomeAssistant, victoriametrics
) -> None:
    server = victoriametrics(retention="1")
    flow = await start_flow(hass, "victoriametrics")
    result = await answer(hass, flow, victoriametrics_input(server.url))
    assert result["step_id"] == "victoriametrics_unverified"
    assert result["errors"] == {"base": "destination_retention_short"}
    result = await answer(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_same_server_needs_other_labels(hass: HomeAssistant, victoriametrics) -> None:
    server = victoriametrics()
    await add_victoriametrics(hass, server.url, labels='{"a": "1", "b": "2"}')
    assert await errors_of(hass, f"{server.url}/", labels='{"b":"2", "a":"1"}') == {
        "url": "destination_exists"
    }
    other = await add_victoriametrics(hass, server.url)
    assert other.title == "VictoriaMetrics 127.0.0.1"
    third = await add_victoriametrics(hass, server.url, labels='{"a": "1"}')
    assert third.title == "VictoriaMetrics 127.0.0.1 a=1"


async def start(hass: HomeAssistant, entry: ConfigEntry, source: str) -> dict[str, Any]:
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": source, "entry_id": entry.entry_id}, data=dict(entry.data)
    )


async def test_it_can_be_changed_without_typing_the_password_again(
    hass: HomeAssistant, victoriametrics, vmauth
) -> None:
    proxy = vmauth(victoriametrics())
    entry = await add_victoriametrics(
        hass, proxy.url, username=proxy.username, password=proxy.password
    )
    assert proxy.password not in str(entry.as_dict())

    flow = await start(hass, entry, SOURCE_RECONFIGURE)
    assert proxy.password not in str(flow)
    changed = victoriametrics_input(proxy.url, username=proxy.username, labels='{"a": "1"}')
    result = await answer(hass, flow, changed)

    assert result["type"] is FlowResultType.ABORT, result.get("errors")
    await hass.async_block_till_done()
    assert entry.data["labels"] == '{"a": "1"}'
    assert entry.unique_id == f'victoriametrics {proxy.url} {{"a": "1"}}'
    stored = (await async_get_vault(hass)).decrypt(entry.data["password"])
    assert stored == proxy.password
    assert entry.state is ConfigEntryState.LOADED


async def test_a_new_login_is_asked_for(hass: HomeAssistant, victoriametrics, vmauth) -> None:
    proxy = vmauth(victoriametrics())
    login = {"username": proxy.username, "password": proxy.password}
    entry = await add_victoriametrics(hass, proxy.url, **login)

    flow = await start(hass, entry, SOURCE_REAUTH)
    assert [str(field) for field in flow["data_schema"].schema] == ["username", "password"]
    flow = await answer(hass, flow, {"username": "med", "password": "wrong"})
    assert errors_in(flow) == {"password": "destination_wrong_credentials"}
    result = await answer(hass, flow, login)

    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


async def test_a_lost_key_asks_for_the_login_again(
    hass: HomeAssistant, victoriametrics, vmauth
) -> None:
    proxy = vmauth(victoriametrics())
    login = {"username": proxy.username, "password": proxy.password}
    entry = await add_victoriametrics(hass, proxy.url, **login)
    key = Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.key"))
    await hass.async_add_executor_job(key.unlink)
    hass.data.pop(vault_module._DATA_VAULT)

    await hass.config_entries.async_reload(entry.entry_id)

    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()] == [
        SOURCE_REAUTH
    ]
