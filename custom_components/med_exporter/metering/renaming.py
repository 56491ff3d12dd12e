"""What plugs say of themselves and may say otherwise later: their names and their firmware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr

from ..const import CONF_HOSTS, CONF_PLUGS, DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant

    from ..sources.plug import PlugIdentity


@callback
def async_follow_plugs(
    hass: HomeAssistant, entry: ConfigEntry, identities: Iterable[PlugIdentity]
) -> None:
    """Take over what plugs are called now, and what they run; a user's own names stay."""
    plugs, hosts = dict(entry.data[CONF_PLUGS]), dict(entry.data[CONF_HOSTS])
    changed = set()
    for identity in identities:
        plug, host = plugs[identity.plug_id], hosts[identity.mac]
        running = {"firmware": identity.firmware, "hardware": identity.hardware}
        if plug["name"] != identity.name or not running.items() <= host.items():
            plugs[identity.plug_id] = {**plug, "name": identity.name}
            hosts[identity.mac] = {**host, **running}
            changed.add(identity.plug_id)
    if not changed:
        return
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_PLUGS: plugs, CONF_HOSTS: hosts}
    )
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        for domain, plug_id in device.identifiers:
            if domain == DOMAIN and plug_id in changed:
                host = hosts[plugs[plug_id]["mac"]]
                registry.async_update_device(
                    device.id,
                    name=plugs[plug_id]["name"],
                    sw_version=host["firmware"],
                    hw_version=host["hardware"],
                )
