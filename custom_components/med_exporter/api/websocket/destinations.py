"""Destinations: how they stand, tests, runs, changes. Administrators only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from homeassistant.helpers.translation import async_get_exception_message

from ...audit import acting
from ...const import DOMAIN
from ...destinations.base import DestinationError
from ...flows.destination_change import (
    async_change_destination,
    async_export_config,
    async_test_destination,
)
from ...history.records import SIGNAL_HISTORY_CHANGED
from ...pushes.actions import TEST_SUCCEEDED
from ...pushes.answers import push_log_entry
from ...pushes.request import read_push_request
from ...pushes.runner import DATA_PUSHES
from ...pushes.selection import select_destination, select_entry
from ...pushes.standing import destination_standings
from ...rights import Right
from .base import TRIGGER, Command, described
from .feed import Feed

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ...object_reader import ObjectReader

_DESTINATION: Final = "destination"
_WHILE_RUNNING: Final = 0.5
# What waits is counted without anything else happening.
_EVERY: Final = 15.0


async def _list(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    asked.finish()
    return {"destinations": destination_standings(hass)}


def _again(shown: dict[str, Any]) -> float:
    running = any(one["state"] == "running" for one in shown.get("destinations", ()))
    return _WHILE_RUNNING if running else _EVERY


async def _run(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    runtime = select_destination(hass, asked.text(_DESTINATION, required=True) or "")
    request = read_push_request(asked.rest())
    record = await hass.data[DATA_PUSHES].async_start(
        runtime, request, trigger=TRIGGER, user_id=user.id
    )
    return push_log_entry(record)


async def _test(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    entry = select_entry(hass, asked.text(_DESTINATION, required=True) or "")
    asked.finish()
    try:
        remark = await async_test_destination(hass, entry)
    except DestinationError as err:
        return {"success": False, **described(err)}
    key = remark or TEST_SUCCEEDED
    message = async_get_exception_message(DOMAIN, key)
    return {"success": True, "code": None, "message": message, "translation_key": key}


async def _change(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    entry = select_entry(hass, asked.text(_DESTINATION, required=True) or "")
    with acting(user):
        await async_change_destination(hass, entry, asked.rest())
    return await async_export_config(hass, entry)


COMMANDS: Final[dict[str, Command]] = {
    "destinations/list": Command(Right.ADMINISTRATOR, _list),
    "destinations/run": Command(Right.ADMINISTRATOR, _run),
    "destinations/test": Command(Right.ADMINISTRATOR, _test),
    "destinations/change": Command(Right.ADMINISTRATOR, _change),
}
FEEDS: Final = {
    "destinations": Feed(
        right=Right.ADMINISTRATOR,
        look=_list,
        signals=(SIGNAL_HISTORY_CHANGED,),
        follow_entries=True,
        again=_again,
    )
}
