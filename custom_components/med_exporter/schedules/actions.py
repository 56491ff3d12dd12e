"""The actions for schedules, for administrators and automations."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol
from homeassistant.helpers import config_validation as cv

from ..exports.answers import export_status
from ..exports.jobs import DATA_JOBS
from ..rights import require_administrator
from ..schedules.scheduler import DATA_SCHEDULES
from .answers import schedule_entry

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import ServiceCall

    from .scheduler import Scheduler

_FIELDS: Final = ("name", "schedule", "export_config", "delivery", "enabled")
# Types and values are judged by the same code as those of the HTTP API, whose errors translate.
_ANYTHING: Final = {vol.Optional(name): object for name in _FIELDS}

CREATE_SCHEMA: Final = vol.Schema(_ANYTHING)
UPDATE_SCHEMA: Final = vol.Schema({vol.Required("schedule_id"): cv.string, **_ANYTHING})
SCHEDULE_SCHEMA: Final = vol.Schema({vol.Required("schedule_id"): cv.string})
LIST_SCHEMA: Final = vol.Schema({})


async def create_schedule(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Make a schedule and return it."""
    scheduler = _scheduler(call, user)
    schedule = await scheduler.async_create(_plain(dict(call.data)), user=user)
    return schedule_entry(scheduler, schedule)


async def update_schedule(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Change what is named of a schedule and return the whole."""
    scheduler = _scheduler(call, user)
    changes = _plain(dict(call.data))
    schedule = await scheduler.async_update(changes.pop("schedule_id"), changes, user=user)
    return schedule_entry(scheduler, schedule)


async def delete_schedule(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Remove a schedule."""
    schedule_id = call.data["schedule_id"]
    await _scheduler(call, user).async_delete(schedule_id, user=user)
    return {"schedule_id": schedule_id, "deleted": True}


async def list_schedules(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Return all schedules, by name."""
    scheduler = _scheduler(call, user)
    return {"schedules": [schedule_entry(scheduler, one) for one in scheduler.schedules()]}


async def run_schedule(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Start a run now and return where its export stands."""
    schedule_id = call.data["schedule_id"]
    record = await _scheduler(call, user).async_run_now(schedule_id, user=user)
    jobs = call.hass.data[DATA_JOBS]
    return {"schedule_id": schedule_id, **export_status(jobs, record)}


def _scheduler(call: ServiceCall, user: User | None) -> Scheduler:
    require_administrator(user)
    return call.hass.data[DATA_SCHEDULES]


def _plain(value: Any) -> Any:  # noqa: ANN401  # whatever a caller gives
    """Return a value as JSON would carry it: YAML reads an unquoted date as one."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return value
