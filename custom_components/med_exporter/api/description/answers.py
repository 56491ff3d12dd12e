"""What answers hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...engine.costs.energy_source import ROLES
from ...engine.export_types import EXPORT_TYPES
from ...engine.exports.contract_comparison.result import Money
from ...engine.formats import FORMATS
from ...exports.catalogue import METRICS
from ...history.records import ExportStatus
from .shapes import BOOLEAN, COUNT, NUMBER, TEXT, TIME, WARNING, listed, one_of, or_null, told

if TYPE_CHECKING:
    from .shapes import Shape

_ANYTHING: Final[Shape] = {"type": "object"}
_MAYBE_TIME: Final = or_null(TIME)
_MONEY: Final = dict.fromkeys(Money._fields, or_null(NUMBER))
_EXPORT: Final[dict[str, Shape]] = {
    "export_id": TEXT,
    "export_type": or_null(one_of(EXPORT_TYPES)),
    "format": or_null(one_of(FORMATS)),
    "status": one_of(ExportStatus),
    "trigger": TEXT,
    "created_at": TIME,
    "completed_at": _MAYBE_TIME,
    "expires_at": _MAYBE_TIME,
    "file_size": or_null(COUNT),
    "record_count": or_null(COUNT),
    "downloads": COUNT,
    "warnings": listed(WARNING),
    "error_code": TEXT,
    "message": or_null(TEXT),
}
_OF_FAILED: Final = ("error_code", "message")
_STATUS: Final[dict[str, Shape]] = {
    **_EXPORT,
    "progress": {"type": "integer", "minimum": 0, "maximum": 100},
    "started_at": _MAYBE_TIME,
    "download_url": TEXT,
    "estimated_completion": _MAYBE_TIME,
    "file_name": TEXT,
}
_AT_TIMES: Final = (*_OF_FAILED, "estimated_completion", "file_name")
_SCHEDULE: Final = told(
    {
        "schedule_id": TEXT,
        "name": TEXT,
        "schedule": TEXT,
        "export_config": _ANYTHING,
        "delivery": _ANYTHING,
        "enabled": BOOLEAN,
        "created_at": TIME,
        "next_run": _MAYBE_TIME,
        "last_run": _MAYBE_TIME,
        "last_export_id": or_null(TEXT),
    }
)
_CONTRACT: Final = told(
    {
        "name": TEXT,
        "priced_on": or_null({"type": "string", "format": "date"}),
        **_MONEY,
        "difference": or_null(NUMBER),
        "shift_saving": or_null(NUMBER),
        "unpriced_kwh": NUMBER,
    }
)


def answer_schemas() -> dict[str, Shape]:
    """Return all that is answered, by name."""
    return {
        "Export": told(_STATUS, _AT_TIMES),
        "History": told(
            {
                "exports": listed(told(_EXPORT, _OF_FAILED)),
                "total": COUNT,
                "page": {"type": "integer", "minimum": 1},
                "per_page": {"type": "integer", "minimum": 1},
            }
        ),
        "Statistics": told(
            {
                "total_exports": COUNT,
                "exports_this_month": COUNT,
                "total_data_exported": TEXT,
                "most_popular_format": or_null(one_of(FORMATS)),
                "export_types": {"type": "object", "additionalProperties": COUNT},
                "formats": {"type": "object", "additionalProperties": COUNT},
            }
        ),
        "Preview": told(
            {
                "preview": listed(_ANYTHING),
                "total_records": COUNT,
                "total_records_estimated": BOOLEAN,
                "estimated_file_size": TEXT,
                "preview_note": TEXT,
                "warnings": listed(WARNING),
            }
        ),
        "Comparison": told(
            {
                "metering_point": TEXT,
                "pdl": TEXT,
                "start": TIME,
                "end": TIME,
                "currency": TEXT,
                "energy_kwh": NUMBER,
                "produced_kwh": NUMBER,
                "cheapest": or_null(TEXT),
                "contracts": listed(_CONTRACT),
                "months": listed(
                    told(
                        {
                            "start": TIME,
                            "energy_kwh": NUMBER,
                            "produced_kwh": NUMBER,
                            "contracts": listed(told({"name": TEXT, **_MONEY})),
                        }
                    )
                ),
                "warnings": listed(WARNING),
            }
        ),
        "Schedule": _SCHEDULE,
        "Schedules": told({"schedules": listed(_SCHEDULE)}),
        "ScheduledExport": told({"schedule_id": TEXT, **_STATUS}, _AT_TIMES),
        **_catalogue(),
    }


def _catalogue() -> dict[str, Shape]:
    return {
        "Formats": told(
            {
                "formats": listed(
                    told(
                        {
                            "id": one_of(FORMATS),
                            "name": TEXT,
                            "description": TEXT,
                            "mime_type": TEXT,
                            "extension": TEXT,
                        }
                    )
                )
            }
        ),
        "Devices": told(
            {
                "devices": listed(
                    told(
                        {
                            "device_id": TEXT,
                            "device_ip": TEXT,
                            "device_name": TEXT,
                            "device_type": TEXT,
                            "mac": TEXT,
                            "pdl": TEXT,
                            "role": one_of(ROLES),
                            "last_seen": _MAYBE_TIME,
                            "data_points": COUNT,
                        }
                    )
                )
            }
        ),
        "Metrics": told(
            {
                "metrics": listed(
                    told(
                        {
                            "field": one_of(metric.field for metric in METRICS),
                            "name": TEXT,
                            "description": TEXT,
                            "data_type": TEXT,
                            "unit": TEXT,
                        }
                    )
                )
            }
        ),
        "Description": _ANYTHING,
    }
