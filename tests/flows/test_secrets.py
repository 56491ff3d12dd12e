"""A mistake in a form clears no other field: a secret that was typed need not be typed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import voluptuous as vol
from homeassistant.data_entry_flow import FlowResultType

from custom_components.med_exporter.destinations.registry import DESTINATIONS
from custom_components.med_exporter.vault import async_get_vault
from tests.mail_server import PASSWORD, SENDER, USER, mail_server
from tests.metering_points import answer, start_flow
from tests.real_home.ports import free_port
from tests.victoriametrics import victoriametrics_input

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from custom_components.med_exporter.destinations.kind import DestinationKind

SECRET = "typed-once"


def filled(kind: DestinationKind, secret: str) -> dict[str, Any]:
    """Return a form with one secret, of an address at which nobody listens."""
    given = {
        str(marker): "x" if marker.default is vol.UNDEFINED else marker.default()
        for marker in kind.schema().schema
        if isinstance(marker, vol.Required)
    }
    given[kind.address] = f"{kind.schemes[0]}://127.0.0.1:{free_port()}"
    if secret == "password":
        given["username"] = "me"
    if kind.type == "influxdb":
        given |= {"version": "1", "database": "d"} if secret == "password" else {
            "version": "2", "bucket": "b", "organisation": "o"
        }  # fmt: skip
    return given | {secret: SECRET}


SECRETS = [(kind, key) for kind in DESTINATIONS.values() for key in sorted(kind.secrets)]


@pytest.mark.parametrize(("kind", "key"), SECRETS, ids=lambda one: getattr(one, "type", one))
async def test_every_secret_of_a_destination_stays_while_others_are_wrong(
    hass: HomeAssistant, kind: DestinationKind, key: str
) -> None:
    values = filled(kind, key)
    flow = await answer(hass, await start_flow(hass, kind.type), {**values, kind.address: "a b"})
    (marker,) = [marker for marker in flow["data_schema"].schema if str(marker) == key]
    assert flow["errors"] == {kind.address: "url_characters"}
    assert SECRET not in str(marker.description)
    del values[key]
    flow = await answer(hass, flow, values)
    # The connection is tried, with nothing missing; nobody answers.
    assert flow["errors"] == {kind.address: "destination_refused_loopback"}


async def test_it_is_what_is_saved(hass: HomeAssistant, victoriametrics, vmauth) -> None:
    proxy = vmauth(victoriametrics())
    values = victoriametrics_input(proxy.url, username=proxy.username, labels="{}")
    flow = await start_flow(hass, "victoriametrics")
    flow = await answer(hass, flow, {**values, "password": proxy.password, "labels": "{"})
    assert flow["errors"] == {"labels": "labels_not_json"}
    flow = await answer(hass, flow, {**values, "data": []})
    assert flow["errors"] == {"data": "no_data"}
    flow = await answer(hass, flow, values)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    stored = flow["result"].data["password"]
    assert (await async_get_vault(hass)).decrypt(stored) == proxy.password


async def test_one_that_is_wrong_itself_is_asked_for_again(
    hass: HomeAssistant, victoriametrics, vmauth
) -> None:
    proxy = vmauth(victoriametrics())
    values = victoriametrics_input(proxy.url, username=proxy.username)
    flow = await start_flow(hass, "victoriametrics")
    flow = await answer(hass, flow, {**values, "password": "wrong"})
    (marker,) = [marker for marker in flow["data_schema"].schema if str(marker) == "password"]
    assert flow["errors"] == {"password": "destination_wrong_credentials"}
    assert marker.description is None
    flow = await answer(hass, flow, values)
    assert flow["errors"] == {"password": "destination_wrong_credentials"}
    flow = await answer(hass, flow, {**values, "password": proxy.password})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_it_goes_with_its_user(hass: HomeAssistant, victoriametrics) -> None:
    values = victoriametrics_input(victoriametrics().url)
    flow = await start_flow(hass, "victoriametrics")
    flow = await answer(hass, flow, {**values, "password": SECRET})
    assert flow["errors"] == {"username": "username_missing"}
    flow = await answer(hass, flow, values)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert "password" not in flow["result"].data


async def test_so_does_a_mail_account(hass: HomeAssistant) -> None:
    with mail_server() as server:
        values = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": USER}
        flow = await start_flow(hass, "email")
        flow = await answer(hass, flow, {**values, "password": PASSWORD, "from": "nobody"})
        assert flow["errors"] == {"from": "invalid_mail_address"}
        flow = await answer(hass, flow, {**values, "from": SENDER})
        assert flow["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        assert server.logins == 1


async def test_so_does_the_grid(hass: HomeAssistant) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    account = {"client_id": "me", "client_secret": SECRET}
    flow = await start_flow(hass, "grid")
    flow = await answer(hass, flow, {**account, "addresses": {"rte": "a b"}})
    assert flow["errors"] == {"addresses": "grid_invalid_address"}
    flow = await answer(hass, flow, {"client_id": "me", "addresses": {"rte": nobody}})
    assert flow["errors"] == {"base": "grid_refused"}
