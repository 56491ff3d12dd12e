"""What answers each action. Each calls one method and shapes the answer.

The fields of `create_export` are those of a request laid flat (`exports/action_fields.py`);
mistakes are told with the names they have here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from .answers import utc
from .corrections.actions import CORRECT_SCHEMA, correct_energy
from .errors import InvalidRequest
from .exports.action_fields import named_as_here, plain_values, request_of
from .exports.answers import export_page, export_status, statistics_answer
from .exports.catalogue import async_list_devices, list_metrics
from .exports.choosing import require_export_type
from .exports.comparison import async_compare_contracts
from .exports.jobs import DATA_JOBS
from .exports.preview import async_preview
from .history.pages import PAGE_FIELDS
from .history.reasons import failure_of
from .history.records import ExportStatus
from .installation.actions import REMOVE_SCHEMA, remove_all_data
from .object_reader import INVALID_REQUEST, INVALID_VALUE, shown, typed_flag
from .pushes.actions import (
    PUSH_LOG_SCHEMA,
    RUN_PUSH_SCHEMA,
    TEST_SCHEMA,
    list_push_log,
    run_push,
    test_destination,
)
from .rights import Right
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
    from homeassistant.core import ServiceCall

    from .exports.jobs import JobManager
    from .history.records import ExportRecord

# Names, types and values are judged after the caller's right, by the same code as those of the
# HTTP API, whose errors translate.
_ANYTHING: Final = vol.Schema({}, extra=vol.ALLOW_EXTRA)
_EXPORT_SCHEMA: Final = vol.Schema({vol.Required("export_id"): cv.string})
_LIST_SCHEMA: Final = vol.Schema(PAGE_FIELDS)
_NOTHING: Final = vol.Schema({})


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
            raise failure_of(call.hass, record)
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
        return typed_flag(value)
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


class Action(NamedTuple):
    """Who may call it, what answers, and what its fields are checked by, in this order."""

    right: Right
    handler: Callable[[ServiceCall, User | None], Coroutine[Any, Any, dict[str, Any]]]
    schema: vol.Schema

    def fields(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the fields that were given, checked. Raises InvalidRequest, which names one."""
        try:
            checked: dict[str, Any] = self.schema(given)
        except vol.MultipleInvalid as err:
            # Home Assistant's REST API would answer a bare "Bad Request".
            raise self._mistake(given, str(err.path[0])) from err
        return checked

    def _mistake(self, given: dict[str, Any], field: str) -> InvalidRequest:
        if field not in self.schema.schema:
            return InvalidRequest(INVALID_REQUEST, "unknown_field", field=shown(field))
        if given.get(field) is None:
            return InvalidRequest(INVALID_REQUEST, "required", field=field)
        value = shown(str(given[field]))
        return InvalidRequest(INVALID_VALUE, "value_not_taken", field=field, value=value)


ACTIONS: Final = {
    "create_export": Action(Right.USER, _create_export, _ANYTHING),
    "preview_export": Action(Right.USER, _preview_export, _ANYTHING),
    "get_export": Action(Right.USER, _get_export, _EXPORT_SCHEMA),
    "list_exports": Action(Right.USER, _list_exports, _LIST_SCHEMA),
    "delete_export": Action(Right.USER, _delete_export, _EXPORT_SCHEMA),
    "cancel_export": Action(Right.USER, _cancel_export, _EXPORT_SCHEMA),
    "get_export_statistics": Action(Right.USER, _get_export_statistics, _NOTHING),
    "list_devices": Action(Right.USER, _list_devices, _NOTHING),
    "list_metrics": Action(Right.USER, _list_metrics, _NOTHING),
    "run_push": Action(Right.ADMINISTRATOR, run_push, RUN_PUSH_SCHEMA),
    "test_destination": Action(Right.ADMINISTRATOR, test_destination, TEST_SCHEMA),
    "list_push_log": Action(Right.ADMINISTRATOR, list_push_log, PUSH_LOG_SCHEMA),
    "create_schedule": Action(Right.ADMINISTRATOR, create_schedule, _SCHEDULE_SCHEMA),
    "update_schedule": Action(Right.ADMINISTRATOR, update_schedule, _SCHEDULE_SCHEMA),
    "delete_schedule": Action(Right.ADMINISTRATOR, delete_schedule, _SCHEDULE_SCHEMA),
    "list_schedules": Action(Right.ADMINISTRATOR, list_schedules, _SCHEDULE_SCHEMA),
    "run_schedule": Action(Right.ADMINISTRATOR, run_schedule, _SCHEDULE_SCHEMA),
    "remove_all_data": Action(Right.ADMINISTRATOR, remove_all_data, REMOVE_SCHEMA),
    "compare_contracts": Action(Right.USER, _compare_contracts, _ANYTHING),
    "correct_energy": Action(Right.ADMINISTRATOR, correct_energy, CORRECT_SCHEMA),
}
