"""What requests hold, from the records by which they are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mashumaro.jsonschema import build_json_schema

from ...delivery.request import (
    BOUNDS,
    FIELDS_OF_METHOD,
    LONGEST_BODY,
    LONGEST_SUBJECT,
    MOST_RECIPIENTS,
    NEEDED,
)
from ...engine.export_types import EXPORT_TYPES
from ...engine.exports.contract_comparison import EXPORT_TYPE as COMPARISON
from ...engine.formats import FORMATS
from ...engine.job import (
    AGGREGATIONS,
    BREAKDOWNS,
    DEVICE_STATES,
    EVENT_TYPES,
    FUNCTIONS,
    GROUPINGS,
    LOCALES,
    MAX_CHUNK_SIZE,
    REPORT_SECTIONS,
    SEVERITY_LEVELS,
    CustomField,
    Filters,
    Options,
    Privacy,
)
from ...engine.object_reader import MAX_NUMBER, MOST_ITEMS
from ...engine.readings.fields import MAX_DECIMALS
from ...exports.date_range import PRESETS
from ...exports.request.options import OPTION_KEYS, PRIVACY_KEYS
from ...exports.request.rows import MOST_CUSTOM_FIELDS, VALUE_FIELDS
from ...schedules.defaults import LAST_MONTHS_BILL, ON_THE_FIRST
from ...schedules.request import SHOWN_ONLY
from .shapes import BOOLEAN, TEXT, asked, named, one_of, several

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .shapes import Shape

_NOT_EMPTY: Final[Shape] = {"type": "string", "minLength": 1}
_POWER: Final[Shape] = {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
_RANGE: Final[Shape] = {
    "oneOf": [one_of(PRESETS), asked({"start": TEXT, "end": TEXT}, ("start", "end"))],
    "description": "A preset, or dates or times of ISO 8601; the day of `end` is in it.",
}


def request_schemas() -> dict[str, Shape]:
    """Return all that a request's body may be, by name."""
    schedule = {
        "name": _NOT_EMPTY,
        "schedule": {"type": "string", "description": "A cron expression in local time."},
        "export_config": named("ExportRequest"),
        "delivery": {"oneOf": [_delivery(method) for method in FIELDS_OF_METHOD]},
        "enabled": BOOLEAN,
    }
    first = asked(schedule, ("name",))
    first["properties"]["schedule"]["default"] = ON_THE_FIRST
    first["properties"]["export_config"]["default"] = dict(LAST_MONTHS_BILL)
    shown: dict[str, Shape] = {"schedule_id": TEXT, **{name: {} for name in SHOWN_ONLY}}
    return {
        "ExportRequest": {
            "oneOf": [named(_name(name)) for name in EXPORT_TYPES],
            "discriminator": {
                "propertyName": "export_type",
                "mapping": {name: f"#/components/schemas/{_name(name)}" for name in EXPORT_TYPES},
            },
        },
        **{_name(name): _file(name) for name in EXPORT_TYPES},
        "ComparisonRequest": asked(
            {"date_range": _RANGE, **COMPARISON.own},
            ("date_range", "contracts"),
        ),
        "ScheduleRequest": first,
        "ScheduleChange": asked({**schedule, **shown}),
    }


def _name(export_type: str) -> str:
    return "".join(word.capitalize() for word in export_type.split("_")) + "Request"


def _file(name: str) -> Shape:
    """Return the request of a file of one type."""
    export_type = EXPORT_TYPES[name]
    parts = {**_PARTS, **export_type.own}
    named_here = sorted(export_type.options)
    performance = ["compression", "chunk_size", "background_processing"]
    if export_type.is_about_a_time:
        performance.append("cache_results")
    shapes = {
        "export_type": {"type": "string", "const": name},
        "format": one_of(FORMATS),
        **{key: parts[key] for key in named_here},
        "options": asked({key: _OPTIONS[key] for key in (*OPTION_KEYS, "timezone")}),
        "privacy_options": asked(_record(Privacy, PRIVACY_KEYS)),
        "performance_options": asked({key: _PERFORMANCE[key] for key in performance}),
    }
    needed = [key for key in named_here if key in {"date_range", "contracts"}]
    return asked(shapes, ("export_type", "format", *needed))


