"""The switch of a destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory

from ...audit import acting
from .entity import DestinationEntity

if TYPE_CHECKING:
    from ..runtime import DestinationRuntime

_AUTOMATIC_EXPORT: Final = SwitchEntityDescription(
    key="automatic_export",
    translation_key="automatic_export",
    entity_category=EntityCategory.CONFIG,
)


def destination_switches(runtime: DestinationRuntime) -> list[AutomaticExportSwitch]:
    """Return the switches of a destination."""
    return [AutomaticExportSwitch(runtime, _AUTOMATIC_EXPORT)]


class AutomaticExportSwitch(DestinationEntity, SwitchEntity):
    """Whether the destination exports by itself, for administrators to change."""

    @property
    def is_on(self) -> bool:
        """Return whether automatic export is on."""
        return self.runtime.enabled

    async def async_turn_on(self, **kwargs: Any) -> None:  # noqa: ANN401
        """Export at the interval. Raises NotAllowedError."""
        with acting(await self.async_require_administrator()):
            self.runtime.set_enabled(enabled=True)

    async def async_turn_off(self, **kwargs: Any) -> None:  # noqa: ANN401
        """Export on demand only. Raises NotAllowedError."""
        with acting(await self.async_require_administrator()):
            self.runtime.set_enabled(enabled=False)
