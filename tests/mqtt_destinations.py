"""MQTT destinations for tests, each set up through the real config flow with a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from custom_components.med_exporter.const import DOMAIN, DataType
from tests.metering_points import answer, start_flow

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

PREFIX = "home/energy"


def mqtt_input(port: int, **changes: Any) -> dict[str, Any]:
    """Return what a user fills in; a change to None leaves the field out."""
    values = {
        "broker": f"mqtt://127.0.0.1:{port}",
        "verify_ssl": True,
        "topic_prefix": PREFIX,
        "qos": "1",
        "retain": True,
        "interval": "60",
        "data": [item.value for item in DataType],
        **changes,
    }
    return {key: value for key, value in values.items() if value is not None}


async def add_mqtt(hass: HomeAssistant, port: int, **changes: Any) -> ConfigEntry:
    """Set up a destination."""
    result = await answer(hass, await start_flow(hass, "mqtt"), mqtt_input(port, **changes))
    assert result["type"] is FlowResultType.CREATE_ENTRY, result.get("errors")
    await hass.async_block_till_done()
    return result["result"]


def destination_entity(hass: HomeAssistant, entry: ConfigEntry, platform: str, key: str) -> str:
    """Return the entity id of a destination's entity."""
    unique_id = f"{entry.data['id']}_{key}"
    entity_id = er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id)
    assert entity_id is not None
    return entity_id


def destination_value(hass: HomeAssistant, entry: ConfigEntry, key: str) -> str:
    """Return the state of a destination's sensor."""
    state = hass.states.get(destination_entity(hass, entry, "sensor", key))
    assert state is not None
    return state.state
