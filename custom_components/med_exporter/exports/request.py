"""A file export's request: read strictly and whole before any work starts."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from homeassistant.util import dt as dt_util

from ..engine.exports import SUPPORTED as SUPPORTED_TYPES
from ..engine.fields import FIELDS, MAX_DECIMALS
from ..engine.formats import FORMATS
from ..engine.job import AGGREGATIONS, DEFAULT_CHUNK_SIZE, LOCALES, Options, is_delimiter
from ..errors import InvalidRequest
from .date_range import read_date_range
from .object_reader import INVALID_VALUE, ObjectReader, shown

if TYPE_CHECKING:
    from datetime import datetime

    from homeassistant.core import HomeAssistant

NOT_SUPPORTED: Final = "NOT_SUPPORTED"
NOT_APPLICABLE: Final = "NOT_APPLICABLE"
UNKNOWN_FIELD: Final = "UNKNOWN_FIELD"

EXPORT_TYPES: Final = (
    "device_data",
    "cost_analysis",
    "system_report",
    "audit_logs",
    "configuration",
)
_MAX_CHUNK_SIZE: Final = 1_000_000
_KNOWN_FORMATS: Final = ("csv", "json", "excel", "pdf")
_OPTION_KEYS: Final = ("include_headers", "decimal_places", "locale", "delimiter")
# Parts of a request that belong to the other export types.
_FOREIGN_KEYS: Final = (
    "grouping",
    "breakdown_by",
    "include_charts",
    "report_sections",
    "event_types",
    "severity_levels",
    "users",
)
_UNSUPPORTED_KEYS: Final = (
    "aggregation_functions",
    "filters",
    "custom_fields",
    "privacy_options",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportRequest:
    """What a caller asks for, every value checked and every default filled in.

    `start` (inclusive) and `end` (exclusive) are UTC. `devices` are names as given; whether they
    exist and may be read is looked at when the export is created. `options` is how the file
    looks, `source` the request as it came, for the history.
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
    background_processing: bool
    source: dict[str, Any]


async def async_read_request(hass: HomeAssistant, value: object) -> ExportRequest:
    """Return a request of the HTTP API or of an action as what it asks for.

    Raises InvalidRequest that names the first field at fault.
    """
    request = ObjectReader(value)
    export_type = _supported(request, "export_type", EXPORT_TYPES, SUPPORTED_TYPES)
    file_format = _supported(request, "format", _KNOWN_FORMATS, tuple(FORMATS))
    request.refuse(_FOREIGN_KEYS, NOT_APPLICABLE, "not_applicable", to=export_type)
    request.refuse(_UNSUPPORTED_KEYS, NOT_SUPPORTED, "not_supported")
    devices = _devices(request)
    fields = _fields(request)
    aggregation = request.choice("aggregation", AGGREGATIONS) or "raw"
    options = request.object("options")
    performance = request.object("performance_options")
    date_range = request.take("date_range", required=True)
    request.finish()

    time_zone = await _async_time_zone(hass, options)
    file_options, background = _file_options(file_format, options, performance)
    start, end = read_date_range(date_range, time_zone=time_zone, now=dt_util.utcnow())
    return ExportRequest(
        export_type=export_type,
        format=file_format,
        start=start,
        end=end,
        time_zone=time_zone.key,
        devices=devices,
        fields=fields,
        aggregation=aggregation,
        options=file_options,
        background_processing=background,
        source=dict(value) if isinstance(value, dict) else {},
    )


def _file_options(
    file_format: str, options: ObjectReader, performance: ObjectReader
) -> tuple[Options, bool]:
    """Return how the file looks and how it is made, and whether that happens in the background.

    An option that cannot act in the format is refused, whatever its value.
    """
    known = FORMATS[file_format]
    refused = [key for key in _OPTION_KEYS if key not in known.options]
    options.refuse(refused, NOT_APPLICABLE, "not_applicable", to=file_format)
    include_headers = options.boolean("include_headers")
    decimal_places = options.integer("decimal_places", 0, MAX_DECIMALS)
    locale = options.choice("locale", LOCALES)
    delimiter = options.text("delimiter")
    if delimiter is not None and not is_delimiter(delimiter):
        raise InvalidRequest(INVALID_VALUE, "not_a_delimiter", field="options.delimiter")
    options.finish()

    if not known.compressible:
        performance.refuse(("compression",), NOT_APPLICABLE, "not_applicable", to=file_format)
    compression = performance.boolean("compression")
    chunk_size = performance.integer("chunk_size", 1, _MAX_CHUNK_SIZE)
    background = performance.boolean("background_processing")
    if performance.boolean("cache_results"):
        field = performance.name("cache_results")
        raise InvalidRequest(NOT_SUPPORTED, "not_supported", field=field)
    performance.finish()
    return Options(
        include_headers=include_headers is not False,
        decimal_places=decimal_places,
        locale=locale or LOCALES[0],
        delimiter=delimiter,
        compression=bool(compression),
        chunk_size=chunk_size or DEFAULT_CHUNK_SIZE,
    ), background is not False


def _supported(
    request: ObjectReader, key: str, known: tuple[str, ...], supported: tuple[str, ...]
) -> str:
    value = request.choice(key, known, required=True)
    if value not in supported:
        raise InvalidRequest(NOT_SUPPORTED, "value_not_supported", field=key, value=value)
    return value


def _devices(request: ObjectReader) -> tuple[str, ...] | Literal["all"]:
    value = request.take("devices")
    if value is None or value == "all":
        return "all"
    if isinstance(value, str):
        raise InvalidRequest(INVALID_VALUE, "not_all_or_a_list", field="devices")
    names = ObjectReader({"devices": value}).texts("devices")
    return tuple(names or ())


def _fields(request: ObjectReader) -> tuple[str, ...]:
    fields = request.texts("fields") or list(FIELDS)
    for position, field in enumerate(fields):
        if field not in FIELDS:
            raise InvalidRequest(
                UNKNOWN_FIELD,
                "not_one_of",
                field="fields",
                value=shown(field),
                known=", ".join(FIELDS),
            )
        if field in fields[:position]:
            raise InvalidRequest(INVALID_VALUE, "given_twice", field="fields", value=field)
    return tuple(fields)


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
