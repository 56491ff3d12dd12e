"""The action that puts energy right, for administrators and automations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol

from ..audit import DATA_AUDIT
from ..audit.events import EventType
from ..const import CONF_PDL
from ..engine.energy import to_kwh
from ..engine.times import utc_text
from ..errors import INVALID_DATE_RANGE, InvalidRequest
from ..ledger import DATA_LEDGER
from ..ledger.corrections import CorrectionError, Operation
from .request import read_correction

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant, ServiceCall

# Judged after the caller's right, by what names the field.
CORRECT_SCHEMA: Final = vol.Schema({}, extra=vol.ALLOW_EXTRA)


async def correct_energy(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Set, scale or remove a meter's energy in a range; raises as `async_correct`."""
    asked = dict(call.data)
    if type(asked.get(CONF_PDL)) is int:
        # In YAML, digits are a number.
        asked[CONF_PDL] = str(asked[CONF_PDL])
    return await async_correct(call.hass, asked, user)


async def async_correct(hass: HomeAssistant, asked: object, user: User | None) -> dict[str, Any]:
    """Correct what `read_correction` reads; return the energy before and after, and what undoes it.

    Raises:
        InvalidRequest: at the field that is at fault.
        DatabaseUnavailableError: the database cannot be written, or is busy for long; nothing is
            corrected then.

    """
    correction, reason = read_correction(hass, asked)
    try:
        done = await hass.data[DATA_LEDGER].async_correct(correction)
    except CorrectionError as err:
        raise InvalidRequest(INVALID_DATE_RANGE, err.key, field="start") from err
    answer: dict[str, Any] = {
        "meter": correction.plug.name,
        "metering_point": correction.plug.metering_point_name,
        "start": utc_text(correction.start),
        "end": utc_text(correction.end),
        "operation": correction.operation.value,
        "kwh_before": to_kwh(done.before),
        "kwh_after": to_kwh(done.after),
    }
    hass.data[DATA_AUDIT].record(
        EventType.ENERGY_CORRECTED,
        user=user,
        subject=correction.plug.name,
        details={**answer, "reason": reason},
    )
    undo = {"operation": Operation.SET.value, "value": to_kwh(done.before)}
    return {**answer, "statistics_pending": done.statistics_pending, "undo": undo}
