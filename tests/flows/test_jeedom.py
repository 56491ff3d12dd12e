"""The flow of a Jeedom destination tries the connection and names the mistake at its field."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.vault import async_get_vault
from tests.jeedom_server import (
    CORE_KEY,
    VIRTUAL_KEY,
    Jeedom,
    add_jeedom,
    jeedom,
    jeedom_input,
    running_jeedom,
)
from tests.metering_points import answer, start_flow
from tests.mosquitto import Authority
from tests.real_home.ports import free_port

from .words import errors_in

if TYPE_CHECKING:
    from pathlib import Path

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

__all__ = ["jeedom"]


async def errors_of(hass: HomeAssistant, url: str, **changes: Any) -> dict[str, str]:
    """Submit, and check that nothing was created."""
    flow = await start_flow(hass, "jeedom")
    result = await answer(hass, flow, jeedom_input(url, **changes))
    return errors_in(result, VIRTUAL_KEY)


async def test_a_destination_is_created(hass: HomeAssistant, jeedom: Jeedom) -> None:
    entry = await add_jeedom(hass, f"{jeedom.url}/core/api/jeeApi.php?apikey={VIRTUAL_KEY}")
    assert entry.state is ConfigEntryState.LOADED
    assert entry.title == "Jeedom 127.0.0.1"
    assert entry.unique_id == f"jeedom {jeedom.url} virtual"
    assert entry.data["url"] == jeedom.url
    assert entry.data["interval"] == 60
    assert VIRTUAL_KEY not in str(entry.as_dict())
    assert (await async_get_vault(hass)).decrypt(entry.data["api_key"]) == VIRTUAL_KEY
    assert not jeedom.equipment


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"url": "jeedom.local"}, {"url": "url_scheme"}),
        ({"url": "ftp://jeedom.local"}, {"url": "url_scheme"}),
        ({"url": "http://me:pw@jeedom"}, {"url": "url_credentials"}),
        ({"url": "http://jee<dom"}, {"url": "url_characters"}),
        ({"url": "http://"}, {"url": "url_scheme"}),
        ({"url": " "}, {"url": "field_missing"}),
        ({"api_key": " "}, {"api_key": "field_missing"}),
        ({"plugin": "my plugin"}, {"plugin": "invalid_jeedom_plugin"}),
        ({"plugin": " "}, {"plugin": "field_missing"}),
        ({"verify_ssl": False}, {"verify_ssl": "needs_https"}),
        ({"data": []}, {"data": "no_data"}),
    ],
)
async def test_a_mistake_is_named_before_anything_is_tried(
    hass: HomeAssistant, jeedom: Jeedom, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    url = changes.pop("url", jeedom.url)
    assert await errors_of(hass, url, **changes) == errors
    assert jeedom.calls == []


async def test_what_the_connection_test_finds(hass: HomeAssistant, jeedom: Jeedom) -> None:
    assert await errors_of(hass, f"http://127.0.0.1:{free_port()}") == {
        "url": "destination_refused_loopback"
    }
    assert await errors_of(hass, jeedom.url, api_key="wrong") == {
        "api_key": "destination_wrong_api_key"
    }
    assert await errors_of(hass, jeedom.url, api_key=CORE_KEY, plugin="absent") == {
        "plugin": "destination_plugin_not_active"
    }
    jeedom.keys["virtual"].restricted = True
    assert await errors_of(hass, jeedom.url) == {"api_key": "destination_other_plugins_key"}
    jeedom.keys["virtual"].enabled = False
    assert await errors_of(hass, jeedom.url) == {"api_key": "destination_api_disabled_or_wrong_key"}
    assert await errors_of(hass, jeedom.url, api_key=CORE_KEY, parent="Cellar") == {
        "parent": "destination_unknown_parent"
    }
    jeedom.status = 502
    assert await errors_of(hass, jeedom.url) == {"url": "destination_server_error_jeedom"}
    jeedom.status, jeedom.body = 200, "<html>Router</html>"
    assert await errors_of(hass, jeedom.url) == {"url": "destination_not_expected_server_jeedom"}


async def test_a_self_signed_certificate_can_be_accepted(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*Authority(tmp_path).issue())
    async with running_jeedom(tls=context) as jeedom:
        assert await errors_of(hass, jeedom.url) == {"url": "destination_tls_certificate"}
        entry = await add_jeedom(hass, jeedom.url, verify_ssl=False)
        assert entry.state is ConfigEntryState.LOADED


async def test_the_same_jeedom_and_plugin_twice_is_refused(
    hass: HomeAssistant, jeedom: Jeedom
) -> None:
    await add_jeedom(hass, jeedom.url)
    assert await errors_of(hass, f"{jeedom.url}/index.php?v=d") == {"url": "destination_exists"}
    other = await add_jeedom(hass, jeedom.url, api_key=CORE_KEY, plugin="other")
    assert other.title == "Jeedom 127.0.0.1 other"


async def start(hass: HomeAssistant, entry: ConfigEntry, source: str) -> dict[str, Any]:
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": source, "entry_id": entry.entry_id}, data=dict(entry.data)
    )


async def test_it_can_be_changed_without_typing_the_key_again(
    hass: HomeAssistant, jeedom: Jeedom
) -> None:
    entry = await add_jeedom(hass, jeedom.url)
    flow = await start(hass, entry, SOURCE_RECONFIGURE)
    assert VIRTUAL_KEY not in str(flow)
    result = await answer(
        hass, flow, jeedom_input(f"{jeedom.url}/jeedom/", api_key=None, interval="15")
    )
    assert result["type"] is FlowResultType.ABORT, result.get("errors")
    await hass.async_block_till_done()
    assert entry.data["url"] == f"{jeedom.url}/jeedom"
    assert entry.data["interval"] == 15
    assert (await async_get_vault(hass)).decrypt(entry.data["api_key"]) == VIRTUAL_KEY
    assert entry.state is ConfigEntryState.LOADED


async def test_a_new_key_is_asked_for(hass: HomeAssistant, jeedom: Jeedom) -> None:
    entry = await add_jeedom(hass, jeedom.url)
    jeedom.keys["virtual"].value = "renewedKeyDDDDDDDDDDDDDDDDDDDDDD"
    flow = await start(hass, entry, SOURCE_REAUTH)
    assert [str(field) for field in flow["data_schema"].schema] == ["api_key"]
    flow = await answer(hass, flow, {"api_key": VIRTUAL_KEY})
    assert errors_in(flow, VIRTUAL_KEY) == {"api_key": "destination_wrong_api_key"}
    result = await answer(hass, flow, {"api_key": jeedom.keys["virtual"].value})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    stored = (await async_get_vault(hass)).decrypt(entry.data["api_key"])
    assert stored == jeedom.keys["virtual"].value
