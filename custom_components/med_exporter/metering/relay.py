"""The relay of a plug, to be seen, not to be switched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.components.binary_sensor import (  # type: ignore[attr-defined]  # the newest keeps it in const
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)

from .entity import PlugEntity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .metering_point import MeteringPoint

_RELAY = BinarySensorEntityDescription(
    key="relay", translation_key="relay", device_class=BinarySensorDeviceClass.POWER
)


class RelaySensor(PlugEntity, BinarySensorEntity):
    """Whether the plug's relay is closed."""

    @property
    def is_on(self) -> bool | None:
        """Return the state of the relay."""
        return None if self.plug.sample is None else self.plug.sample.is_on


def relay_sensors(point: MeteringPoint) -> Iterator[RelaySensor]:
    """Yield the relays of all plugs of a metering point."""
    for plug_id in point.coordinator.data:
        yield RelaySensor(point.coordinator, plug_id, _RELAY)
