"""Whatever is entered in a form: an error that names its field, and nothing that breaks.

A step that is new has no row here, which fails.
"""

from __future__ import annotations

import json
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY, SOURCE_REAUTH, OptionsFlow
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.config_flow import MedExporterFlow
from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.costs.currency import ISSUE, async_look_at_currency
from custom_components.med_exporter.costs.official import DATA_OFFICIAL, OfficialTariffs
from custom_components.med_exporter.entry_types import entry_kinds
from custom_components.med_exporter.grid import servers
from custom_components.med_exporter.metering.contracts import CONF_CURRENCY
from custom_components.med_exporter.repairs import CurrencyFlow
from tests.flows.test_every_menu import STORED
from tests.grid_entries import SERVERS
from tests.meters.conftest import Home
from tests.plug_emulator import EmulatedPlug
from tests.plug_emulator.smart import EmulatedSmartPlug
from tests.test_hostile_requests import rounds, spoilt, told_of

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

__all__ = ["rounds", "told_of"]

pytestmark = [pytest.mark.usefixtures("brief_waits"), pytest.mark.engine_in_thread]

CONTRACT = {"valid_from": "2026-05-01", "kind": "flat"}
WEEK = [
    {"name": "day", "price": 0.2, "start": "06:00", "end": "22:00"},
    {"name": "night", "price": 0.1, "start": "22:00", "end": "06:00"},
]
CONTRACTS = [
    {"valid_from": "2026-01-01", "kind": "flat", "price": 0.2},
    {"valid_from": "2026-02-01", "kind": "time_of_use", "periods": WEEK},
]
ADDED = ("contracts", "add_contract")
WEEKLY = {"valid_from": "2026-02-01", "kind": "time_of_use"}
CHANGED = ("contracts", "change_contract", {"contract": "2026-02-01"}, WEEKLY)

# How to get to each step where something is entered: whether over the options or by a repair, of
# which kind of entry (None for a new one), and then what is chosen or entered.
FORMS: dict[str, tuple[str, str | None, tuple[Any, ...]]] = {
    "user": ("flow", None, ()),
    **{kind: ("flow", None, (kind,)) for kind in STORED if kind != "installation"},
    **{f"{kind}_reconfigure": ("flow", kind, ()) for kind in STORED if kind != "installation"},
    **{
        f"{kind}_reauth": ("reauth", kind, ())
        for kind in STORED
        if kind not in {"installation", "meters"}
    },
    "limits": ("options/flow", "installation", ()),
    "polling": ("options/flow", "kasa", ("polling",)),
    "contracts": ("options/flow", "meters", ("contracts",)),
    "contract": ("options/flow", "meters", ADDED),
    "official_contract": ("options/flow", "meters", ("contracts", "official_contract")),
    "change_contract": ("options/flow", "meters", ("contracts", "change_contract")),
    "remove_contract": ("options/flow", "meters", ("contracts", "remove_contract")),
    "time_of_use": ("options/flow", "meters", CHANGED),
    "change_period": ("options/flow", "meters", (*CHANGED, "change_period")),
    "period": ("options/flow", "meters", (*CHANGED, "change_period", {"period": "0"})),
    "rest": (
        "options/flow",
        "meters",
        (*CHANGED, "change_period", {"period": "rest"}),
    ),
    "tier": ("options/flow", "meters", (*ADDED, {**CONTRACT, "kind": "tiers"})),
}
PLUG = "the address of a plug"
LOCKED = "where a plug wants a login"
METERS = {"name": "Other", "pdl": "other", "take_over": False, "statistics": ["other:energy"]}
FORMS |= {
    "kasa_plugs": ("flow", None, ("kasa", {"name": "Other", "pdl": "other", "hosts": [PLUG]})),
    "kasa_login": ("flow", None, ("kasa", {"name": "Other", "pdl": "other", "hosts": [LOCKED]})),
    "kasa_join": ("discovery", None, ("kasa_join",)),
    "confirm": ("repair", "meters", ()),
    "meters_roles": ("flow", None, ("meters", METERS)),
    "meters_entities": ("flow", None, ("meters", METERS, {"other:energy": "consumption"})),
}
FORMS |= {
    name: ("options/flow", "meters", (*ADDED, {**CONTRACT, "kind": name}))
    for name in ("flat", "peak_off_peak", "tempo", "sensor_price")
}
# Steps that lead on to others, or ask for nothing but a press.
NOTHING_ENTERED = {
    "import", "integration_discovery", "dhcp", "reauth", "reconfigure", "init", "add_contract",
    "periods", "add_period", "tiers", "save_contract", "plug_found", "grid_without_ecowatt",
    "past_of_id", "join_past_of_id", "another_id",
    *(f"{kind}_unverified" for kind in STORED),
}  # fmt: skip
STORED_PLUG = {
    "name": "Fridge", "mac": "50C7BF000001", "child_id": None, "role": "consumption",
    "rated_power": None, "model": "HS110",
}  # fmt: skip
FOUND = {"mac": "50c7bf000009", "name": "Fridge", "model": "HS110"}
COMPLETE: dict[str, dict[str, Any]] = {
    "kasa": {
        "hosts": {
            "50C7BF000001": {
                "host": "127.0.0.1:1", "parameters": None, "credentials_hash": None,
                "firmware": "1", "hardware": "1",
            }
        },
        "plugs": {"50C7BF000001": STORED_PLUG},
    },
    "influxdb": {"version": 1},
}  # fmt: skip
MEANT: dict[str, Any] = {
    "url": "http://127.0.0.1:1",
    "broker": "mqtt://127.0.0.1:1",
    "host": "127.0.0.1",
    "hosts": ["127.0.0.1:1"],
    "pdl": "other",
    "from": "a@example.org",
    "valid_from": "2026-03-01",
    "kind": "flat",
    "statistics": ["other:energy"],
}


