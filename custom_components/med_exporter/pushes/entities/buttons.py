"""Buttons of a destination."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from homeassistant.components import persistent_notification
from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import callback

from ...const import DOMAIN
from ...database.outcome import succeeded
from ...errors import ExportFailedError
from ...history.reasons import failure_of, reason_of
from ...history.records import ERROR_INTERRUPTED, ExportStatus
from ...texts import counted, text_of
from .entity import DestinationEntity

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from homeassistant.core import HomeAssistant

    from ...history.records import ExportRecord
    from ..runtime import DestinationRuntime

    type _Press = Callable[[HomeAssistant, DestinationRuntime, str | None], Awaitable[None]]

TRIGGER_BUTTON: Final = "button"
# A button that a person has pressed answers within this.
_PATIENCE: Final = 30.0
_TEST_SUCCEEDED: Final = "destination_test_succeeded"


async def _export_now(
    hass: HomeAssistant, runtime: DestinationRuntime, user_id: str | None
) -> None:
    """Raise why the export failed, or say what arrived; a long one says so when it is over."""
    run = runtime.entry.async_create_background_task(
        hass, runtime.async_export(trigger=TRIGGER_BUTTON, user_id=user_id), f"{DOMAIN} button"
    )
    done, _ = await asyncio.wait([run], timeout=_PATIENCE)
    if not done:
        run.add_done_callback(lambda late: _say_late(hass, runtime, late))
        return
    if run.cancelled():
        raise ExportFailedError(ERROR_INTERRUPTED, "push_interrupted")
    record = run.result()
    if record.status is not ExportStatus.COMPLETED:
        raise failure_of(hass, record)
    if user_id is not None:
        # An automation has the event; a person wants to be told.
        _say(hass, runtime, "export", counted(hass, "push_arrived", record.records or 0))


@callback
def _say_late(
    hass: HomeAssistant, runtime: DestinationRuntime, run: asyncio.Task[ExportRecord]
) -> None:
    if not succeeded(run):
        # The destination was unloaded: its last run stands in the history.
        return
    reason = reason_of(hass, record := run.result())
    if reason is None:
        text = counted(hass, "push_arrived", record.records or 0)
    else:
        text = text_of(hass, "push_failed", {"reason": reason}) or reason
    _say(hass, runtime, "export", text)


@callback
def _say(hass: HomeAssistant, runtime: DestinationRuntime, about: str, text: str) -> None:
    persistent_notification.async_create(
        hass, text, title=runtime.name, notification_id=_notification_id(runtime, about)
    )


def _notification_id(runtime: DestinationRuntime, about: str) -> str:
    return f"{DOMAIN}_{about}_{runtime.id}"


async def _test_connection(
    hass: HomeAssistant, runtime: DestinationRuntime, user_id: str | None
) -> None:
    """Raise what is wrong; a success has to be said too, which a button cannot."""
    persistent_notification.async_dismiss(hass, _notification_id(runtime, "test"))
    key = await runtime.async_test() or _TEST_SUCCEEDED
    _say(hass, runtime, "test", text_of(hass, key, {}) or key)


# Each with what it does for a user, None being an automation.
_BUTTONS: Final[tuple[tuple[ButtonEntityDescription, _Press], ...]] = (
    (ButtonEntityDescription(key="export_now", translation_key="export_now"), _export_now),
    (
        ButtonEntityDescription(
            key="test_connection",
            translation_key="test_connection",
            entity_category=EntityCategory.DIAGNOSTIC,
        ),
        _test_connection,
    ),
)


def destination_buttons(runtime: DestinationRuntime) -> list[DestinationButton]:
    """Return the buttons of a destination."""
    return [DestinationButton(runtime, description, press) for description, press in _BUTTONS]


class DestinationButton(DestinationEntity, ButtonEntity):
    """A button of a destination, for administrators."""

    def __init__(
        self, runtime: DestinationRuntime, description: ButtonEntityDescription, press: _Press
    ) -> None:
        super().__init__(runtime, description)
        self._press = press

    async def async_press(self) -> None:
        """Do what the button is for. Raises NotAllowedError, DestinationError and so on."""
        user = await self.async_require_administrator()
        user_id = None if user is None else user.id
        await self._press(self.hass, self.runtime, user_id)
