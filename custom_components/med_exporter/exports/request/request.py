"""What a caller asks for, as a whole."""

from __future__ import annotations

import zoneinfo
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from homeassistant.util import dt as dt_util

from ...engine.export_types import EXPORT_TYPES
from ...engine.formats import FORMATS
from ...engine.job import (
    BREAKDOWNS,
    EVENT_TYPES,
    GROUPINGS,
    REPORT_SECTIONS,
    SEVERITY_LEVELS,
    Request,
)
from ...errors import InvalidRequest
from ...object_reader import INVALID_VALUE, ObjectReader, shown
from ...settings import settings
from ..date_range import read_date_range
from .codes import NOT_APPLICABLE
from .options import read_cache, read_charts, read_options, read_privacy
from .rows import async_read_rows
from .users import async_read_users

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.core import HomeAssistant

    from ...engine.exports.export_type import ExportType


async def async_read_request(
    hass: HomeAssistant, value: object, *, now: datetime | None = None
) -> Request:
    """Return a request of the HTTP API or of an action as what it asks for.

    Presets mean `now`, aware; the default is the clock. An export that is not about a time has
    the current day. Whether the devices exist and may be read is looked at when the export is
    created.

    Raises InvalidRequest that names the first field at fault.
    """
    reader = ObjectReader(value)
    name = reader.choice("export_type", tuple(EXPORT_TYPES), required=True) or ""
    export_type = EXPORT_TYPES[name]
    file_format = FORMATS[reader.choice("format", tuple(FORMATS), required=True) or ""]
    reader.refuse(_of_others(export_type), NOT_APPLICABLE, "not_applicable", to=export_type.id)

    rows: dict[str, Any] = {}
    if export_type.has_rows:
        rows = await async_read_rows(hass, reader, on_pages=file_format.on_pages)
    parts: dict[str, Any] = {
        "device_names": _device_names(reader),
        **rows,
        "grouping": reader.choice("grouping", GROUPINGS),
        "breakdown_by": reader.choices("breakdown_by", BREAKDOWNS),
        "report_sections": reader.choices("report_sections", REPORT_SECTIONS),
        "event_types": reader.choices("event_types", EVENT_TYPES),
        "severity_levels": reader.choices("severity_levels", SEVERITY_LEVELS),
        "users": await async_read_users(hass, reader),
        "own": export_type.read_own(reader),
        "include_charts": read_charts(reader, file_format, export_type),
        "privacy": read_privacy(reader),
    }
    options = reader.object("options")
    performance = reader.object("performance_options")
    date_range = reader.take("date_range", required=export_type.is_about_a_time)
    reader.finish()

    time_zone = await _async_time_zone(hass, options)
    cache_results = read_cache(performance, export_type)
    background = performance.boolean("background_processing")
    most = export_type.most_days or settings(hass).max_date_range_days
    start, end = _bounds(date_range, time_zone, now or dt_util.utcnow(), most)
    request = Request(
        export_type=export_type.id,
        format=file_format.id,
        start=start,
        end=end,
        timezone=time_zone.key,
        background_processing=background is not False,
        cache_results=cache_results,
        **{name: part for name, part in parts.items() if part is not None},
    )
    tables = export_type.tables(request)
    request = replace(
        request,
        options=read_options(options, performance, file_format, tables, hass.config.language),
    )
    performance.finish()
    return request


def _of_others(export_type: ExportType) -> list[str]:
    """Return what a request may name for other export types only."""
    known = frozenset[str]().union(*(one.options for one in EXPORT_TYPES.values()))
    return sorted(known - export_type.options)


def _bounds(
    date_range: object, time_zone: zoneinfo.ZoneInfo, now: datetime, most: int
) -> tuple[float, float]:
    if date_range is None:
        start = now.astimezone(time_zone).replace(hour=0, minute=0, second=0, microsecond=0)
        end = now + timedelta(seconds=1)
    else:
        start, end = read_date_range(date_range, time_zone=time_zone, now=now, max_days=most)
    return start.timestamp(), end.timestamp()


def _device_names(reader: ObjectReader) -> tuple[str, ...] | None:
    value = reader.take("devices")
    if value is None or value == "all":
        return None
    if isinstance(value, str):
        raise InvalidRequest(INVALID_VALUE, "not_all_or_a_list", field="devices")
    return tuple(dict.fromkeys(ObjectReader({"devices": value}).texts("devices") or ()))


async def _async_time_zone(hass: HomeAssistant, options: ObjectReader) -> zoneinfo.ZoneInfo:
    """Return the export's time zone: the one asked for, else the installation's."""
    asked = options.text("timezone")
    name = hass.config.time_zone if asked is None else asked
    try:
        time_zone = await dt_util.async_get_time_zone(name)
    except (ValueError, OSError):
        # A name that is no name of a zone but a folder, or leads out of the zones' folder.
        time_zone = None
    if not isinstance(time_zone, zoneinfo.ZoneInfo):
        raise InvalidRequest(
            INVALID_VALUE,
            "unknown_time_zone",
            field="options.timezone",
            value=shown(name),
        )
    return time_zone
