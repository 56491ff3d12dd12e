"""One file to be made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ..errors import ErrorCode, ExportError, InvalidJobError
from ..fields import FIELDS
from ..formats import FORMATS
from .checks import (
    as_tuple,
    check_choice,
    check_choices,
    check_items,
    check_type,
    check_whole,
    exact_keys,
    plain,
)
from .choices import (
    AGGREGATIONS,
    BREAKDOWNS,
    EVENT_TYPES,
    EXPORT_TYPES,
    FUNCTIONS,
    GROUPINGS,
    REPORT_SECTIONS,
    SEVERITY_LEVELS,
)
from .filters import Filters
from .parts import CustomField, GivenTable, JobDevice, MeteringPoint, Options, Privacy

DEFAULT_MAX_RECORDS = 1_000_000
DEFAULT_MAX_BYTES = 100 * 1024 * 1024
DEFAULT_MAX_PDF_ROWS = 50_000

_NEEDS_DEVICES = ("device_data", "cost_analysis")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file to be made.

    Attributes:
        export_type: one of `EXPORT_TYPES`.
        format: one of `formats.FORMATS`.
        devices: rows with the same timestamp follow this order; may be empty only for exports
            that are not about devices.
        start: UTC seconds since 1970, included.
        end: UTC seconds since 1970, not included. May lie in the future; values hold until now.
        timezone: IANA name; decides what a day is and how times are written.
        aggregation: one of `AGGREGATIONS`.
        fields: device_data: names from `fields.FIELDS` and of custom fields, in the order wanted;
            every custom field is among them.
        metadata: goes into the file where the format has a place for it; plain JSON values.
        path: the final file, absolute; its folder exists. Empty for a preview.
        options: how the file looks.
        max_records: more rows than this fail the job.
        max_bytes: a file (as it lies on disk) larger than this fails the job.
        max_pdf_rows: more table rows than this in a PDF fail the job.
        aggregation_functions: value field → one of `FUNCTIONS`, where not the field's own default;
            not for raw rows.
        filters: which rows are kept, before aggregation.
        custom_fields: columns that are computed from the others.
        currency: ISO 4217, of costs.
        grouping: cost_analysis: the period of a row, one of `GROUPINGS`.
        breakdown_by: cost_analysis: some of `BREAKDOWNS`.
        include_charts: whether Excel and PDF show charts.
        report_sections: system_report: some of `REPORT_SECTIONS`, in this order.
        event_types: audit_logs: some of `EVENT_TYPES`; empty: all.
        severity_levels: audit_logs: some of `SEVERITY_LEVELS`; empty: all.
        users: audit_logs: ids of Home Assistant's users; empty: all.
        privacy: what is kept out of the file.
        points: the metering points that devices belong to.
        given: tables that Home Assistant's side hands over ready-made.

    Raises:
        InvalidJobError: something is of the wrong type, unknown or contradictory.

    """

    export_type: str
    format: str
    devices: tuple[JobDevice, ...]
    start: float
    end: float
    timezone: str
    aggregation: str
    fields: tuple[str, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    options: Options = field(default_factory=Options)
    max_records: int = DEFAULT_MAX_RECORDS
    max_bytes: int = DEFAULT_MAX_BYTES
    max_pdf_rows: int = DEFAULT_MAX_PDF_ROWS
    aggregation_functions: Mapping[str, str] = field(default_factory=dict)
    filters: Filters = field(default_factory=Filters)
    custom_fields: tuple[CustomField, ...] = ()
    currency: str = "EUR"
    grouping: str = "monthly"
    breakdown_by: tuple[str, ...] = ()
    include_charts: bool = False
    report_sections: tuple[str, ...] = REPORT_SECTIONS
    event_types: tuple[str, ...] = ()
    severity_levels: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    privacy: Privacy = field(default_factory=Privacy)
    points: tuple[MeteringPoint, ...] = ()
    given: tuple[GivenTable, ...] = ()

    def __post_init__(self) -> None:
        check_choice("export_type", self.export_type, EXPORT_TYPES)
        check_choice("format", self.format, tuple(FORMATS))
        check_choice("aggregation", self.aggregation, AGGREGATIONS)
        check_items("devices", self.devices, JobDevice)
        if not self.devices and self.export_type in _NEEDS_DEVICES:
            raise InvalidJobError("devices", "at least one is needed")
        for name, moment in (("start", self.start), ("end", self.end)):
            check_type(name, moment, int, float)
            if isinstance(moment, bool) or not math.isfinite(moment):
                raise InvalidJobError(name, "must be a number of seconds")
        if self.start >= self.end:
            raise InvalidJobError("end", "must be after start")
        self.zone()
        self._check_fields()
        self._check_parts()
        check_type("metadata", self.metadata, Mapping)
        check_type("path", self.path, str)
        if self.path and not Path(self.path).is_absolute():
            raise InvalidJobError("path", "must be absolute")
        if self.options.compression and not FORMATS[self.format].compressible:
            raise InvalidJobError("options.compression", f"not for {self.format}")
        for name in ("max_records", "max_bytes", "max_pdf_rows"):
            check_whole(name, getattr(self, name), 1, 2**53)

    def _check_fields(self) -> None:
        """Refuse no fields, unknown ones, repeated ones, and custom fields that go nowhere."""
        check_items("fields", self.fields, str)
        check_items("custom_fields", self.custom_fields, CustomField)
        own = [custom.name for custom in self.custom_fields]
        for name in own:
            if name in FIELDS or own.count(name) > 1:
                raise InvalidJobError("custom_fields", f"{name!r} is the name of another field")
            if name not in self.fields:
                raise InvalidJobError("fields", f"the custom field {name!r} is missing")
        if not self.fields and self.export_type == "device_data":
            raise InvalidJobError("fields", "at least one is needed")
        check_choices("fields", self.fields, (*FIELDS, *own))
        check_type("aggregation_functions", self.aggregation_functions, Mapping)
        values = tuple(name for name, item in FIELDS.items() if item.function is not None)
        for name, function in self.aggregation_functions.items():
            check_choice("aggregation_functions", name, values)
            check_choice(f"aggregation_functions.{name}", function, FUNCTIONS)
        if self.aggregation_functions and self.aggregation == "raw":
            raise InvalidJobError("aggregation_functions", "not for raw rows")

    def _check_parts(self) -> None:
        check_type("options", self.options, Options)
        check_type("filters", self.filters, Filters)
        check_type("privacy", self.privacy, Privacy)
        check_type("currency", self.currency, str)
        check_type("include_charts", self.include_charts, bool)
        check_choice("grouping", self.grouping, GROUPINGS)
        check_choices("breakdown_by", self.breakdown_by, BREAKDOWNS)
        check_choices("report_sections", self.report_sections, REPORT_SECTIONS)
        check_choices("event_types", self.event_types, EVENT_TYPES)
        check_choices("severity_levels", self.severity_levels, SEVERITY_LEVELS)
        check_items("users", self.users, str)
        check_items("points", self.points, MeteringPoint)
        check_items("given", self.given, GivenTable)

    @property
    def most_rows(self) -> int:
        """Return how many rows the file may have."""
        if self.format == "pdf":
            return min(self.max_pdf_rows, self.max_records)
        return self.max_records

    def check_rows(self, count: int) -> None:
        """Raise ExportError (`TOO_MANY_RECORDS`, `TOO_MANY_PDF_ROWS`) for more rows than that."""
        if count > self.max_records:
            raise ExportError(
                ErrorCode.TOO_MANY_RECORDS, f"The export has more than {self.max_records} records"
            )
        if count > self.most_rows:
            raise ExportError(
                ErrorCode.TOO_MANY_PDF_ROWS,
                f"A PDF has at most {self.max_pdf_rows} rows; choose longer periods or CSV",
            )

    def zone(self) -> ZoneInfo:
        """Return the time zone.

        Raises:
            InvalidJobError: there is none of that name.

        """
        check_type("timezone", self.timezone, str)
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as err:
            raise InvalidJobError("timezone", f"{self.timezone!r} is not known") from err

    def to_json(self) -> dict[str, Any]:
        """Return a dict of plain JSON values that `from_json` turns back into an equal job."""
        return dict(plain(self))

    @classmethod
    def from_json(cls, data: object) -> Job:
        """Read what `to_json` gave; every key must be there, and no other.

        Raises:
            InvalidJobError: a key is missing, unknown or wrong.

        """
        values = exact_keys(cls, data, "job")
        for name, read in _LISTS.items():
            values[name] = as_tuple(name, values[name], read)
        values["options"] = Options.from_json(values["options"])
        values["filters"] = Filters.from_json(values["filters"])
        values["privacy"] = Privacy.from_json(values["privacy"])
        return cls(**values)


_LISTS = {
    "devices": JobDevice.from_json,
    "fields": None,
    "custom_fields": CustomField.from_json,
    "breakdown_by": None,
    "report_sections": None,
    "event_types": None,
    "severity_levels": None,
    "users": None,
    "points": MeteringPoint.from_json,
    "given": GivenTable.from_json,
}
