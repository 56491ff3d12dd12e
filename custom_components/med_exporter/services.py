"""Actions for automations and scripts. Each checks the caller, calls one method, shapes the answer.

The fields of `create_export` are those of a request laid flat (`exports/action_fields.py`);
mistakes are told with the names they have here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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
from .history.records import ExportStatus
from .installation.actions import REMOVE_SCHEMA, remove_all_data
from .pushes.actions import (
    PUSH_LOG_SCHEMA,
    RUN_PUSH_SCHEMA,
    TEST_SCHEMA,
    list_push_log,
    run_push,
    test_destination,
)
from .rights import async_user_of, require_export_type
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
_CREATE_SCHEMA: Final = vol.Schema(
    {vol.Optional("wait", default=True): cv.boolean}, extra=vol.ALLOW_EXTRA
)
_PREVIEW_SCHEMA: Final = vol.Schema({}, extra=vol.ALLOW_EXTRA)
_EXPORT_SCHEMA: Final = vol.Schema({vol.Required("export_id"): cv.string})
_LIST_SCHEMA: Final = vol.Schema(
    {
        vol.Optional("limit", default=50): vol.All(vol.Coerce(int), vol.Range(min=1, max=100)),
        vol.Optional("offset", default=0): vol.All(vol.Coerce(int), vol.Range(min=0)),
    }
)
_NOTHING: Final = vol.Schema({})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions. Called once, when the integration is set up."""
    for name, handler, schema, response in (
        ("create_export", _create_export, _CREATE_SCHEMA, SupportsResponse.OPTIONAL),
        ("preview_export", _preview_export, _PREVIEW_SCHEMA, SupportsResponse.ONLY),
        ("get_export", _get_export, _EXPORT_SCHEMA, SupportsResponse.ONLY),
        ("list_exports", _list_exports, _LIST_SCHEMA, SupportsResponse.ONLY),
        ("delete_export", _delete_export, _EXPORT_SCHEMA, SupportsResponse.OPTIONAL),
        ("cancel_export", _cancel_export, _EXPORT_SCHEMA, SupportsResponse.OPTIONAL),
        ("get_export_statistics", _get_export_statistics, _NOTHING, SupportsResponse.ONLY),
        ("list_devices", _list_devices, _NOTHING, SupportsResponse.ONLY),
        ("list_metrics", _list_metrics, _NOTHING, SupportsResponse.ONLY),
        ("run_push", run_push, RUN_PUSH_SCHEMA, SupportsResponse.OPTIONAL),
        ("test_destination", test_destination, TEST_SCHEMA, SupportsResponse.ONLY),
        ("list_push_log", list_push_log, PUSH_LOG_SCHEMA, SupportsResponse.ONLY),
        ("create_schedule", create_schedule, _SCHEDULE_SCHEMA, SupportsResponse.OPTIONAL),
        ("update_schedule", update_schedule, _SCHEDULE_SCHEMA, SupportsResponse.OPTIONAL),
        ("delete_schedule", delete_schedule, _SCHEDULE_SCHEMA, SupportsResponse.OPTIONAL),
        ("list_schedules", list_schedules, _SCHEDULE_SCHEMA, SupportsResponse.ONLY),
        ("run_schedule", run_schedule, _SCHEDULE_SCHEMA, SupportsResponse.OPTIONAL),
        ("remove_all_data", remove_all_data, REMOVE_SCHEMA, SupportsResponse.OPTIONAL),
        ("compare_contracts", _compare_contracts, _PREVIEW_SCHEMA, SupportsResponse.ONLY),
        ("correct_energy", correct_energy, CORRECT_SCHEMA, SupportsResponse.OPTIONAL),
    ):
        hass.services.async_register(
            DOMAIN, name, _for_caller(handler), schema=schema, supports_response=response
        )


def _for_caller(
    handler: Callable[[ServiceCall, User | None], Coroutine[Any, Any, dict[str, Any]]],
) -> Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]:
    """Find out who calls, None for an automation."""

    async def handle(call: ServiceCall) -> ServiceResponse:
        return await handler(call, await async_user_of(call.hass, call.context))

    return handle


async def _create_export(call: ServiceCall, user: User | None) -> dict[str, Any]:
    jobs = _jobs(call)
    fields = dict(call.data)
    wait = fields.pop("wait")
    require_export_type(user, fields)
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
