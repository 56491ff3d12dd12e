"""A request as the fields of an action: laid flat, with names of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, Final

import voluptuous as vol

from ..engine.export_types import EXPORT_TYPES
from ..errors import INVALID_DATE_RANGE, InvalidRequest
from ..object_reader import INVALID_REQUEST, NotANumberError, shown, typed_flag, typed_number

_FIELDS: Final = {
    "export_type": ("export_type",),
    "format": ("format",),
    "preset": ("date_range",),
    "start": ("date_range", "start"),
    "end": ("date_range", "end"),
    "devices": ("devices",),
    "fields": ("fields",),
    "aggregation": ("aggregation",),
    "aggregation_functions": ("aggregation_functions",),
    "min_power": ("filters", "min_power"),
    "max_power": ("filters", "max_power"),
    "device_states": ("filters", "device_states"),
    "exclude_outliers": ("filters", "exclude_outliers"),
    "time_of_day_start": ("filters", "time_of_day", "start"),
    "time_of_day_end": ("filters", "time_of_day", "end"),
    "days_of_week": ("filters", "days_of_week"),
    "custom_fields": ("custom_fields",),
    "grouping": ("grouping",),
    "breakdown_by": ("breakdown_by",),
    "include_charts": ("include_charts",),
    "report_sections": ("report_sections",),
    "event_types": ("event_types",),
    "severity_levels": ("severity_levels",),
    "users": ("users",),
    "timezone": ("options", "timezone"),
    "decimal_places": ("options", "decimal_places"),
    "locale": ("options", "locale"),
    "delimiter": ("options", "delimiter"),
    "include_headers": ("options", "include_headers"),
    "machine_names": ("options", "machine_names"),
    "anonymize_ip_addresses": ("privacy_options", "anonymize_ip_addresses"),
    "exclude_user_data": ("privacy_options", "exclude_user_data"),
    "hash_device_identifiers": ("privacy_options", "hash_device_identifiers"),
    "remove_location_data": ("privacy_options", "remove_location_data"),
    "compression": ("performance_options", "compression"),
    "chunk_size": ("performance_options", "chunk_size"),
    "cache_results": ("performance_options", "cache_results"),
}
_OWN_NAMES: Final = {".".join(path): name for name, path in _FIELDS.items()} | {
    "filters.time_of_day": "time_of_day_start",
}
_MOST_LEVELS: Final = 10
_MOST_OF_AN_HOUR_AND_MINUTE: Final = 24 * 60


def request_fields() -> dict[str, tuple[str, ...]]:
    """Return each field of `create_export` with where it belongs in a request."""
    return _FIELDS | {name: (name,) for one in EXPORT_TYPES.values() for name in sorted(one.own)}


def request_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `create_export` as a request.

    Raises InvalidRequest for a field that is not known, and when both a preset and dates are given.
    """
    known = request_fields()
    if "preset" in data and ("start" in data or "end" in data):
        raise InvalidRequest(INVALID_DATE_RANGE, "range_and_preset", field="preset")
    request: dict[str, Any] = {}
    for name, value in plain_values(data).items():
        if name not in known:
            raise InvalidRequest(INVALID_REQUEST, "unknown_field", field=shown(name))
        *parents, last = known[name]
        inner = request
        for key in parents:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return request


def plain_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an action's fields as JSON would carry them."""
    return {name: _plain(name, value) for name, value in as_json(data).items()}


def as_json(value: Any, levels: int = _MOST_LEVELS) -> Any:  # noqa: ANN401  # whatever a caller gives
    """Return a value as JSON would carry it: YAML reads an unquoted date or time as one.

    What lies deeper than any request reaches stays as it is, to be refused.
    """
    if isinstance(value, Mapping) and levels:
        return {key: as_json(inner, levels - 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)) and levels:
        return [as_json(inner, levels - 1) for inner in value]
    # With a blank between day and time, as it was written.
    return str(value) if isinstance(value, (date, time)) else value


def named_as_here(err: InvalidRequest) -> InvalidRequest:
    """Return a mistake in a request at the name that its field has in the action."""
    # A name that nobody knows is the caller's own word.
    if err.field is None or err.key == "unknown_field":
        return err
    own = _OWN_NAMES.get(err.field)
    return err if own is None else err.at(own)


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401  # whatever a caller gives
    read = _READ.get(name)
    return value if read is None or value is None else read(value)


def _number(value: Any) -> Any:  # noqa: ANN401
    """Return a number that is written as a text."""
    try:
        return typed_number(value) if isinstance(value, str) else value
    except NotANumberError:
        return value


def _flag(value: Any) -> Any:  # noqa: ANN401
    """Return true or false, in any of the words that Home Assistant has for them."""
    try:
        return typed_flag(value)
    except vol.Invalid:
        return value


def _names(value: Any) -> Any:  # noqa: ANN401
    """Return a list of names, of the one that a template gives; digits alone are a number to it."""
    if value == "all":
        return value
    named = value if isinstance(value, list) else [value]
    return [_digits(one) for one in named]


def _words(value: Any) -> Any:  # noqa: ANN401
    """Return a list of words, of which a text names several with commas between them."""
    if isinstance(value, str):
        return [word for part in value.split(",") if (word := part.strip())]
    return value if isinstance(value, list) else [value]


def _states(value: Any) -> Any:  # noqa: ANN401
    """Return a list of `on` and `off`, which are true and false in YAML."""
    known = {True: "on", False: "off"}
    return [known[one] if isinstance(one, bool) else one for one in _words(value)]


def _days(value: Any) -> Any:  # noqa: ANN401
    """Return a list of numbers; selectors give the options of a choice as texts."""
    return [_number(day) for day in _words(value)]


def _digits(value: Any) -> Any:  # noqa: ANN401
    """Return a name of digits, which YAML and templates take for a number."""
    return str(value) if type(value) is int else value


def _clock(value: Any) -> Any:  # noqa: ANN401
    """Return a time as HH:MM; the selector of times adds seconds, YAML counts those of 22:00."""
    if type(value) is int:
        minutes, seconds = (value, 0) if value < _MOST_OF_AN_HOUR_AND_MINUTE else divmod(value, 60)
        if 60 <= minutes < _MOST_OF_AN_HOUR_AND_MINUTE and not seconds:
            return f"{minutes // 60:02}:{minutes % 60:02}"
    if isinstance(value, str) and value.count(":") == 2 and value.endswith(":00"):
        return value[:-3]
    return value


# How the value of a field may come from a template, YAML or a selector, by what its form takes.
_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("min_power", "max_power", "decimal_places", "chunk_size", "limit"), _number),
    **dict.fromkeys(
        (
            "exclude_outliers",
            "include_charts",
            "include_headers",
            "machine_names",
            "compression",
            "cache_results",
            *(name for name, path in _FIELDS.items() if path[0] == "privacy_options"),
        ),
        _flag,
    ),
    **dict.fromkeys(
        ("fields", "breakdown_by", "report_sections", "event_types", "severity_levels"), _words
    ),
    **dict.fromkeys(("devices", "users"), _names),
    **dict.fromkeys(("time_of_day_start", "time_of_day_end"), _clock),
    "device_states": _states,
    "days_of_week": _days,
    "pdl": _digits,
}
