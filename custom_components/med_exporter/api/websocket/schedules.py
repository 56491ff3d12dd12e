"""Schedules: list, make, change, delete, run now. Administrators only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...delivery.choices import delivery_choices
from ...exports.answers import export_status
from ...exports.jobs import DATA_JOBS
from ...history.records import SIGNAL_EXPORT_FINISHED
from ...rights import require_administrator
from ...schedules.answers import schedule_entry
from ...schedules.scheduler import DATA_SCHEDULES, SIGNAL_SCHEDULES_CHANGED
from .feed import Feed

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ...object_reader import ObjectReader
    from ...schedules.scheduler import Scheduler
    from .base import Handler

_ID: Final = "schedule_id"


def _scheduler(hass: HomeAssistant, user: User) -> Scheduler:
    require_administrator(user)
    return hass.data[DATA_SCHEDULES]


async def _list(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = _scheduler(hass, user)
    asked.finish()
    return {"schedules": [schedule_entry(scheduler, one) for one in scheduler.schedules()]}


async def _choices(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    require_administrator(user)
    asked.finish()
    return delivery_choices(hass)


async def _create(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = _scheduler(hass, user)
    schedule = await scheduler.async_create(_rest(asked), user=user)
    return schedule_entry(scheduler, schedule)


async def _update(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = _scheduler(hass, user)
    schedule_id = asked.text(_ID, required=True) or ""
    schedule = await scheduler.async_update(schedule_id, _rest(asked), user=user)
    return schedule_entry(scheduler, schedule)


async def _delete(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = _scheduler(hass, user)
    schedule_id = asked.text(_ID, required=True) or ""
    asked.finish()
    await scheduler.async_delete(schedule_id, user=user)
    return {_ID: schedule_id, "deleted": True}


async def _run(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = _scheduler(hass, user)
    schedule_id = asked.text(_ID, required=True) or ""
    asked.finish()
    record = await scheduler.async_run_now(schedule_id, user=user)
    return {_ID: schedule_id, **export_status(hass.data[DATA_JOBS], record)}


def _rest(asked: ObjectReader) -> dict[str, Any]:
    """Return what is left of the fields, for the code that judges it."""
    return {name: asked.take(name) for name in asked.names()}


COMMANDS: Final[dict[str, Handler]] = {
    "schedules/list": _list,
    "schedules/choices": _choices,
    "schedules/create": _create,
    "schedules/update": _update,
    "schedules/delete": _delete,
    "schedules/run": _run,
}
FEEDS: Final = {
    "schedules": Feed(look=_list, signals=(SIGNAL_SCHEDULES_CHANGED, SIGNAL_EXPORT_FINISHED))
}
