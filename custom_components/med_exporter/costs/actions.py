"""The action that reprices the past, for administrators and automations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from ..const import CONF_PDL
from ..costs import DATA_COSTS
from ..entries import metering_point_entries
from ..errors import UnknownMeteringPointError
from ..rights import require_administrator

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import ServiceCall

REPRICE_SCHEMA: Final = vol.Schema({vol.Required(CONF_PDL): cv.string})


async def reprice(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Price a metering point's past anew; return what has changed.

    Raises:
        NotAllowedError: the caller is not an administrator.
        UnknownMeteringPointError: no metering point has this id.
        DatabaseUnavailableError: the database cannot be read or written.

    """
    require_administrator(user)
    pdl = call.data[CONF_PDL]
    for entry in metering_point_entries(call.hass):
        if entry.data[CONF_PDL] == pdl:
            break
    else:
        raise UnknownMeteringPointError(pdl)
    done = await call.hass.data[DATA_COSTS].async_reprice(entry)
    return {
        "pdl": pdl,
        "half_hours": done.half_hours,
        "cost_before": done.before.cost,
        "cost_after": done.after.cost,
        "unpriced_kwh": done.after.unpriced_kwh,
        "currency": call.hass.config.currency,
    }
