"""The history of pushes and files: own files, all for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ...exports.answers import statistics_answer
from ...exports.jobs import DATA_JOBS
from ...history.answers import async_history_page
from ...history.history import DATA_HISTORY
from ...history.pages import FURTHEST, MOST
from ...history.records import SIGNAL_HISTORY_CHANGED, ExportKind, ExportStatus
from ...rights import Right, is_administrator
from .base import Command
from .feed import Feed

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ...object_reader import ObjectReader

_DEFAULT_PAGE: Final = 25


async def _list(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    kind = asked.choice("kind", [one.value for one in ExportKind])
    status = asked.choice("status", [one.value for one in ExportStatus])
    destination = asked.text("destination")
    limit = asked.integer("limit", 1, MOST) or _DEFAULT_PAGE
    offset = asked.integer("offset", 0, FURTHEST) or 0
    asked.finish()
    return await async_history_page(
        hass,
        user,
        kind=None if kind is None else ExportKind(kind),
        status=None if status is None else ExportStatus(status),
        destination=destination,
        limit=limit,
        offset=offset,
    )


async def _statistics(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    """Return what files add up to: own ones, all for administrators, who see pushes too."""
    asked.finish()
    sums = await hass.data[DATA_JOBS].async_statistics(user=user)
    # The panel writes a size as its reader's language does.
    files = {**statistics_answer(sums), "bytes": sums.size}
    if not is_administrator(user):
        return {"files": files}
    totals = (await hass.data[DATA_HISTORY].async_push_totals()).values()
    pushes = {
        "success": sum(one.success for one in totals),
        "error": sum(one.error for one in totals),
        "records": sum(one.records for one in totals),
    }
    return {"files": files, "pushes": pushes}


COMMANDS: Final[dict[str, Command]] = {
    "history/list": Command(Right.USER, _list),
    "history/statistics": Command(Right.USER, _statistics),
}
FEEDS: Final = {"history": Feed(right=Right.USER, look=_list, signals=(SIGNAL_HISTORY_CHANGED,))}
