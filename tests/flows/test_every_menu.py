"""Every menu of every kind of entry, opened as the frontend opens it: over HTTP."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.entry_types import entry_kinds

SERVER = {"url": "http://127.0.0.1:1", "verify_ssl": True, "interval": "60", "data": ["tempo"]}
PLUG = {"name": "Fridge", "mac": "50C7BF000001", "child_id": None, "role": "consumption"}
POINT = {"name": "House", "pdl": "house"}
# What is stored of an entry of each kind; nothing is behind the addresses.
STORED = {
    "kasa": {
        **POINT,
        "hosts": {"50C7BF000001": {"host": "127.0.0.1:1"}},
        "plugs": {"50C7BF000001": {**PLUG, "rated_power": None}},
    },
    "meters": {
        **POINT,
        "pdl": "meters",
        "plugs": {
            "a": {"name": "Grid", "role": "consumption", "rated_power": None,
                  "statistic_id": "sensor.grid", "registry_id": None, "former": [],
                  "entities": {"energy_total_kwh": "sensor.grid"}},
        },
    },
    "grid": {},
    "home_assistant": {**SERVER, "token": "x"},
    "mqtt": {
        "broker": "mqtt://127.0.0.1:1", "verify_ssl": True, "topic_prefix": "x", "qos": "1",
        "retain": True, "discovery": False, "interval": "60", "data": ["tempo"],
    },
    "victoriametrics": {**SERVER, "labels": {}},
    "jeedom": {**SERVER, "api_key": "x", "plugin": "virtual"},
    "influxdb": {**SERVER, "version": "1", "database": "x", "labels": {}},
    "email": {"host": "127.0.0.1", "port": 1, "security": "none", "from": "a@example.org"},
    "installation": {},
}  # fmt: skip


class Walker:
    """Opens flows, and whatever their menus lead to."""

    def __init__(self, client):
        self.client = client
        self.seen = []

    async def post(self, path, body):
        response = await self.client.post(f"/api/config/config_entries/{path}", json=body)
        assert response.status == HTTPStatus.OK, (body, await response.text())
        return await response.json()

    async def walk(self, place, begin, *choices):
        """Follow these choices of menus from a flow's beginning, then all that come after."""
        step = await self.post(place, begin)
        flow = f"{place}/{step['flow_id']}"
        for choice in choices:
            step = await self.post(flow, {"next_step_id": choice})
        self.seen.append((*choices, step.get("step_id") or step["reason"]))
        if step["type"] == FlowResultType.MENU:
            for choice in step["menu_options"]:
                await self.walk(place, begin, *choices, choice)
        elif step["type"] == FlowResultType.FORM:
            await self.client.delete(f"/api/config/config_entries/{flow}")


@pytest.fixture
async def walker(hass_with_recorder, hass_client):
    hass = hass_with_recorder
    assert await async_setup_component(hass, "config", {})
    assert await async_setup_component(hass, DOMAIN, {})
    return Walker(await hass_client())


def test_every_kind_is_walked():
    assert set(STORED) == set(entry_kinds())


async def test_everything_that_can_be_added_has_a_form(walker):
    await walker.walk("flow", {"handler": DOMAIN})
    opened = {choices[-2] for choices in walker.seen if len(choices) > 1}
    assert opened == set(STORED) - {"installation"}


async def test_everything_of_every_entry_can_be_opened(walker, hass):
    for kind, stored in STORED.items():
        data = {"type": kind, "id": kind, "name": kind, **stored}
        entry = MockConfigEntry(domain=DOMAIN, title=kind, data=data)
        entry.add_to_hass(hass)
        await walker.walk("flow", {"handler": DOMAIN, "entry_id": entry.entry_id})
        if entry.supports_options:
            await walker.walk("options/flow", {"handler": entry.entry_id})
    opened = {choices[-1] for choices in walker.seen}
    assert {f"{kind}_reconfigure" for kind in STORED} - opened == {"installation_reconfigure"}
    assert "only_options" in opened
