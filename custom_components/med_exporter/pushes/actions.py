"""The actions that push to destinations, for administrators and automations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.const import CONF_ID
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.translation import async_get_exception_message

from ..const import DOMAIN
from ..destinations.base import DestinationError
from ..destinations.registry import DESTINATIONS
from ..history.history import DATA_HISTORY
from ..history.pages import PAGE_FIELDS
from ..history.reasons import failure_of
from ..history.records import ExportKind, ExportStatus
from ..object_reader import ObjectReader, typed_flag
from .answers import PushStatus, push_log_entry
from .request import read_push_request
from .runner import DATA_PUSHES
from .selection import DestinationNotFoundError, select_destination, select_entry

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant, ServiceCall

TEST_SUCCEEDED: Final = "destination_test_succeeded"

_ASKED: Final = ("data", "pdl", "start", "end")

RUN_PUSH_SCHEMA: Final = vol.Schema(
    {
        vol.Required("destination"): cv.string,
        # Judged as at every door, by what names the field.
        **{vol.Optional(name): object for name in _ASKED},
        vol.Optional("wait", default=False): typed_flag,
    }
)
TEST_SCHEMA: Final = vol.Schema({vol.Required("destination"): cv.string})
PUSH_LOG_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("destination"): cv.string,
        vol.Optional("status"): object,
        **PAGE_FIELDS,
    }
)


async def run_push(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Start a push and return its log entry, once it has ended if that is wished.

    Raises ExportFailedError when it was waited for and did not succeed.
    """
    runtime = select_destination(call.hass, call.data["destination"])
    pushes = call.hass.data[DATA_PUSHES]
    request = read_push_request(_asked(call))
    user_id = None if user is None else user.id
    if not call.data["wait"]:
        return push_log_entry(
            await pushes.async_start(runtime, request, trigger="action", user_id=user_id)
        )
    record = await pushes.async_run(runtime, request, trigger="action", user_id=user_id)
    if record.status is not ExportStatus.COMPLETED:
        raise failure_of(call.hass, record)
    return push_log_entry(record)


def _asked(call: ServiceCall) -> dict[str, Any]:
    """Return what is asked for; YAML may name one thing without a list, and a pdl as a number."""
    asked = {name: call.data[name] for name in _ASKED if name in call.data}
    for name in ("data", "pdl"):
        one = asked.get(name)
        if isinstance(one, (str, int)) and not isinstance(one, bool):
            asked[name] = [one]
    if isinstance(asked.get("pdl"), list):
        asked["pdl"] = [str(one) if type(one) is int else one for one in asked["pdl"]]
    return asked


async def test_destination(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Test a destination's connection; a mistake found is the answer, not a failure."""
    runtime = select_destination(call.hass, call.data["destination"])
    return await async_test_answer(runtime.async_test())


async def async_test_answer(test: Awaitable[str | None]) -> dict[str, Any]:
    """Await a connection test and return its outcome, as all doors show it."""
    try:
        remark = await test
    except DestinationError as err:
        return {"success": False, "error_code": err.code, "message": str(err)}
    message = async_get_exception_message(DOMAIN, remark or TEST_SUCCEEDED)
    return {"success": True, "error_code": None, "message": message}


async def list_push_log(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Return past and running pushes, newest first."""
    known = [str(one) for one in PushStatus]
    status = ObjectReader({"status": call.data.get("status")}).choice("status", known)
    return await async_push_log(
        call.hass,
        destination=call.data.get("destination"),
        status=None if status is None else PushStatus(status),
        limit=call.data["limit"],
        offset=call.data["offset"],
    )


async def async_push_log(
    hass: HomeAssistant,
    *,
    destination: str | None,
    status: PushStatus | None,
    limit: int,
    offset: int,
) -> dict[str, Any]:
    """Return a page of the log of pushes, newest first, as all doors show it.

    `destination` is a type, or an id or name, also the id of one that is gone. Raises
    DestinationNotFoundError, AmbiguousDestinationError and DatabaseUnavailableError.
    """
    records, total = await hass.data[DATA_HISTORY].async_list(
        kind=ExportKind.PUSH,
        destination=await _async_logged_as(hass, destination),
        status=None if status is None else status.stands_for,
        limit=limit,
        offset=offset,
    )
    logs = [push_log_entry(record) for record in records]
    return {"logs": logs, "total": total, "limit": limit, "offset": offset}


async def _async_logged_as(hass: HomeAssistant, name: str | None) -> str | None:
    """Return what the log knows a destination by: a type, or an id, also of one that is gone."""
    if name is None or name in DESTINATIONS:
        return name
    try:
        return str(select_entry(hass, name).data[CONF_ID])
    except DestinationNotFoundError:
        history = hass.data[DATA_HISTORY]
        _, total = await history.async_list(kind=ExportKind.PUSH, destination=name, limit=1)
        if not total:
            raise
        return name
