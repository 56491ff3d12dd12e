"""Buttons of a destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from homeassistant.components import persistent_notification
from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.helpers.translation import async_get_translations

from ...const import DOMAIN
from ...pushes.runner import DATA_PUSHES
from .entity import DestinationEntity

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from homeassistant.core import HomeAssistant

    from ..runtime import DestinationRuntime

TRIGGER_BUTTON: Final = "button"
_TEST_SUCCEEDED: Final = "destination_test_succeeded"


@dataclass(frozen=True, kw_only=True)
class DestinationButtonDescription(ButtonEntityDescription):
    """A button and what it does for a user, None being an automation."""

    press_fn: Callable[[HomeAssistant, DestinationRuntime, str | None], Awaitable[None]]


async def _export_now(
    hass: HomeAssistant, runtime: DestinationRuntime, user_id: str | None
) -> None:
    hass.data[DATA_PUSHES].async_start(runtime, trigger=TRIGGER_BUTTON, user_id=user_id)


async def _test_connection(
    hass: HomeAssistant, runtime: DestinationRuntime, user_id: str | None
) -> None:
    """Raise what is wrong; a success has to be said too, which a button cannot."""
    notification_id = f"{DOMAIN}_test_{runtime.id}"
    persistent_notification.async_dismiss(hass, notification_id)
    key = await runtime.async_test() or _TEST_SUCCEEDED
    texts = await async_get_translations(hass, hass.config.language, "exceptions", {DOMAIN})
    message = texts[f"component.{DOMAIN}.exceptions.{key}.message"]
    persistent_notification.async_create(
        hass, message, title=runtime.name, notification_id=notification_id
    )


_BUTTONS: Final = (
    DestinationButtonDescription(
        key="export_now", translation_key="export_now", press_fn=_export_now
    ),
    DestinationButtonDescription(
        key="test_connection",
        translation_key="test_connection",
        entity_category=EntityCategory.DIAGNOSTIC,
        press_fn=_test_connection,
    ),
)


def destination_buttons(runtime: DestinationRuntime) -> list[DestinationButton]:
    """Return the buttons of a destination."""
    return [DestinationButton(runtime, description) for description in _BUTTONS]


class DestinationButton(DestinationEntity, ButtonEntity):
    """A button of a destination, for administrators."""

    entity_description: DestinationButtonDescription

    async def async_press(self) -> None:
        """Do what the button is for. Raises NotAllowedError, DestinationError and so on."""
        user = await self.async_require_administrator()
        user_id = None if user is None else user.id
        await self.entity_description.press_fn(self.hass, self.runtime, user_id)
