"""Whatever an entry is renamed to in Home Assistant's own dialog, its name is one clean line."""

from __future__ import annotations

import pytest
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.med_exporter.const import DOMAIN

TITLES = {
    "My\nhome\x00\x1b[31m": "My home [31m",
    "  Home\u202eemoh\u2028 ": "Home emoh",
    "x" * 1_000_000: "x" * 99 + "…",
    " \r\n": "boiler",
    "Café 🏠": "Café 🏠",
}


@pytest.mark.parametrize("title", TITLES, ids=lambda title: repr(title[:9]))
async def test_a_new_name_is_one_line(hass_with_recorder, hass_ws_client, title):
    hass = hass_with_recorder
    assert await async_setup_component(hass, DOMAIN, {})
    assert await async_setup_component(hass, "config", {})
    entry = MockConfigEntry(domain=DOMAIN, title="Home", data={"type": "none", "pdl": "boiler"})
    entry.add_to_hass(hass)
    client = await hass_ws_client()
    asked = {"type": "config_entries/update", "entry_id": entry.entry_id, "title": title}
    await client.send_json_auto_id(asked)
    assert (await client.receive_json())["success"]
    assert entry.title == TITLES[title]


async def test_a_name_from_before_is_one_line(hass_with_recorder):
    hass = hass_with_recorder
    entry = MockConfigEntry(domain=DOMAIN, title="a\nb", data={}, source="ignore")
    entry.add_to_hass(hass)
    assert await async_setup_component(hass, DOMAIN, {})
    assert entry.title == "a b"