async def steps(hass: HomeAssistant) -> set[str]:
    """Return every step that any flow of the integration has."""
    own = {name for flow in (MedExporterFlow, CurrencyFlow) for name in vars(flow)}
    found = {name.removeprefix("async_step_") for name in own if name.startswith("async_step_")}
    for kind in entry_kinds().values():
        flow, options = MedExporterFlow(), OptionsFlow()
        flow.hass = options.hass = hass
        found |= {*await kind.steps(flow), *kind.found_by}
        found |= set(await kind.options(options)) if kind.options else set()
    return found


async def test_every_step_has_a_row(hass: HomeAssistant):
    assert set(FORMS) | NOTHING_ENTERED >= await steps(hass)
    assert set(FORMS) <= await steps(hass)


class Dialogs:
    """Opens flows as the frontend does, and goes on to a step of them."""

    def __init__(self, hass: HomeAssistant, client: Any, addresses: dict[str, str]) -> None:
        self.addresses = addresses
        self.hass = hass
        self.client = client
        self.entries: dict[str, MockConfigEntry] = {}

    async def post(self, path: str, text: bytes | str) -> tuple[int, Any]:
        """Return the status and what is answered."""
        answer = await self.client.post(address_of(path), data=text)
        if answer.content_type == "application/json":
            return answer.status, await answer.json()
        return answer.status, await answer.text()

    async def reach(self, step: str) -> tuple[str, dict[str, Any]]:
        """Return a flow that is at a step, and what the step shows."""
        place, kind, way = FORMS[step]
        entry = self.entries.get(kind or "")
        if place in {"reauth", "discovery"}:
            shown = await self._begun_by_the_house(place, entry)
            place = "flow"
        elif place == "repair":
            options = {**entry.options, CONF_CURRENCY: "CHF"}
            self.hass.config_entries.async_update_entry(entry, options=options)
            async_look_at_currency(self.hass, entry)
            begin = {"handler": DOMAIN, "issue_id": f"{ISSUE}_{entry.entry_id}"}
            _, shown = await self.post(place, json.dumps(begin))
        else:
            begin: dict[str, Any] = {"handler": DOMAIN}
            if place == "options/flow":
                begin = {"handler": entry.entry_id}
            elif entry is not None:
                begin["entry_id"] = entry.entry_id
            _, shown = await self.post(place, json.dumps(begin))
        flow = f"{place}/{shown['flow_id']}"
        for one in way:
            chosen = {"next_step_id": one} if isinstance(one, str) else one
            text = json.dumps(chosen)
            for name, address in self.addresses.items():
                text = text.replace(name, address)
            status, shown = await self.post(flow, text)
            assert status == HTTPStatus.OK, (step, one, shown)
        assert shown.get("step_id") == step, shown
        return flow, shown

    async def _begun_by_the_house(self, place: str, entry: Any) -> dict[str, Any]:
        if place == "reauth":
            context, data = {"source": SOURCE_REAUTH, "entry_id": entry.entry_id}, None
        else:
            context = {"source": SOURCE_INTEGRATION_DISCOVERY}
            data = {**FOUND, "host": self.addresses[PLUG]}
        flow = self.hass.config_entries.flow
        shown = await flow.async_init(DOMAIN, context=context, data=data)
        answer = await self.client.get(address_of(f"flow/{shown['flow_id']}"))
        found: dict[str, Any] = await answer.json()
        return found

    async def leave(self, flow: str, said: dict[str, Any]) -> None:
        """End a flow, and take back what it has made."""
        if said["type"] in {"form", "menu"}:
            await self.client.delete(address_of(flow))
        elif said["type"] == "create_entry" and flow.startswith("flow/"):
            await self.hass.config_entries.async_remove(said["result"]["entry_id"])
        elif said["type"] == "create_entry":
            for kind, entry in self.entries.items():
                self.hass.config_entries.async_update_entry(entry, options=options_of(kind))


