"""A preview of an export of readings: its first rows and its size, without making it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..answers import size_text
from ..database import DatabaseUnavailableError
from ..engine.errors import ErrorCode, ExportError
from ..engine.export_types import EXPORT_TYPES
from ..engine.results import PROVISIONAL
from ..errors import INVALID_DATE_RANGE, ExportFailedError, InvalidRequest
from ..object_reader import ObjectReader, shown
from .choosing import chosen_devices, require_export_type
from .jobs import DATA_JOBS
from .planning import plan_job
from .request import NOT_SUPPORTED, async_read_request

if TYPE_CHECKING:
    from homeassistant.auth.models import User
    from homeassistant.core import HomeAssistant

DEFAULT_LIMIT: Final = 10
MAX_LIMIT: Final = 100
_DEFAULT_TYPE: Final = "device_data"
_DEFAULT_RANGE: Final = "last_7_days"


async def async_preview(hass: HomeAssistant, asked: object, user: User | None) -> dict[str, Any]:
    """Return the first rows of an export and about how large it would be.

    `asked` may have `start` and `end`, or `preset` (the last 7 days when silent), `devices`,
    `fields`, `aggregation`, `limit` (1 to 100, else 10) and `export_type` (one that has a preview,
    `device_data` when silent).

    Raises InvalidRequest at the first mistake, TooManyPreviewsError when the caller's share is used
    up, DatabaseUnavailableError when the rows cannot be read, ExportFailedError when no preview can
    be made of them.
    """
    require_export_type(user, asked)
    reader = ObjectReader(asked)
    limit = reader.integer("limit", 1, MAX_LIMIT) or DEFAULT_LIMIT
    named = reader.text("export_type")
    export_type = _DEFAULT_TYPE if named is None else named
    known = EXPORT_TYPES.get(export_type)
    if known is None or not known.has_preview:
        raise _no_preview(export_type)
    request = {
        "export_type": export_type,
        "format": "csv",
        "date_range": _date_range(reader),
        **{key: reader.take(key) for key in ("devices", "fields", "aggregation")},
    }
    reader.finish()
    answer = await async_preview_request(hass, request, user, limit)
    # The document names what the answer holds, and programs may read just that.
    del answer["estimated_bytes"]
    return answer


def _no_preview(export_type: str) -> InvalidRequest:
    known = ", ".join(one.id for one in EXPORT_TYPES.values() if one.has_preview)
    return InvalidRequest(
        NOT_SUPPORTED, "no_preview", field="export_type", value=shown(export_type), known=known
    )


async def async_preview_request(
    hass: HomeAssistant, request: object, user: User | None, limit: int
) -> dict[str, Any]:
    """Return the first rows of the file that a request asks for, and about how large it would be.

    The request is the one that would make the file, filters, formulas and privacy among it. Beside
    what HTTP answers, `estimated_bytes` is its size as a number.
    Raises as `async_preview`.
    """
    require_export_type(user, request)
    checked = await async_read_request(hass, request)
    if not EXPORT_TYPES[checked.export_type].has_preview:
        raise _no_preview(checked.export_type)
    devices = chosen_devices(hass, checked, user)
    key = hass.data[DATA_JOBS].links.privacy_key()
    job = plan_job(hass, "", checked, devices, "", key)
    try:
        owner = None if user is None else user.id
        found = await hass.data[DATA_JOBS].previewer.async_preview(job, limit, owner)
    except ExportError as err:
        if err.code is ErrorCode.DATABASE_ERROR:
            raise DatabaseUnavailableError from err
        raise ExportFailedError(err.code, f"file_{err.code.lower()}", reason=err.message) from err
    note = f"Showing first {len(found.rows)} records"
    if found.estimated:
        note += "; the total is an estimate"
    if any(one["code"].startswith(PROVISIONAL) for one in found.warnings):
        note += "; they are provisional, as the warnings say"
    return {
        "preview": found.rows,
        "total_records": found.records,
        "total_records_estimated": found.estimated,
        "estimated_file_size": size_text(found.bytes),
        "estimated_bytes": found.bytes,
        "preview_note": note,
        "warnings": found.warnings,
    }


def _date_range(reader: ObjectReader) -> object:
    preset = reader.take("preset")
    bounds = {key: value for key in ("start", "end") if (value := reader.take(key)) is not None}
    if preset is not None and bounds:
        raise InvalidRequest(INVALID_DATE_RANGE, "range_and_preset", field="preset")
    if preset is None:
        return bounds or _DEFAULT_RANGE
    return preset
