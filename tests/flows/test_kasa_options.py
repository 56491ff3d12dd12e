"""The polling interval is an option of a metering point, applied at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from homeassistant.data_entry_flow import FlowResultType, InvalidData

from tests.metering_points import add_metering_point
from tests.options import start_options
from tests.plug_emulator import EmulatedPlug, PlugNetwork

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

pytestmark = pytest.mark.usefixtures("brief_waits")


async def test_the_interval_is_applied_without_a_restart(
    hass_with_recorder: HomeAssistant, plug_network: PlugNetwork
) -> None:
    hass = hass_with_recorder
    plug = EmulatedPlug()
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    assert entry.runtime_data.coordinator.update_interval.total_seconds() == 30
    form = await start_options(hass, entry, "polling")
    done = await hass.config_entries.options.async_configure(
        form["flow_id"], {"polling_interval": 120}
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert entry.options == {"polling_interval": 120}
    assert entry.runtime_data.coordinator.update_interval.total_seconds() == 120
    form = await start_options(hass, entry, "polling")
    (key,) = form["data_schema"].schema
    assert key.description == {"suggested_value": 120}


@pytest.mark.parametrize("seconds", [0, 4, 3601, 30.5, "soon"])
async def test_an_interval_out_of_range_is_refused(
    hass_with_recorder: HomeAssistant, plug_network: PlugNetwork, seconds: object
) -> None:
    hass = hass_with_recorder
    plug = EmulatedPlug()
    await plug_network.start(plug)
    entry = await add_metering_point(hass, plug.address)
    form = await start_options(hass, entry, "polling")
    with pytest.raises(InvalidData) as error:
        await hass.config_entries.options.async_configure(
            form["flow_id"], {"polling_interval": seconds}
        )
    assert list(error.value.schema_errors) == ["polling_interval"]
    assert entry.options == {}
