"""What a caller asks for, every value checked and every default filled in."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # the codec reads annotations
from dataclasses import field
from typing import Any
from zoneinfo import ZoneInfo

from ..lazy_dataclass import dataclass
from .choices import REPORT_SECTIONS
from .filters import Filters
from .parts import CustomField, Options, Privacy


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A file that is wanted.

    It is checked once, by whoever makes it. What does not belong to the export type has its
    default.

    Attributes:
        export_type: key of `exports.EXPORT_TYPES`.
        format: key of `formats.FORMATS`.
        start: UTC seconds since 1970, included.
        end: UTC seconds since 1970, not included. May lie in the future; values hold until now.
        timezone: IANA name; decides what a day is and how times are written.
        device_names: as the caller names them, each once; None for all.
        fields: names from `fields.FIELDS` and of custom fields, in the order wanted; every custom
            field is among them.
        spare_fields: those of `fields` that nobody asked for, and that may be missing.
        aggregation: one of `AGGREGATIONS`.
        aggregation_functions: value field → one of `FUNCTIONS`, where not the field's own default;
            none for raw rows.
        filters: which rows are kept, before aggregation.
        custom_fields: columns that are computed from the others.
        grouping: the period of a row of costs, one of `GROUPINGS`.
        breakdown_by: some of `BREAKDOWNS`.
        include_charts: whether the file shows charts, where its format can.
        report_sections: some of `REPORT_SECTIONS`, in this order.
        event_types: some of `EVENT_TYPES`; empty: all.
        severity_levels: some of `SEVERITY_LEVELS`; empty: all.
        users: ids of Home Assistant's users; empty: all.
        own: what only this export type takes, as its record reads it; plain JSON values.
        options: how the file looks.
        privacy: what is kept out of the file.
        background_processing: whether the caller does not wait for the file.
        cache_results: whether a file that is there already will do.

    """

    export_type: str
    format: str
    start: float
    end: float
    timezone: str
    device_names: tuple[str, ...] | None = None
    fields: tuple[str, ...] = ()
    spare_fields: tuple[str, ...] = ()
    aggregation: str = "raw"
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
    own: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    privacy: Privacy = field(default_factory=Privacy)
    background_processing: bool = True
    cache_results: bool = False

    def zone(self) -> ZoneInfo:
        """Return the time zone."""
        return ZoneInfo(self.timezone)
