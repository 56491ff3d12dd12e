"""The job: everything the engine needs to know for one file."""

from __future__ import annotations

from ..former_entities import FormerEntities
from .choices import (
    AGGREGATIONS,
    BREAKDOWNS,
    DEVICE_STATES,
    EVENT_TYPES,
    FUNCTIONS,
    GROUPINGS,
    LOCALES,
    REPORT_SECTIONS,
    SEVERITY_LEVELS,
)
from .filters import Filters, TimeOfDay
from .job import DEFAULT_MAX_BYTES, DEFAULT_MAX_PDF_ROWS, DEFAULT_MAX_RECORDS, Job
from .parts import (
    DEFAULT_CHUNK_SIZE,
    MAX_CHUNK_SIZE,
    CustomField,
    GivenTable,
    JobDevice,
    MeteringPoint,
    Options,
    Privacy,
    is_delimiter,
)
from .request import Request

__all__ = [
    "AGGREGATIONS",
    "BREAKDOWNS",
    "DEFAULT_CHUNK_SIZE",
    "DEFAULT_MAX_BYTES",
    "DEFAULT_MAX_PDF_ROWS",
    "DEFAULT_MAX_RECORDS",
    "DEVICE_STATES",
    "EVENT_TYPES",
    "FUNCTIONS",
    "GROUPINGS",
    "LOCALES",
    "MAX_CHUNK_SIZE",
    "REPORT_SECTIONS",
    "SEVERITY_LEVELS",
    "CustomField",
    "Filters",
    "FormerEntities",
    "GivenTable",
    "Job",
    "JobDevice",
    "MeteringPoint",
    "Options",
    "Privacy",
    "Request",
    "TimeOfDay",
    "is_delimiter",
]
