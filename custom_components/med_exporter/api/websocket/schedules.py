"""Schedules: list, make, change, delete, run now. Administrators only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...delivery.choices import delivery_choices
from ...exports.answers import export_status
from ...exports.jobs import DATA_JOBS
from ...history.records import SIGNAL_EXPORT_FINISHED
from ...rights import Right
from ...schedules.answers import schedule_entry
from ...schedules.defaults import LAST_MONTHS_BILL, ON_THE_FIRST
from ...schedules.scheduler import DATA_SCHEDULES, SIGNAL_SCHEDULES_CHANGED
from .base import Command
from .feed import Feed

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ...object_reader import ObjectReader

_ID: Final = "schedule_id"


async def _list(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = hass.data[DATA_SCHEDULES]
    asked.finish()
    return {"schedules": [schedule_entry(scheduler, one) for one in scheduler.schedules()]}


async def _choices(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    asked.finish()
    first = {"schedule": ON_THE_FIRST, "export_config": dict(LAST_MONTHS_BILL)}
    return {**delivery_choices(hass), "default": first}


async def _create(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = hass.data[DATA_SCHEDULES]
    schedule = await scheduler.async_create(asked.rest(), user=user)
    return schedule_entry(scheduler, schedule)


async def _update(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = hass.data[DATA_SCHEDULES]
    schedule_id = asked.text(_ID, required=True) or ""
    schedule = await scheduler.async_update(schedule_id, asked.rest(), user=user)
    return schedule_entry(scheduler, schedule)


async def _delete(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = hass.data[DATA_SCHEDULES]
    schedule_id = asked.text(_ID, required=True) or ""
    asked.finish()
    await scheduler.async_delete(schedule_id, user=user)
    return {_ID: schedule_id, "deleted": True}


async def _run(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    scheduler = hass.data[DATA_SCHEDULES]
    schedule_id = asked.text(_ID, required=True) or ""
    asked.finish()
    record = await scheduler.async_run_now(schedule_id, user=user)
    return {_ID: schedule_id, **export_status(hass.data[DATA_JOBS], record)}


COMMANDS: Final[dict[str, Command]] = {
    "schedules/list": Command(Right.ADMINISTRATOR, _list),
    "schedules/choices": Command(Right.ADMINISTRATOR, _choices),
    "schedules/create": Command(Right.ADMINISTRATOR, _create),
    "schedules/update": Command(Right.ADMINISTRATOR, _update),
    "schedules/delete": Command(Right.ADMINISTRATOR, _delete),
    "schedules/run": Command(Right.ADMINISTRATOR, _run),
}
FEEDS: Final = {
    "schedules": Feed(
        right=Right.ADMINISTRATOR,
        look=_list,
        signals=(SIGNAL_SCHEDULES_CHANGED, SIGNAL_EXPORT_FINISHED),
    )
}
