"""The action that removes everything, for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol

from ..errors import InvalidRequest
from ..object_reader import INVALID_VALUE, typed_flag
from .leaving import async_remove_all_data

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import ServiceCall

REMOVE_SCHEMA: Final = vol.Schema({vol.Optional("confirm", default=False): typed_flag})


async def remove_all_data(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Remove all entries, data and statistics; return how many.

    Raises:
        InvalidRequest: it was not confirmed.

    """
    if not call.data["confirm"]:
        raise InvalidRequest(INVALID_VALUE, "not_confirmed", field="confirm")
    entries, statistics = await async_remove_all_data(call.hass)
    return {"entries": entries, "statistics": statistics}
