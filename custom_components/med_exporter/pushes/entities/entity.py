"""What the entities of a destination have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homeassistant.core import Context
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity

from ...const import DOMAIN
from ...rights import async_user_of, require_administrator

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.helpers.entity import EntityDescription

    from ..runtime import DestinationRuntime


class DestinationEntity(Entity):
    """An entity of a destination; always available, since it tells of the exporter itself."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, runtime: DestinationRuntime, description: EntityDescription) -> None:
        self.runtime = runtime
        self.entity_description = description
        self._attr_unique_id = f"{runtime.id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, runtime.entry.entry_id)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer="MED Exporter",
            model=runtime.kind.model,
            name=runtime.name,
        )

    async def async_added_to_hass(self) -> None:
        """Follow the destination."""
        await super().async_added_to_hass()
        self.async_on_remove(self.runtime.add_listener(self.async_write_ha_state))

    async def async_require_administrator(self) -> User | None:
        """Return the user who acts, None for an automation.

        Home Assistant lets every user press and switch everything. Raises NotAllowedError for
        anyone who is not an administrator.
        """
        user = await async_user_of(self.hass, self._context or Context())
        require_administrator(user)
        return user
