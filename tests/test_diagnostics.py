"""Diagnostics tell how plugs do, and nothing about whose they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from homeassistant.helpers.json import ExtendedJSONEncoder
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.diagnostics import async_get_config_entry_diagnostics
from tests.grid_entries import add_grid, fill
from tests.grid_server import CLIENT_ID, CLIENT_SECRET, Failure, running_grid_server
from tests.metering_points import PDL, add_metering_point, poll
from tests.plug_emulator import EmulatedPlug, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

pytestmark = pytest.mark.usefixtures("brief_waits")


async def test_a_metering_point_s_plugs_are_described(
    hass_with_recorder: HomeAssistant, plug_network: PlugNetwork
) -> None:
    plug = EmulatedPlug(alias="Fridge", load=1000.0)
    await plug_network.start(plug)
    entry = await add_metering_point(hass_with_recorder, plug.address)
    await poll(hass_with_recorder, entry)
    told = await async_get_config_entry_diagnostics(hass_with_recorder, entry)
    (described,) = told["plugs"]
    assert (described["asked"], described["answered"]) == (2, 2)
    assert described["sample"]["power"] == 1000
    assert described["counter"]["evidence"]["refused"] == 0
    assert told["entry"]["data"]["plugs"][0]["model"] == "HS110"
    text = json.dumps(told, cls=ExtendedJSONEncoder)
    for secret in (PDL, "Fridge", "House", plug.host, "50c7bf000001", "50:c7:bf"):
        assert secret not in text, secret


async def test_a_plug_that_does_not_answer_is_described_too(
    hass_with_recorder: HomeAssistant, plug_network: PlugNetwork
) -> None:
    plug = EmulatedPlug()
    await plug_network.start(plug)
    entry = await add_metering_point(hass_with_recorder, plug.address)
    await plug.cut_off()
    await poll(hass_with_recorder, entry)
    told = await async_get_config_entry_diagnostics(hass_with_recorder, entry)
    assert told["plugs"][0]["sample"] is None


@pytest.mark.parametrize(
    "key", ["password", "username", "token", "api_key", "client_secret", "url", "broker"]
)
async def test_what_a_destination_keeps_is_redacted(hass: HomeAssistant, key: str) -> None:
    entry = MockConfigEntry(domain=DOMAIN, data={"type": "mqtt", key: "to be kept"})
    told = await async_get_config_entry_diagnostics(hass, entry)
    assert "to be kept" not in json.dumps(told, cls=ExtendedJSONEncoder)
    assert told["entry"]["data"]["type"] == "mqtt"


async def test_the_grid_is_described_without_its_account_and_addresses(
    hass_with_recorder: HomeAssistant,
) -> None:
    hass = hass_with_recorder
    async with running_grid_server() as server:
        fill(server)
        server.fail("rte_ecowatt", failure=Failure(status=500))
        entry = await add_grid(hass, server)
        told = await async_get_config_entry_diagnostics(hass, entry)
        grid = told["grid"]
        assert (grid["today"], grid["tomorrow"], grid["ecowatt"]["level"]) == ("blue", None, 2)
        assert grid["errors"] == {"EcoWatt from RTE": "server_error"}
        assert grid["known_colours"] > 0
        text = json.dumps(told, cls=ExtendedJSONEncoder)
        for secret in (CLIENT_ID, CLIENT_SECRET, entry.data["client_secret"], server.address):
            assert secret not in text, secret
