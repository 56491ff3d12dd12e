"""Files: choices, previews, new ones, and what becomes of them; each user his own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ...answers import utc
from ...engine.export_types import EXPORT_TYPES
from ...engine.formats import FORMATS
from ...engine.readings.fields import FIELDS
from ...errors import InvalidRequest
from ...exports.answers import export_status
from ...exports.catalogue import async_list_devices
from ...exports.choosing import require_export_type
from ...exports.jobs import DATA_JOBS
from ...exports.links import DEFAULT_LIFETIME
from ...exports.preview import DEFAULT_LIMIT, MAX_LIMIT, async_preview_request
from ...exports.request import INVALID_FORMULA, async_check_formula
from ...history.pages import FURTHEST, MOST
from ...history.reasons import reason_of
from ...history.records import SIGNAL_HISTORY_CHANGED, UNFINISHED
from ...rights import Right, is_administrator
from .base import TRIGGER, Command, described
from .feed import Feed

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

    from ...history.records import ExportRecord
    from ...object_reader import ObjectReader

_ID: Final = "export_id"
_WHILE_RUNNING: Final = 0.5
_LONGEST_LINK_DAYS: Final = 7


async def _choices(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    """Return what a user may ask for: types with what each takes, devices, formats."""
    asked.finish()
    devices = await async_list_devices(hass, user)
    return {
        "types": [
            {
                "id": one.id,
                "takes": sorted(one.options),
                "has_preview": one.has_preview,
            }
            for one in EXPORT_TYPES.values()
            # What is about one metering point is asked for where its contracts are compared.
            if not one.about_one_point and (is_administrator(user) or not one.administrators_only)
        ],
        "formats": [
            {
                "id": one.id,
                "options": sorted(one.options),
                "is_document": one.document,
                "compressible": one.single.compressible,
            }
            for one in FORMATS.values()
        ],
        "devices": [{**device, "last_seen": utc(device["last_seen"])} for device in devices],
        "fields": list(FIELDS),
        "value_fields": [name for name, one in FIELDS.items() if one.function is not None],
    }


async def _list(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    limit = asked.integer("limit", 1, MOST) or 20
    offset = asked.integer("offset", 0, FURTHEST) or 0
    asked.finish()
    jobs = hass.data[DATA_JOBS]
    records, total = await jobs.async_list(user=user, limit=limit, offset=offset)
    files = [_entry(hass, record) for record in records]
    return {"files": files, "total": total, "limit": limit, "offset": offset}


def _entry(hass: HomeAssistant, record: ExportRecord) -> dict[str, Any]:
    entry = export_status(hass.data[DATA_JOBS], record)
    # Moves with every look, and nobody is shown it.
    entry.pop("estimated_completion", None)
    return {**entry, "request": record.request, "reason": reason_of(hass, record)}


def _again(shown: dict[str, Any]) -> float | None:
    known = {status.value for status in UNFINISHED}
    moving = any(one["status"] in known for one in shown.get("files", ()))
    return _WHILE_RUNNING if moving else None


async def _create(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    jobs = hass.data[DATA_JOBS]
    request = asked.take("request", required=True)
    asked.finish()
    return _entry(hass, await jobs.async_create(request, user=user, trigger=TRIGGER))


async def _again_made(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    """Make a file anew by the request of an earlier one, for whoever asks now."""
    jobs = hass.data[DATA_JOBS]
    record = await jobs.async_get(_id_of(asked), user=user)
    return _entry(hass, await jobs.async_create(record.request, user=user, trigger=TRIGGER))


async def _preview(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    """Return the first rows of the file that a request would make."""
    request = asked.take("request", required=True)
    require_export_type(user, request)
    limit = asked.integer("limit", 1, MAX_LIMIT) or DEFAULT_LIMIT
    asked.finish()
    return await async_preview_request(hass, request, user, limit)


async def _formula(hass: HomeAssistant, _user: User, asked: ObjectReader) -> dict[str, Any]:
    """Return what is wrong with a formula, and at which of its characters, counted from 1."""
    try:
        await async_check_formula(hass, asked.rest())
    except InvalidRequest as err:
        if err.code != INVALID_FORMULA:
            raise
        position = (err.translation_placeholders or {})["position"]
        return {"error": described(err), "position": int(position)}
    return {"error": None, "position": None}


async def _cancel(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    jobs = hass.data[DATA_JOBS]
    return _entry(hass, await jobs.async_cancel(_id_of(asked), user=user))


async def _delete(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    export_id = _id_of(asked)
    await hass.data[DATA_JOBS].async_delete(export_id, user=user)
    return {"export_id": export_id, "deleted": True}


async def _link(hass: HomeAssistant, user: User, asked: ObjectReader) -> dict[str, Any]:
    """Return a signed link to a file that is there, for an hour or for some days."""
    jobs = hass.data[DATA_JOBS]
    export_id = asked.text(_ID, required=True) or ""
    days = asked.integer("days", 1, _LONGEST_LINK_DAYS)
    asked.finish()
    await jobs.async_file(export_id, user=user)
    lifetime = DEFAULT_LIFETIME if days is None else timedelta(days=days)
    return {"link": jobs.links.link(export_id, lifetime)}


def _id_of(asked: ObjectReader) -> str:
    export_id = asked.text(_ID, required=True) or ""
    asked.finish()
    return export_id


COMMANDS: Final[dict[str, Command]] = {
    "files/choices": Command(Right.USER, _choices),
    "files/list": Command(Right.USER, _list),
    "files/create": Command(Right.USER, _create),
    "files/again": Command(Right.USER, _again_made),
    "files/formula": Command(Right.USER, _formula),
    "files/preview": Command(Right.USER, _preview),
    "files/cancel": Command(Right.USER, _cancel),
    "files/delete": Command(Right.USER, _delete),
    "files/link": Command(Right.USER, _link),
}
FEEDS: Final = {
    "files": Feed(right=Right.USER, look=_list, signals=(SIGNAL_HISTORY_CHANGED,), again=_again)
}
