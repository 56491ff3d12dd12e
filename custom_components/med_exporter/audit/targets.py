"""What an action's data points at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant


def referenced(hass: HomeAssistant, data: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return the entity ids and device ids that the target in an action's data stands for.

    Areas, floors, labels and groups are followed. Data without a target reaches nothing.
    """
    try:
        from homeassistant.helpers.target import (  # noqa: PLC0415 (missing in the oldest version)
            TargetSelection,
            async_extract_referenced_entity_ids,
        )

        found = async_extract_referenced_entity_ids(hass, TargetSelection(data))
    except ImportError:
        from homeassistant.core import ServiceCall  # noqa: PLC0415
        from homeassistant.helpers import service  # noqa: PLC0415

        call = ServiceCall(hass, "homeassistant", "target", data)
        found = service.async_extract_referenced_entity_ids(hass, call)  # type: ignore[attr-defined]
    return found.referenced | found.indirectly_referenced, set(found.referenced_devices)
