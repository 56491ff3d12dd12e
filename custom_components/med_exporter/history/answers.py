"""What callers are shown of a push or a file in one list. Times are UTC with `Z`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..answers import utc
from ..clocks.local import certain_now
from ..rights import is_administrator
from .history import DATA_HISTORY
from .reasons import reason_of, remarks_of
from .records import ExportKind, expire_if_due

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from .records import ExportRecord, ExportStatus


async def async_history_page(
    hass: HomeAssistant,
    user: User | None,
    *,
    kind: ExportKind | None,
    status: ExportStatus | None,
    destination: str | None,
    limit: int,
    offset: int,
) -> dict[str, Any]:
    """Return a page of pushes and files, newest first: own files only, all for administrators.

    `destination` is a destination's public id. Raises DatabaseUnavailableError.
    """
    sees_all = is_administrator(user)
    records, total = await hass.data[DATA_HISTORY].async_list(
        kind=kind if sees_all else ExportKind.FILE,
        user_id=None if sees_all or user is None else user.id,
        destination=destination if sees_all else None,
        status=status,
        limit=limit,
        offset=offset,
    )
    names: dict[str, str | None] = {}
    if sees_all:
        names = {one.id: one.name for one in await hass.auth.async_get_users()}
    return {
        "entries": [_entry(hass, record, names) for record in records],
        "total": total,
        "limit": limit,
        "offset": offset,
    }


def _entry(
    hass: HomeAssistant, record: ExportRecord, names: dict[str, str | None]
) -> dict[str, Any]:
    record = expire_if_due(record, certain_now(hass))
    duration = None
    if record.started_at is not None and record.completed_at is not None:
        duration = round((record.completed_at - record.started_at).total_seconds(), 3)
    return {
        "id": record.id,
        "kind": record.kind.value,
        "status": record.status.value,
        "trigger": record.trigger,
        "user": names.get(record.user_id or ""),
        "export_type": record.export_type,
        "format": record.format,
        "destination": record.destination,
        "destination_id": record.destination_id,
        "destination_name": record.destination_name,
        "created_at": utc(record.created_at),
        "completed_at": utc(record.completed_at),
        "duration": duration,
        "records": record.records,
        "size": record.size,
        "downloads": record.downloads,
        "error_code": record.error_code,
        "reason": reason_of(hass, record),
        "warnings": remarks_of(hass, record),
    }
