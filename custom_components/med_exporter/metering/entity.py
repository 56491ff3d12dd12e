"""What the entities of plugs and metering points have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.const import Platform
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import (
    CONNECTION_NETWORK_MAC,
    DeviceEntryType,
    DeviceInfo,
)
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import CONF_HOSTS, CONF_PLUGS, DOMAIN
from .coordinator import PlugCoordinator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from homeassistant.core import HomeAssistant
    from homeassistant.helpers.entity import EntityDescription

    from .metering_point import MeteringPoint
    from .polled import PlugState


def forget_sensors(hass: HomeAssistant, unique_ids: Iterable[str]) -> None:
    """Take sensors of this integration that no longer exist out of Home Assistant's registry."""
    registry = er.async_get(hass)
    for unique_id in unique_ids:
        if entity_id := registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id):
            registry.async_remove(entity_id)


class PlugEntity(CoordinatorEntity[PlugCoordinator]):
    """An entity of one plug; unavailable while the plug does not answer."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: PlugCoordinator, plug_id: str, description: EntityDescription
    ) -> None:
        super().__init__(coordinator, plug_id)
        self.entity_description = description
        self.plug_id = plug_id
        self._attr_unique_id = f"{plug_id}_{description.key}"
        self._attr_device_info = plug_device_info(coordinator, plug_id)

    @property
    def plug(self) -> PlugState:
        """Return the plug as it stands."""
        return self.coordinator.data[self.plug_id]

    @property
    def available(self) -> bool:
        """Return whether the plug has answered."""
        return super().available and self.plug.sample is not None


class MeteringPointEntity(CoordinatorEntity[PlugCoordinator]):
    """An entity of a metering point."""

    _attr_has_entity_name = True

    def __init__(self, point: MeteringPoint, description: EntityDescription) -> None:
        super().__init__(point.coordinator)
        self.entity_description = description
        self.point = point
        self._attr_unique_id = f"{point.entry.entry_id}_{description.key}"
        self._attr_device_info = metering_point_device_info(point)


def metering_point_device_info(point: MeteringPoint) -> DeviceInfo:
    """Describe a metering point to the device registry."""
    return DeviceInfo(
        identifiers={(DOMAIN, point.entry.entry_id)},
        entry_type=DeviceEntryType.SERVICE,
        manufacturer="MED Exporter",
        model=point.pdl,
        name=point.name,
    )


def plug_device_info(coordinator: PlugCoordinator, plug_id: str) -> DeviceInfo:
    """Describe a plug to the device registry, also when it has not answered yet."""
    plug = coordinator.config_entry.data[CONF_PLUGS][plug_id]
    host = coordinator.config_entry.data[CONF_HOSTS][plug["mac"]]
    info = DeviceInfo(
        identifiers={(DOMAIN, plug_id)},
        manufacturer="TP-Link",
        model=plug["model"],
        name=plug["name"],
        hw_version=host["hardware"],
        sw_version=host["firmware"],
    )
    if plug["child_id"] is None:
        info["connections"] = {(CONNECTION_NETWORK_MAC, plug["mac"])}
    return info
