"""An entry is set up, taken down and removed without a trace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_set_domains_to_be_loaded, async_setup_component
from pytest_homeassistant_custom_component.common import MockModule, mock_integration

from custom_components.med_exporter import async_remove_config_entry_device
from custom_components.med_exporter.const import DOMAIN
from tests.metering_points import add_metering_point
from tests.plug_emulator import EmulatedPlug, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.typing import ConfigType

pytestmark = pytest.mark.usefixtures("brief_waits")


@pytest.fixture
def hass(hass_with_recorder: HomeAssistant) -> HomeAssistant:
    return hass_with_recorder


@pytest.fixture
async def plug(plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(alias="Fridge")
    await plug_network.start(plug)
    return plug


async def test_it_unloads_and_sets_up_again(hass: HomeAssistant, plug: EmulatedPlug) -> None:
    entry = await add_metering_point(hass, plug.address)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED


async def test_nothing_is_asked_once_it_is_unloaded(
    hass: HomeAssistant, plug: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, plug.address)
    await hass.config_entries.async_unload(entry.entry_id)
    plug.received.clear()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not plug.received


async def test_removing_it_leaves_no_device_and_no_entity(
    hass: HomeAssistant, plug: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, plug.address)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id) == []
    assert er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id) == []


async def test_a_user_can_remove_only_a_device_that_is_no_longer_part_of_it(
    hass: HomeAssistant, plug: EmulatedPlug
) -> None:
    entry = await add_metering_point(hass, plug.address)
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        assert not await async_remove_config_entry_device(hass, entry, device)
    stale = registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "gone")}
    )
    assert await async_remove_config_entry_device(hass, entry, stale)


async def test_it_waits_for_no_integration_whose_entries_alone_it_reads(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    # A broker or a plug that does not answer would keep the page and the API away for a minute.
    answers = asyncio.Event()

    async def never_there(hass: HomeAssistant, config: ConfigType) -> bool:
        await answers.wait()
        return True

    slow = ("mqtt", "tplink")
    for domain in slow:
        mock_integration(hass, MockModule(domain, async_setup=never_there))
    async_set_domains_to_be_loaded(hass, {*slow, DOMAIN})
    waiting = [hass.async_create_task(async_setup_component(hass, one, {})) for one in slow]
    try:
        async with asyncio.timeout(30):
            assert await async_setup_component(hass, DOMAIN, {})
        assert not any(one.done() for one in waiting)
    finally:
        answers.set()
        await asyncio.gather(*waiting)
