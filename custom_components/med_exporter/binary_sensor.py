"""The relay of a plug, to be seen, not to be switched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.components.binary_sensor import (  # type: ignore[attr-defined]  # the newest keeps it in const
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)

from .metering.entity import PlugEntity

if TYPE_CHECKING:
    from homeassistant.config_entries import ConfigEntry
    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

PARALLEL_UPDATES = 0

_RELAY = BinarySensorEntityDescription(
    key="relay", translation_key="relay", device_class=BinarySensorDeviceClass.POWER
)


class RelaySensor(PlugEntity, BinarySensorEntity):
    """Whether the plug's relay is closed."""

    @property
    def is_on(self) -> bool | None:
        """Return the state of the relay."""
        return None if self.plug.sample is None else self.plug.sample.is_on


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the relay of each plug of a metering point."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(RelaySensor(coordinator, plug_id, _RELAY) for plug_id in coordinator.data)
