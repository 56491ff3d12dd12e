"""What a caller asks for, as a whole."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from homeassistant.util import dt as dt_util

from ...engine.exports import SUPPORTED
from ...engine.formats import FORMATS
from ...engine.job import (
    BREAKDOWNS,
    EVENT_TYPES,
    EXPORT_TYPES,
    GROUPINGS,
    REPORT_SECTIONS,
    SEVERITY_LEVELS,
    CustomField,
    Filters,
    Options,
)
from ...errors import InvalidRequest
from ...object_reader import INVALID_VALUE, ObjectReader, shown
from ...settings import settings
from ..date_range import read_date_range
from .codes import NOT_APPLICABLE, NOT_SUPPORTED
from .options import Performance, read_charts, read_options, read_performance, read_privacy
from .rows import Rows, async_read_rows
from .users import async_read_users

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from homeassistant.core import HomeAssistant

_ROW_KEYS: Final = ("fields", "aggregation", "aggregation_functions", "filters", "custom_fields")
_KEYS_OF_TYPE: Final[Mapping[str, tuple[str, ...]]] = {
    "device_data": ("date_range", "devices", "include_charts", *_ROW_KEYS),
    "cost_analysis": ("date_range", "devices", "grouping", "breakdown_by", "include_charts"),
    "system_report": ("date_range", "devices", "report_sections", "include_charts"),
    "audit_logs": ("date_range", "event_types", "severity_levels", "users"),
    "configuration": (),
}
"""What a request may name beside type, format and options; anything else is refused."""
_ALL_KEYS: Final = sorted({key for keys in _KEYS_OF_TYPE.values() for key in keys})
_SEVERAL_TABLES: Final = ("configuration",)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportRequest:
    """What a caller asks for, every value checked and every default filled in.

    `start` (inclusive) and `end` (exclusive) are UTC; an export that is not about a time has the
    current day. `devices` are names as given; whether they exist and may be read is looked at when
    the export is created. `options` is how the file looks, `users` are ids, `privacy` the options
    that are on, `source` the request as it came, for the history. What does not belong to the
    export type has its default.
    """

    export_type: str
    format: str
    start: datetime
    end: datetime
    time_zone: str
    devices: tuple[str, ...] | Literal["all"]
    fields: tuple[str, ...]
    aggregation: str
    options: Options
    performance: Performance
    source: dict[str, Any]
    aggregation_functions: Mapping[str, str] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)
    custom_fields: tuple[CustomField, ...] = ()
    grouping: str = "monthly"
    breakdown_by: tuple[str, ...] = ()
    include_charts: bool = False
    report_sections: tuple[str, ...] = REPORT_SECTIONS
    event_types: tuple[str, ...] = ()
    severity_levels: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    privacy: frozenset[str] = frozenset()

    @property
    def tables(self) -> int:
        """Return how many tables the file will have; 0 for any number but one."""
        if self.export_type == "system_report":
            return len(self.report_sections)
        return 0 if self.export_type in _SEVERAL_TABLES else 1


async def async_read_request(
    hass: HomeAssistant, value: object, *, now: datetime | None = None
) -> ExportRequest:
    """Return a request of the HTTP API or of an action as what it asks for.

    Presets mean `now`, aware; the default is the clock.

    Raises InvalidRequest that names the first field at fault.
    """
    request = ObjectReader(value)
    export_type = request.choice("export_type", EXPORT_TYPES, required=True) or ""
    if export_type not in SUPPORTED:
        raise InvalidRequest(
            NOT_SUPPORTED, "value_not_supported", field="export_type", value=export_type
        )
    file_format = request.choice("format", tuple(FORMATS), required=True) or ""
    own = _KEYS_OF_TYPE[export_type]
    foreign = [key for key in _ALL_KEYS if key not in own]
    request.refuse(foreign, NOT_APPLICABLE, "not_applicable", to=export_type)

    devices = _devices(request)
    rows = await async_read_rows(hass, request) if "fields" in own else Rows()
    grouping = request.choice("grouping", GROUPINGS) or "monthly"
    breakdown_by = request.choices("breakdown_by", BREAKDOWNS) or ()
    sections = request.choices("report_sections", REPORT_SECTIONS) or REPORT_SECTIONS
    event_types = request.choices("event_types", EVENT_TYPES) or ()
    severity_levels = request.choices("severity_levels", SEVERITY_LEVELS) or ()
    users = await async_read_users(hass, request)
    charts = read_charts(request, file_format, with_charts="include_charts" in own)
    privacy = read_privacy(request)
    options = request.object("options")
    performance = request.object("performance_options")
    date_range = request.take("date_range", required="date_range" in own)
    request.finish()

    time_zone = await _async_time_zone(hass, options)
    tables = len(sections) if export_type == "system_report" else 1
    package = FORMATS[file_format].package(0 if export_type in _SEVERAL_TABLES else tables)
    file_options, performance_options = read_performance(
        performance,
        read_options(options, file_format, hass.config.language),
        compressible=package.compressible,
        to=file_format,
        ranged="date_range" in own,
    )
    now = now or dt_util.utcnow()
    if date_range is None:
        start = now.astimezone(time_zone).replace(hour=0, minute=0, second=0, microsecond=0)
        start, end = dt_util.as_utc(start), now + timedelta(seconds=1)
    else:
        start, end = read_date_range(
            date_range,
            time_zone=time_zone,
            now=now,
            max_days=settings(hass).max_date_range_days,
        )
    return ExportRequest(
        export_type=export_type,
        format=file_format,
        start=start,
        end=end,
        time_zone=time_zone.key,
        devices=devices,
        fields=rows.fields,
        aggregation=rows.aggregation,
        aggregation_functions=rows.aggregation_functions,
        filters=rows.filters,
        custom_fields=rows.custom_fields,
        grouping=grouping,
        breakdown_by=breakdown_by,
        include_charts=charts,
        report_sections=sections,
        event_types=event_types,
        severity_levels=severity_levels,
        users=users,
        privacy=privacy,
        options=file_options,
        performance=performance_options,
        source=dict(value) if isinstance(value, dict) else {},
    )


def _devices(request: ObjectReader) -> tuple[str, ...] | Literal["all"]:
    value = request.take("devices")
    if value is None or value == "all":
        return "all"
    if isinstance(value, str):
        raise InvalidRequest(INVALID_VALUE, "not_all_or_a_list", field="devices")
    names = ObjectReader({"devices": value}).texts("devices")
    return tuple(names or ())


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
