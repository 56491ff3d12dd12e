"""Actions for automations and scripts. Each checks the caller, calls one method, shapes the answer.

The fields of `create_export` are those of a request laid flat (`exports/action_fields.py`);
mistakes are told with the names they have here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import voluptuous as vol
from homeassistant.core import ServiceCall, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv

from .answers import utc
from .const import DOMAIN
from .corrections.actions import CORRECT_SCHEMA, correct_energy
from .errors import ExportFailedError, InvalidRequest
from .exports.action_fields import (
    named_as_here,
    plain_values,
    request_of,
)
from .exports.answers import export_page, export_status, statistics_answer
from .exports.catalogue import async_list_devices, list_metrics
from .exports.comparison import async_compare_contracts
from .exports.jobs import DATA_JOBS
from .exports.preview import async_preview
from .history.pages import PAGE_FIELDS
from .history.records import ExportStatus
from .installation.actions import REMOVE_SCHEMA, remove_all_data
from .object_reader import INVALID_REQUEST
from .pushes.actions import (
    PUSH_LOG_SCHEMA,
    RUN_PUSH_SCHEMA,
    TEST_SCHEMA,
    list_push_log,
    run_push,
    test_destination,
)
from .rights import Right, async_user_of, require, require_export_type
from .schedules.actions import SCHEMA as _SCHEDULE_SCHEMA
from .schedules.actions import (
    create_schedule,
    delete_schedule,
    list_schedules,
    run_schedule,
    update_schedule,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant, ServiceResponse

    from .exports.jobs import JobManager
    from .history.records import ExportRecord

# Names, types and values are judged after the caller's right, by the same code as those of the
# HTTP API, whose errors translate.
_ANYTHING: Final = vol.Schema({}, extra=vol.ALLOW_EXTRA)
_EXPORT_SCHEMA: Final = vol.Schema({vol.Required("export_id"): cv.string})
_LIST_SCHEMA: Final = vol.Schema(PAGE_FIELDS)
_NOTHING: Final = vol.Schema({})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions. Called once, when the integration is set up."""
    for name, action in ACTIONS.items():
        hass.services.async_register(
            DOMAIN,
            name,
            _for_caller(action),
            # Whoever may not call it learns nothing of what is wrong with a call.
            schema=_ANYTHING,
            supports_response=action.response,
        )


def _for_caller(action: _Action) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    """Judge the right of whoever calls, None for an automation, and then the fields."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        user = await async_user_of(call.hass, call.context)
        require(action.right, user)
        checked = ServiceCall(
            call.hass,
            call.domain,
            call.service,
            action.schema(dict(call.data)),
            call.context,
            call.return_response,
        )
        return await action.handler(checked, user)

    return handle


async def _create_export(call: ServiceCall, user: User | None) -> dict[str, Any]:
    jobs = _jobs(call)
    fields = dict(call.data)
    require_export_type(user, fields)
    wait = _flag(fields.pop("wait", True), "wait")
    try:
        record = await jobs.async_create(request_of(fields), user=user, trigger="action")
    except InvalidRequest as err:
        raise named_as_here(err) from err
    if wait:
        record = await jobs.async_wait(record.id)
        if record.status is not ExportStatus.COMPLETED:
            code = record.error_code or record.status.value.upper()
            raise ExportFailedError(code, record.error_message or record.status.value)
    return _status(jobs, record)


async def _preview_export(call: ServiceCall, user: User | None) -> dict[str, Any]:
    try:
        return await async_preview(call.hass, plain_values(call.data), user)
    except InvalidRequest as err:
        raise named_as_here(err) from err


async def _compare_contracts(call: ServiceCall, user: User | None) -> dict[str, Any]:
    try:
        return await async_compare_contracts(call.hass, request_of(call.data), user)
    except InvalidRequest as err:
        raise named_as_here(err) from err


async def _get_export(call: ServiceCall, user: User | None) -> dict[str, Any]:
    jobs = _jobs(call)
    return _status(jobs, await jobs.async_get(call.data["export_id"], user=user))


async def _list_exports(call: ServiceCall, user: User | None) -> dict[str, Any]:
    page = {"limit": call.data["limit"], "offset": call.data["offset"]}
    records, total = await _jobs(call).async_list(user=user, **page)
    return export_page(records, total, **page)


async def _delete_export(call: ServiceCall, user: User | None) -> dict[str, Any]:
    export_id = call.data["export_id"]
    await _jobs(call).async_delete(export_id, user=user)
    return {"export_id": export_id, "deleted": True}


async def _cancel_export(call: ServiceCall, user: User | None) -> dict[str, Any]:
    jobs = _jobs(call)
    return _status(jobs, await jobs.async_cancel(call.data["export_id"], user=user))


async def _get_export_statistics(call: ServiceCall, user: User | None) -> dict[str, Any]:
    return statistics_answer(await _jobs(call).async_statistics(user=user))


async def _list_devices(call: ServiceCall, user: User | None) -> dict[str, Any]:
    devices = await async_list_devices(call.hass, user)
    return {"devices": [{**device, "last_seen": utc(device["last_seen"])} for device in devices]}


async def _list_metrics(call: ServiceCall, _user: User | None) -> dict[str, Any]:
    return {"metrics": list_metrics(call.hass)}


def _flag(value: object, field: str) -> bool:
    """Return true or false, which templates write as texts. Raises InvalidRequest."""
    try:
        return cv.boolean(value)
    except vol.Invalid as err:
        raise InvalidRequest(INVALID_REQUEST, "not_a_boolean", field=field) from err


def _jobs(call: ServiceCall) -> JobManager:
    return call.hass.data[DATA_JOBS]


def _status(jobs: JobManager, record: ExportRecord) -> dict[str, Any]:
    """Return an export's status; with its file, and a link that needs no login, once complete."""
    status = export_status(jobs, record)
    status["download_url"] = jobs.links.absolute(status["download_url"])
    if record.status is ExportStatus.COMPLETED:
        status["path"] = record.path
        status["download_link"] = jobs.links.link(record.id)
    return status


