"""The doors of automations and scripts; what answers is loaded with the first call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.core import ServiceCall, SupportsResponse, callback

from .const import DOMAIN
from .later import Later
from .rights import async_user_of, require

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from homeassistant.core import HomeAssistant, ServiceResponse

    from .actions import Action

# Names, types and values are judged after the caller's right, by the same code as those of the
# HTTP API, whose errors translate.
_ANYTHING: Final = vol.Schema({}, extra=vol.ALLOW_EXTRA)
_ACTIONS: Final = Later(__package__, "actions", "ACTIONS")

SERVICES: Final = {
    "create_export": SupportsResponse.OPTIONAL,
    "preview_export": SupportsResponse.ONLY,
    "get_export": SupportsResponse.ONLY,
    "list_exports": SupportsResponse.ONLY,
    "delete_export": SupportsResponse.OPTIONAL,
    "cancel_export": SupportsResponse.OPTIONAL,
    "get_export_statistics": SupportsResponse.ONLY,
    "list_devices": SupportsResponse.ONLY,
    "list_metrics": SupportsResponse.ONLY,
    "run_push": SupportsResponse.OPTIONAL,
    "test_destination": SupportsResponse.ONLY,
    "list_push_log": SupportsResponse.ONLY,
    "create_schedule": SupportsResponse.OPTIONAL,
    "update_schedule": SupportsResponse.OPTIONAL,
    "delete_schedule": SupportsResponse.OPTIONAL,
    "list_schedules": SupportsResponse.ONLY,
    "run_schedule": SupportsResponse.OPTIONAL,
    "remove_all_data": SupportsResponse.OPTIONAL,
    "compare_contracts": SupportsResponse.ONLY,
    "correct_energy": SupportsResponse.OPTIONAL,
}
"""The actions' names, and whether they answer."""


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions. Called once, when the integration is set up."""
    for name, answers in SERVICES.items():
        hass.services.async_register(
            DOMAIN,
            name,
            _for_caller(name),
            # Whoever may not call it learns nothing of what is wrong with a call.
            schema=_ANYTHING,
            supports_response=answers,
        )


def _for_caller(name: str) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    """Judge the right of whoever calls, None for an automation, and then the fields."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        action: Action = (await _ACTIONS.async_get(call.hass))[name]
        user = await async_user_of(call.hass, call.context)
        require(action.right, user)
        checked = ServiceCall(
            call.hass,
            call.domain,
            call.service,
            action.fields(dict(call.data)),
            call.context,
            call.return_response,
        )
        return await action.handler(checked, user)

    return handle
