"""Each host of a metering point may have a login of its own; whoever is away holds up nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType

from custom_components.med_exporter.const import DOMAIN
from tests.metering_points import (
    PDL,
    add_metering_point,
    answer,
    entity_of,
    poll,
    settle,
    start_flow,
    start_reconfigure,
)
from tests.plug_emulator import EmulatedPlug, PlugNetwork
from tests.plug_emulator.smart import EmulatedSmartPlug

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from homeassistant.core import HomeAssistant

pytestmark = pytest.mark.usefixtures("brief_waits")

MINE = {"username": "me@example.com", "password": "secret"}
HERS = {"username": "her@example.com", "password": "private"}


@pytest.fixture
async def mine() -> AsyncIterator[EmulatedSmartPlug]:
    plug = EmulatedSmartPlug(host="127.0.84.1", mac="5C:62:8B:84:00:01", alias="Mine", load=10.0)
    async with plug:
        yield plug


@pytest.fixture
async def hers() -> AsyncIterator[EmulatedSmartPlug]:
    plug = EmulatedSmartPlug(
        host="127.0.84.2", mac="5C:62:8B:84:00:02", alias="Hers", load=20.0, **HERS
    )
    async with plug:
        yield plug


@pytest.fixture
async def old(plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:84:00:03", alias="Old", load=30.0)
    await plug_network.start(plug)
    return plug


def suggested(flow: dict[str, Any], field: str) -> Any:
    (key,) = [key for key in flow["data_schema"].schema if key == field]
    return (key.description or {}).get("suggested_value")


async def start(hass: HomeAssistant, *hosts: str, **login: str) -> dict[str, Any]:
    values = {"name": "House", "pdl": PDL, "hosts": list(hosts), **login}
    return await answer(hass, await start_flow(hass), values)


async def two_accounts(hass: HomeAssistant, mine: EmulatedSmartPlug, hers: EmulatedSmartPlug):
    """Set up a metering point whose plugs belong to two accounts."""
    flow = await start(hass, mine.address, hers.address, **MINE)
    flow = await answer(hass, flow, HERS)
    entry = (await answer(hass, flow, {}))["result"]
    await hass.async_block_till_done()
    return entry


def state_of(hass: HomeAssistant, plug: EmulatedSmartPlug) -> str:
    return hass.states.get(entity_of(hass, plug.plain_mac, "power")).state


class TestSetUp:
    async def test_one_login_for_old_and_new(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug, old: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, mine.address, old.address, **MINE)
        assert len(entry.data["plugs"]) == 2
        assert "secret" not in str(entry.data)
        assert state_of(hass, mine) == "10.0"

    async def test_no_login_is_asked_for_and_is_not_a_wrong_one(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug, old: EmulatedPlug
    ) -> None:
        flow = await start(hass, mine.address, old.address)
        assert (flow["step_id"], flow["errors"]) == ("kasa_login", {})
        assert flow["description_placeholders"]["hosts"] == mine.address
        flow = await answer(hass, flow, {})
        assert flow["errors"] == {"username": "login_missing"}
        flow = await answer(hass, flow, {**MINE, "password": "wrong"})
        assert flow["errors"] == {"password": "invalid_auth"}
        assert flow["description_placeholders"]["host"] == mine.address
        flow = await answer(hass, flow, MINE)
        assert flow["step_id"] == "kasa_plugs"

    async def test_two_accounts(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug, hers: EmulatedSmartPlug
    ) -> None:
        flow = await start(hass, mine.address, hers.address, **MINE)
        assert (flow["step_id"], flow["errors"]) == ("kasa_login", {})
        assert flow["description_placeholders"]["hosts"] == hers.address
        flow = await answer(hass, flow, HERS)
        entry = (await answer(hass, flow, {}))["result"]
        await hass.async_block_till_done()
        assert (state_of(hass, mine), state_of(hass, hers)) == ("10.0", "20.0")
        assert len({host["credentials_hash"] for host in entry.data["hosts"].values()}) == 2

    async def test_a_wrong_login(self, hass: HomeAssistant, mine: EmulatedSmartPlug) -> None:
        flow = await start(hass, mine.address, username="me@example.com", password="wrong")
        assert (flow["step_id"], flow["errors"]) == ("kasa", {"password": "invalid_auth"})
        assert suggested(flow, "password") is None

    async def test_another_mistake_does_not_take_the_password_away(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug
    ) -> None:
        values = {"name": "House", "hosts": [mine.address], "username": MINE["username"]}
        flow = await answer(
            hass, await start_flow(hass), {**values, "pdl": "__", "password": "secret"}
        )
        assert flow["errors"] == {"pdl": "invalid_pdl"}
        assert suggested(flow, "password") is None
        flow = await answer(hass, flow, {**values, "pdl": PDL})
        assert flow["step_id"] == "kasa_plugs"


class TestReconfigure:
    async def test_what_is_away_or_refuses_is_kept(
        self,
        hass: HomeAssistant,
        mine: EmulatedSmartPlug,
        hers: EmulatedSmartPlug,
        old: EmulatedPlug,
    ) -> None:
        entry = await two_accounts(hass, mine, hers)
        before = dict(entry.data["hosts"])
        await mine.cut_off()
        hers.set_account("her@example.com", "changed")
        flow = await start_reconfigure(hass, entry)
        hosts = [mine.address, hers.address, old.address]
        flow = await answer(hass, flow, {"name": "Home", "hosts": hosts})
        assert [str(field) for field in flow["data_schema"].schema] == [
            "Old",
            "Old (W)",
            "count_past",
        ]
        flow = await answer(hass, flow, {})
        assert flow["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert entry.title == "Home"
        assert before.items() <= entry.data["hosts"].items()
        assert len(entry.data["plugs"]) == 3

    async def test_a_new_login_goes_to_whom_takes_it(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug, hers: EmulatedSmartPlug
    ) -> None:
        entry = await two_accounts(hass, mine, hers)
        before = dict(entry.data["hosts"])
        hers.set_account("her@example.com", "changed")
        flow = await start_reconfigure(hass, entry)
        login = {"username": "her@example.com", "password": "changed"}
        hosts = [mine.address, hers.address]
        flow = await answer(hass, flow, {"name": "House", "hosts": hosts, **login})
        assert flow["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        now = entry.data["hosts"]
        stored = "credentials_hash"
        assert now[hers.plain_mac][stored] != before[hers.plain_mac][stored]
        assert (state_of(hass, mine), state_of(hass, hers)) == ("10.0", "20.0")

    async def test_a_login_that_nobody_takes_is_wrong(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug
    ) -> None:
        entry = await add_metering_point(hass, mine.address, **MINE)
        flow = await start_reconfigure(hass, entry)
        flow = await answer(
            hass, flow, {"name": "House", "hosts": [mine.address], **MINE, "password": "wrong"}
        )
        assert flow["errors"] == {"password": "invalid_auth"}

    async def test_a_plug_at_a_new_address_keeps_its_login(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug
    ) -> None:
        entry = await add_metering_point(hass, mine.address, **MINE)
        await mine.cut_off()
        moved = EmulatedSmartPlug(host="127.0.84.9", mac=mine.mac, alias="Mine", load=11.0)
        async with moved:
            flow = await start_reconfigure(hass, entry)
            flow = await answer(hass, flow, {"name": "House", "hosts": [moved.address]})
            assert flow["reason"] == "reconfigure_successful"
            await hass.async_block_till_done()
            assert state_of(hass, mine) == "11.0"


class TestReauth:
    """It ends, whatever hosts are away and to whatever accounts they belong."""

    async def form(self, hass: HomeAssistant) -> dict[str, Any]:
        (flow,) = [
            flow
            for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
            if flow["context"]["source"] == "reauth"
        ]
        return await hass.config_entries.flow.async_configure(flow["flow_id"])

    async def changed(self, hass: HomeAssistant, entry: Any, *plugs: EmulatedSmartPlug) -> Any:
        for plug in plugs:
            plug.set_account("me@example.com", f"changed {plug.alias}")
        for _ in range(2):
            await poll(hass, entry)
        return await self.form(hass)

    async def test_the_hosts_that_refuse_are_named(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug, hers: EmulatedSmartPlug
    ) -> None:
        entry = await two_accounts(hass, mine, hers)
        flow = await self.changed(hass, entry, mine)
        assert (flow["step_id"], flow["errors"]) == ("kasa_reauth", {})
        assert flow["description_placeholders"]["hosts"] == mine.address
        flow = await answer(hass, flow, {})
        assert flow["errors"] == {"username": "login_missing"}
        flow = await answer(hass, flow, {"username": "me@example.com", "password": "no"})
        assert flow["errors"] == {"password": "invalid_auth"}
        flow = await answer(hass, flow, {"username": "me@example.com", "password": "changed Mine"})
        assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reauth_successful")
        await settle(hass)
        assert (state_of(hass, mine), state_of(hass, hers)) == ("10.0", "20.0")

    async def test_two_accounts_are_asked_for_one_after_the_other_and_kept_at_once(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug, hers: EmulatedSmartPlug
    ) -> None:
        entry = await two_accounts(hass, mine, hers)
        flow = await self.changed(hass, entry, mine, hers)
        flow = await answer(hass, flow, {"username": "me@example.com", "password": "changed Hers"})
        assert (flow["type"], flow["errors"]) == (FlowResultType.FORM, {})
        assert flow["description_placeholders"]["hosts"] == mine.address
        await poll(hass, entry)
        assert state_of(hass, hers) == "20.0"
        flow = await answer(hass, flow, {"username": "me@example.com", "password": "changed Mine"})
        assert flow["reason"] == "reauth_successful"
        await settle(hass)
        assert (state_of(hass, mine), state_of(hass, hers)) == ("10.0", "20.0")

    async def test_a_plug_that_is_away_is_not_waited_for(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug, hers: EmulatedSmartPlug
    ) -> None:
        entry = await two_accounts(hass, mine, hers)
        kept = entry.data["hosts"][hers.plain_mac]
        flow = await self.changed(hass, entry, mine)
        await hers.cut_off()
        flow = await answer(hass, flow, {"username": "me@example.com", "password": "changed Mine"})
        assert flow["reason"] == "reauth_successful"
        assert entry.data["hosts"][hers.plain_mac] == kept
        await settle(hass)
        await hers.restore()
        await poll(hass, entry)
        assert (state_of(hass, mine), state_of(hass, hers)) == ("10.0", "20.0")

    async def test_the_very_plug_that_refused_is_unplugged(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug
    ) -> None:
        entry = await add_metering_point(hass, mine.address, **MINE)
        flow = await self.changed(hass, entry, mine)
        await mine.cut_off()
        flow = await answer(hass, flow, {"username": "me@example.com", "password": "changed Mine"})
        assert flow["reason"] == "reauth_successful"
        await settle(hass)
        await mine.restore()
        await poll(hass, entry)
        await settle(hass)
        assert state_of(hass, mine) == "10.0"

    async def test_a_key_that_was_lost(
        self, hass: HomeAssistant, mine: EmulatedSmartPlug, hers: EmulatedSmartPlug
    ) -> None:
        entry = await two_accounts(hass, mine, hers)
        hosts = {
            mac: {**host, "credentials_hash": "of another key"}
            for mac, host in entry.data["hosts"].items()
        }
        hass.config_entries.async_update_entry(entry, data={**entry.data, "hosts": hosts})
        await hass.config_entries.async_reload(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_ERROR
        flow = await answer(hass, await self.form(hass), MINE)
        assert flow["description_placeholders"]["hosts"] == hers.address
        flow = await answer(hass, flow, HERS)
        assert flow["reason"] == "reauth_successful"
        await settle(hass)
        assert (state_of(hass, mine), state_of(hass, hers)) == ("10.0", "20.0")