class _Action(NamedTuple):
    right: Right
    handler: Callable[[ServiceCall, User | None], Coroutine[Any, Any, dict[str, Any]]]
    schema: vol.Schema
    response: SupportsResponse


ACTIONS: Final = {
    "create_export": _Action(Right.USER, _create_export, _ANYTHING, SupportsResponse.OPTIONAL),
    "preview_export": _Action(Right.USER, _preview_export, _ANYTHING, SupportsResponse.ONLY),
    "get_export": _Action(Right.USER, _get_export, _EXPORT_SCHEMA, SupportsResponse.ONLY),
    "list_exports": _Action(Right.USER, _list_exports, _LIST_SCHEMA, SupportsResponse.ONLY),
    "delete_export": _Action(Right.USER, _delete_export, _EXPORT_SCHEMA, SupportsResponse.OPTIONAL),
    "cancel_export": _Action(Right.USER, _cancel_export, _EXPORT_SCHEMA, SupportsResponse.OPTIONAL),
    "get_export_statistics": _Action(
        Right.USER, _get_export_statistics, _NOTHING, SupportsResponse.ONLY
    ),
    "list_devices": _Action(Right.USER, _list_devices, _NOTHING, SupportsResponse.ONLY),
    "list_metrics": _Action(Right.USER, _list_metrics, _NOTHING, SupportsResponse.ONLY),
    "run_push": _Action(Right.ADMINISTRATOR, run_push, RUN_PUSH_SCHEMA, SupportsResponse.OPTIONAL),
    "test_destination": _Action(
        Right.ADMINISTRATOR, test_destination, TEST_SCHEMA, SupportsResponse.ONLY
    ),
    "list_push_log": _Action(
        Right.ADMINISTRATOR, list_push_log, PUSH_LOG_SCHEMA, SupportsResponse.ONLY
    ),
    "create_schedule": _Action(
        Right.ADMINISTRATOR, create_schedule, _SCHEDULE_SCHEMA, SupportsResponse.OPTIONAL
    ),
    "update_schedule": _Action(
        Right.ADMINISTRATOR, update_schedule, _SCHEDULE_SCHEMA, SupportsResponse.OPTIONAL
    ),
    "delete_schedule": _Action(
        Right.ADMINISTRATOR, delete_schedule, _SCHEDULE_SCHEMA, SupportsResponse.OPTIONAL
    ),
    "list_schedules": _Action(
        Right.ADMINISTRATOR, list_schedules, _SCHEDULE_SCHEMA, SupportsResponse.ONLY
    ),
    "run_schedule": _Action(
        Right.ADMINISTRATOR, run_schedule, _SCHEDULE_SCHEMA, SupportsResponse.OPTIONAL
    ),
    "remove_all_data": _Action(
        Right.ADMINISTRATOR, remove_all_data, REMOVE_SCHEMA, SupportsResponse.OPTIONAL
    ),
    "compare_contracts": _Action(Right.USER, _compare_contracts, _ANYTHING, SupportsResponse.ONLY),
    "correct_energy": _Action(
        Right.ADMINISTRATOR, correct_energy, CORRECT_SCHEMA, SupportsResponse.OPTIONAL
    ),
}
