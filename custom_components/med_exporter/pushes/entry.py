"""From a config entry to a destination at run time, and back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ID, CONF_TYPE, Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN, LOGGER
from ..database import queue_work
from ..destinations.registry import DESTINATIONS
from ..entries.finding import entries_of_type
from ..vault import SecretLostError, async_decrypted, async_settings_of
from .outage import issue_id
from .renamed import SCHEMA as RENAMED_SCHEMA
from .renamed import forget_renamed
from .runner import DATA_PUSHES
from .runtime import DestinationRuntime
from .watermarks import SCHEMA as WATERMARKS_SCHEMA
from .watermarks import forget_destination

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

    from .runtime import DestinationEntry


async def async_setup_destination(
    hass: HomeAssistant, entry: DestinationEntry
) -> DestinationRuntime:
    """Set up a destination. Raises ConfigEntryAuthFailed where its secrets were lost."""
    kind = DESTINATIONS[entry.data[CONF_TYPE]]
    settings = await async_settings_of(hass, entry, kind.secrets)
    destination = await kind.create(hass, entry, settings)
    pushes = hass.data[DATA_PUSHES]
    runtime = DestinationRuntime(hass, entry, kind, destination, pushes, pushes.history)
    _keep_sensor(hass, runtime.id)
    await runtime.async_start()
    return runtime


@callback
def _keep_sensor(hass: HomeAssistant, destination_id: str) -> None:
    """Let the sensor of the last export go on as that of the last success, as which it stood in.

    An older version that comes back for a while makes another one, in which nothing stands.
    """
    registry = er.async_get(hass)
    now = f"{destination_id}_last_success"
    find = partial(registry.async_get_entity_id, Platform.SENSOR, DOMAIN)
    if (entity_id := find(f"{destination_id}_last_export")) is None:
        return
    if find(now) is None:
        registry.async_update_entity(entity_id, new_unique_id=now)
    else:
        registry.async_remove(entity_id)


async def async_remove_destination(hass: HomeAssistant, entry: DestinationEntry) -> None:
    """Forget what the destination has been given, and that it was down."""
    destination_id: str = entry.data[CONF_ID]
    forget = partial(forget_destination, destination=destination_id)
    queue_work(hass, WATERMARKS_SCHEMA, forget)
    queue_work(hass, RENAMED_SCHEMA, partial(forget_renamed, destination=destination_id))
    ir.async_delete_issue(hass, DOMAIN, issue_id(destination_id))
    kind = DESTINATIONS[entry.data[CONF_TYPE]]
    if kind.remove is None:
        return
    try:
        settings = await async_decrypted(hass, entry.data, kind.secrets)
    except SecretLostError:
        LOGGER.warning("%s: what it left outside stays there, its secret is lost", entry.title)
        return
    await kind.remove(hass, entry, settings)


def destinations(hass: HomeAssistant) -> list[DestinationRuntime]:
    """Return the destinations that are loaded."""
    return [
        entry.runtime_data
        for entry in destination_entries(hass)
        if entry.state is ConfigEntryState.LOADED
    ]


def destination_entries(hass: HomeAssistant) -> list[DestinationEntry]:
    """Return the config entries of all destinations, loaded or not."""
    return [entry for kind in DESTINATIONS for entry in entries_of_type(hass, kind)]
