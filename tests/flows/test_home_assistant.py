"""The flow of another Home Assistant tries the connection and names the mistake at its field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.destinations.home_assistant import destination as home_assistant
from custom_components.med_exporter.destinations.home_assistant.address import base_url
from custom_components.med_exporter.vault import async_get_vault
from tests.metering_points import answer, start_flow, start_reconfigure
from tests.real_home.ports import free_port

from .words import errors_in

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from tests.other_home import OtherHome


def filled_in(home: OtherHome, **changes: Any) -> dict[str, Any]:
    """Return what a user fills in."""
    return {
        "url": home.url,
        "token": home.token,
        "verify_ssl": True,
        "interval": "30",
        "data": ["consumption_daily", "tempo"],
        **changes,
    }


async def submit(hass: HomeAssistant, user_input: dict[str, Any]) -> dict[str, Any]:
    return await answer(hass, await start_flow(hass, "home_assistant"), user_input)


async def add(hass: HomeAssistant, home: OtherHome, **changes: Any) -> ConfigEntry:
    result = await submit(hass, filled_in(home, **changes))
    assert result["type"] is FlowResultType.CREATE_ENTRY, result.get("errors")
    await hass.async_block_till_done()
    return result["result"]


async def test_a_destination_is_created(hass, other_home) -> None:
    entry = await add(hass, other_home)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.title == "Home Assistant 127.0.0.1"
    assert entry.unique_id == other_home.url
    assert entry.data["interval"] == 30
    assert entry.data["data"] == ["consumption_daily", "tempo"]
    assert other_home.token not in str(entry.data)
    assert (await async_get_vault(hass)).decrypt(entry.data["token"]) == other_home.token


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"url": "homeassistant.local:8123"}, {"url": "url_scheme"}),
        ({"url": "ws://homeassistant.local"}, {"url": "url_scheme"}),
        ({"url": "http://me:pw@home"}, {"url": "url_credentials"}),
        ({"url": "http://ho`me"}, {"url": "url_characters"}),
        ({"url": "http://home:0"}, {"url": "url_port"}),
        ({"url": "http://home/?x=1"}, {"url": "url_query"}),
        ({"url": " "}, {"url": "field_missing"}),
        ({"token": " "}, {"token": "field_missing"}),
        ({"verify_ssl": False}, {"verify_ssl": "needs_https"}),
        ({"data": []}, {"data": "no_data"}),
    ],
)
async def test_a_mistake_is_named_before_anything_is_tried(
    hass, other_home, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    with patch.object(home_assistant, "async_test_home_assistant", side_effect=AssertionError):
        assert errors_in(await submit(hass, filled_in(other_home, **changes))) == errors
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_what_the_connection_test_finds_stands_at_its_field(hass, other_home) -> None:
    for changes, errors in (
        ({"token": "wrong"}, {"token": "destination_unauthorized"}),
        ({"url": f"http://127.0.0.1:{free_port()}"}, {"url": "destination_refused_loopback"}),
        (
            {"url": f"{other_home.url}/elsewhere"},
            {"url": "destination_not_expected_server_home_assistant"},
        ),
    ):
        assert errors_in(await submit(hass, filled_in(other_home, **changes))) == errors


@pytest.mark.parametrize(
    "behind",
    ["/", "/lovelace/0", "/lovelace-kitchen?edit=1", "/dashboard-power/0#top", "/config/dashboard",
     "/auth/authorize?client_id=http%3A%2F%2Fhome", "/api/", "/api/states"],
)  # fmt: skip
async def test_an_address_is_taken_as_a_browser_shows_it(hass, other_home, behind: str) -> None:
    entry = await add(hass, other_home, url=f"  {other_home.url}{behind} ")
    assert entry.data["url"].rstrip("/") == entry.unique_id == other_home.url


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        # A proxy may have its place under a name that is a page's too.
        ("https://example.org/home", "https://example.org/home"),
        ("https://example.org/light/", "https://example.org/light/"),
        ("https://example.org/energy/lovelace/0", "https://example.org/energy"),
        ("https://example.org/home/home/overview", "https://example.org/home"),
        ("https://example.org/home/config/dashboard", "https://example.org/home"),
        ("https://example.org/home/overview", "https://example.org"),
        # At Home Assistant's own port there is none.
        ("http://homeassistant.local:8123/home/areas-kitchen", "http://homeassistant.local:8123"),
        ("http://homeassistant.local:8123/light", "http://homeassistant.local:8123"),
        # A name that only begins like a page's is none.
        ("https://example.org/apiary", "https://example.org/apiary"),
    ],
)
def test_what_a_proxy_may_have_before_it_is_kept(typed: str, base: str) -> None:
    assert base_url(typed) == base


@pytest.mark.parametrize("before", ["Bearer ", "bearer  ", "Authorization: Bearer ", "\n"])
async def test_a_token_is_taken_as_a_request_has_it(hass, other_home, before: str) -> None:
    entry = await add(hass, other_home, token=before + other_home.token)
    assert (await async_get_vault(hass)).decrypt(entry.data["token"]) == other_home.token


async def test_this_very_instance_is_refused(
    hass, other_home, hass_client, hass_access_token: str
) -> None:
    for component in ("auth", "config", "websocket_api"):
        assert await async_setup_component(hass, component, {})
    url = str((await hass_client()).server.make_url(""))
    result = await submit(hass, filled_in(other_home, url=url, token=hass_access_token))
    assert errors_in(result) == {"url": "destination_own_instance"}


async def test_the_same_address_twice_is_refused(hass, other_home) -> None:
    await add(hass, other_home)
    result = await submit(hass, filled_in(other_home, url=f"{other_home.url}/"))
    assert errors_in(result) == {"url": "destination_exists"}


async def test_reconfigure_keeps_the_token_that_is_left_empty(hass, other_home) -> None:
    entry = await add(hass, other_home)
    form = await start_reconfigure(hass, entry)
    assert other_home.token not in str(form)
    changed = filled_in(other_home, interval="1440")
    del changed["token"]
    result = await answer(hass, form, changed)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.data["interval"] == 1440
    assert (await async_get_vault(hass)).decrypt(entry.data["token"]) == other_home.token
    assert entry.state is ConfigEntryState.LOADED


async def test_reauth_asks_for_a_token_that_works(hass, other_home) -> None:
    entry = await add(hass, other_home)
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert [str(key) for key in form["data_schema"].schema] == ["token"]
    form = await answer(hass, form, {"token": "wrong"})
    assert errors_in(form) == {"token": "destination_unauthorized"}
    result = await answer(hass, form, {"token": f"Bearer {other_home.token}"})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["interval"] == 30
