"""Follow entities under the names that users give their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er

from ..const import CONF_PLUGS
from .meter import CONF_ENTITIES, CONF_FORMER, CONF_REGISTRY_ID, CONF_STATISTIC_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import Event, HomeAssistant
    from homeassistant.helpers.entity_registry import EventEntityRegistryUpdatedData


@callback
def async_follow_names(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Use the entities by their new ids from now on, also when they are renamed later."""
    registry = er.async_get(hass)

    def by_registry(stored: dict[str, Any]) -> dict[str, Any]:
        names = {
            one[CONF_STATISTIC_ID]: known.entity_id
            for one in (stored, *stored.get(CONF_FORMER, ()))
            if (known := registry.async_get(one.get(CONF_REGISTRY_ID) or "")) is not None
        }
        return _renamed(stored, names)

    _change(hass, entry, by_registry)

    @callback
    def on_update(event: Event[EventEntityRegistryUpdatedData]) -> None:
        data = event.data
        if data["action"] != "update" or "old_entity_id" not in data:
            return
        names = {data["old_entity_id"]: data["entity_id"]}
        if _change(hass, entry, lambda stored: _renamed(stored, names)):
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, on_update))


def _change(
    hass: HomeAssistant, entry: ConfigEntry, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> bool:
    before = entry.data[CONF_PLUGS]
    after = {meter_id: change(stored) for meter_id, stored in before.items()}
    if after == before:
        return False
    return hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_PLUGS: after})


def _renamed(stored: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Return a meter as it is stored, with other entity ids."""

    def new_ids(entities: Mapping[str, str]) -> dict[str, str]:
        return {field: names.get(one, one) for field, one in entities.items()}

    statistic_id = stored[CONF_STATISTIC_ID]
    former = [
        {
            **one,
            CONF_STATISTIC_ID: names.get(one[CONF_STATISTIC_ID], one[CONF_STATISTIC_ID]),
            CONF_ENTITIES: new_ids(one.get(CONF_ENTITIES, {})),
        }
        for one in stored.get(CONF_FORMER, ())
    ]
    return {
        **stored,
        CONF_STATISTIC_ID: names.get(statistic_id, statistic_id),
        CONF_FORMER: former,
        CONF_ENTITIES: new_ids(stored[CONF_ENTITIES]),
    }