def _delivery(method: str) -> Shape:
    shapes = {name: _DELIVERY[name] for name in FIELDS_OF_METHOD[method]}
    method_itself = {"type": "string", "const": method}
    needed = [name for name in shapes if name in NEEDED]
    return asked({"method": method_itself, **shapes}, ("method", *needed))


def _record(record: type, names: Iterable[str], **known: Shape) -> dict[str, Shape]:
    """Return the fields of a dataclass of the engine, with what its types do not tell."""
    properties: dict[str, Any] = build_json_schema(record).to_dict()["properties"]
    found = {}
    for name in names:
        shape = {key: one for key, one in properties[name].items() if key != "default"}
        # That nothing is the same as null is said of all of them.
        found[name] = known.get(name) or (shape["anyOf"][0] if "anyOf" in shape else shape)
    return found


_FILTERS: Final = _record(
    Filters,
    ("min_power", "max_power", "device_states", "exclude_outliers", "time_of_day", "days_of_week"),
    min_power=_POWER,
    max_power=_POWER,
    device_states=several(one_of(DEVICE_STATES), len(DEVICE_STATES), each_once=True),
    days_of_week=several({"type": "integer", "minimum": 1, "maximum": 7}, 7, each_once=True),
)
_OPTIONS: Final = _record(
    Options,
    OPTION_KEYS,
    decimal_places={"type": "integer", "minimum": 0, "maximum": MAX_DECIMALS},
    locale=one_of(LOCALES),
) | {"timezone": {"type": "string", "description": "A name of the IANA, as `Europe/Paris`."}}
_PERFORMANCE: Final[dict[str, Shape]] = {
    "compression": BOOLEAN,
    "chunk_size": {"type": "integer", "minimum": 1, "maximum": MAX_CHUNK_SIZE},
    "background_processing": BOOLEAN,
    "cache_results": BOOLEAN,
}
_PARTS: Final[dict[str, Shape]] = {
    "date_range": _RANGE,
    "devices": {
        "oneOf": [one_of(["all"]), several(TEXT, MOST_ITEMS)],
        "description": "Ids, addresses, names or metering points; all where nothing is said.",
    },
    "fields": several(TEXT, MOST_ITEMS, each_once=True),
    "aggregation": one_of(AGGREGATIONS),
    "aggregation_functions": asked({name: one_of(FUNCTIONS) for name in VALUE_FIELDS}),
    "filters": asked(_FILTERS),
    "custom_fields": several(
        asked(
            _record(CustomField, ("name", "formula", "unit"), name=_NOT_EMPTY), ("name", "formula")
        ),
        MOST_CUSTOM_FIELDS,
    ),
    "grouping": one_of(GROUPINGS),
    "breakdown_by": several(one_of(BREAKDOWNS), len(BREAKDOWNS), each_once=True),
    "include_charts": BOOLEAN,
    "report_sections": several(one_of(REPORT_SECTIONS), len(REPORT_SECTIONS), each_once=True),
    "event_types": several(one_of(EVENT_TYPES), len(EVENT_TYPES), each_once=True),
    "severity_levels": several(one_of(SEVERITY_LEVELS), len(SEVERITY_LEVELS), each_once=True),
    "users": several(TEXT, MOST_ITEMS),
}
_DELIVERY: Final[dict[str, Shape]] = {
    "account": TEXT,
    "recipients": several(_NOT_EMPTY, MOST_RECIPIENTS, each_once=True),
    "subject": {"type": "string", "maxLength": LONGEST_SUBJECT},
    "body": {"type": "string", "maxLength": LONGEST_BODY},
    "target": TEXT,
    "path": TEXT,
    **{
        name: {"type": "integer", "minimum": low, "maximum": high}
        for name, (low, high) in BOUNDS.items()
    },
}
