"""The actions for schedules, for administrators and automations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import voluptuous as vol

from ..exports.action_fields import as_json
from ..exports.answers import export_status
from ..exports.jobs import DATA_JOBS
from ..object_reader import ObjectReader
from ..schedules.scheduler import DATA_SCHEDULES
from .answers import schedule_entry

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import ServiceCall

    from .scheduler import Scheduler

SCHEMA: Final = vol.Schema({}, extra=vol.ALLOW_EXTRA)
"""Names, types and values are judged after the caller's right, as those of the HTTP API are."""


async def create_schedule(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Make a schedule and return it."""
    scheduler = _scheduler(call)
    schedule = await scheduler.async_create(as_json(call.data), user=user)
    return schedule_entry(scheduler, schedule)


async def update_schedule(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Change what is named of a schedule and return the whole."""
    scheduler = _scheduler(call)
    changes = as_json(call.data)
    schedule_id = ObjectReader(changes).text("schedule_id", required=True) or ""
    schedule = await scheduler.async_update(schedule_id, changes, user=user)
    return schedule_entry(scheduler, schedule)


async def delete_schedule(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Remove a schedule."""
    scheduler, schedule_id = _schedule(call)
    await scheduler.async_delete(schedule_id, user=user)
    return {"schedule_id": schedule_id, "deleted": True}


async def list_schedules(call: ServiceCall, _user: User | None) -> dict[str, Any]:
    """Return all schedules, by name."""
    scheduler = _scheduler(call)
    ObjectReader(call.data).finish()
    return {"schedules": [schedule_entry(scheduler, one) for one in scheduler.schedules()]}


async def run_schedule(call: ServiceCall, user: User | None) -> dict[str, Any]:
    """Start a run now and return where its export stands."""
    scheduler, schedule_id = _schedule(call)
    record = await scheduler.async_run_now(schedule_id, user=user)
    jobs = call.hass.data[DATA_JOBS]
    return {"schedule_id": schedule_id, **export_status(jobs, record)}


def _scheduler(call: ServiceCall) -> Scheduler:
    return call.hass.data[DATA_SCHEDULES]


def _schedule(call: ServiceCall) -> tuple[Scheduler, str]:
    """Return the schedules with the id of the one that a call is about, and nothing else."""
    scheduler = _scheduler(call)
    reader = ObjectReader(call.data)
    schedule_id = reader.text("schedule_id", required=True) or ""
    reader.finish()
    return scheduler, schedule_id