def address_of(path: str) -> str:
    """Return where a flow is, which a repair has elsewhere."""
    place, _, rest = path.partition("/")
    if place == "repair":
        return f"/api/repairs/issues/fix/{rest}".rstrip("/")
    return f"/api/config/config_entries/{path}"


def options_of(kind: str) -> dict[str, Any]:
    """Return what an entry of a kind has beside its data."""
    return {"contracts": CONTRACTS} if kind == "meters" else {}


def meant(shown: dict[str, Any]) -> dict[str, Any]:
    """Return what a person could have entered."""
    if shown["type"] == "menu":
        return {"next_step_id": next(iter(shown["menu_options"]))}
    found = {}
    for field in shown["data_schema"]:
        name = field["name"]
        suggested = (field.get("description") or {}).get("suggested_value")
        found[name] = MEANT.get(name, suggested or field.get("default", "a"))
    return found


@pytest.fixture
async def locked_plug():
    async with EmulatedSmartPlug(
        host="127.0.87.1", mac="5C:62:8B:87:00:01", alias="Locked", load=10.0
    ) as plug:
        yield plug


@pytest.fixture
async def dialogs(hass_with_recorder, hass_client, plug_network, locked_plug, monkeypatch):
    hass = hass_with_recorder
    nobody = servers.GridAddresses(**dict.fromkeys(SERVERS, "http://127.0.0.1:1"))
    monkeypatch.setattr(servers.GridAddresses, "from_options", lambda options: nobody)
    plug = EmulatedPlug(mac="50:C7:BF:00:00:09", alias="Fridge", load=100.0)
    await plug_network.start(plug)
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
    await Home(SimpleNamespace(hass=hass)).import_hours("other:energy", start, [0.0, 1.0])
    assert await async_setup_component(hass, "config", {})
    assert await async_setup_component(hass, DOMAIN, {})
    hass.data[DATA_OFFICIAL] = OfficialTariffs(hass, "http://127.0.0.1:1")
    assert await async_setup_component(hass, "repairs", {})
    addresses = {PLUG: plug.address, LOCKED: locked_plug.address}
    found = Dialogs(hass, await hass_client(), addresses)
    for kind, stored in STORED.items():
        data = {"type": kind, "id": kind, "name": kind, **stored, **COMPLETE.get(kind, {})}
        entry = MockConfigEntry(domain=DOMAIN, title=kind, data=data, options=options_of(kind))
        entry.add_to_hass(hass)
        found.entries[kind] = entry
    return found


HUGE = "x" * 1_000_000
RAW = ["", "[]", "null", '"x"', "{", '{"name": NaN}', '{"name": 1e999}', "[" * 5_000, f'"{HUGE}"']


@pytest.mark.parametrize("step", FORMS)
async def test_what_is_entered_is_taken_or_told_to_be_wrong(dialogs, rounds, told_of, step):
    texts: list[str] = [*RAW]
    flow, shown = await dialogs.reach(step)
    asked = meant(shown)
    texts += [json.dumps({**asked, name: odd}) for name in asked for odd in (HUGE, "NaN", "inf")]
    texts += [json.dumps(spoilt(asked, by)) for by in rounds]
    for text in texts:
        status, said = await dialogs.post(flow, text)
        assert status in {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}, (step, text[:500], said)
        if status == HTTPStatus.BAD_REQUEST:
            assert said.get("errors") or said.get("message"), (step, text[:500])
        elif said["type"] == "form" and said["step_id"] == step:
            fields = {one["name"] for one in said["data_schema"]}
            assert set(said["errors"] or {}) <= {*fields, "base"}, (step, text[:500])
        else:
            # It meant something; what follows is another step's matter.
            await dialogs.leave(flow, said)
            flow, _ = await dialogs.reach(step)
    assert told_of() == []


async def test_only_true_and_false_are_yes_and_no(dialogs):
    asked = set()
    for step in FORMS:
        flow, shown = await dialogs.reach(step)
        sent = meant(shown)
        for one in shown.get("data_schema") or ():
            if "boolean" not in one.get("selector", ()):
                continue
            asked.add(one["name"])
            for odd in ("yes", "no", "on", "", 1, 0, [], {}):
                status, said = await dialogs.post(flow, json.dumps({**sent, one["name"]: odd}))
                assert status == HTTPStatus.BAD_REQUEST, (step, one["name"], odd, said)
                assert said["errors"][one["name"]] == "neither true nor false"
        await dialogs.leave(flow, shown)
    assert asked >= {"verify_ssl", "retain", "discovery", "take_over", "all_roles", "remove"}
