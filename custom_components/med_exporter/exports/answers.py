"""What callers are shown of an export, the same at every door. Times are UTC with `Z`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..answers import size_text, utc
from ..history.reasons import warnings_beside_reason
from ..history.records import UNFINISHED, ExportStatus
from .links import DOWNLOAD_PATH

if TYPE_CHECKING:
    from ..history.records import ExportRecord
    from ..history.statistics import FileStatistics
    from .jobs import JobManager


def export_entry(record: ExportRecord) -> dict[str, Any]:
    """Return an export as it stands in the history."""
    entry = {
        "export_id": record.id,
        "export_type": record.export_type,
        "format": record.format,
        "status": record.status.value,
        "trigger": record.trigger,
        "created_at": utc(record.created_at),
        "completed_at": utc(record.completed_at),
        "expires_at": utc(record.expires_at),
        "file_size": record.size,
        "record_count": record.records,
        "downloads": record.downloads,
        "warnings": warnings_beside_reason(record),
    }
    if record.error_code is not None:
        entry["error_code"] = record.error_code
        entry["message"] = record.error_message
    return entry


def export_status(jobs: JobManager, record: ExportRecord) -> dict[str, Any]:
    """Return where an export stands.

    `progress` is 0 to 100, `file_size` in bytes. `estimated_completion` is there until the export
    has ended, `file_name` once there is a file.
    """
    status = export_entry(record)
    status["progress"] = jobs.progress(record)
    status["started_at"] = utc(record.started_at)
    status["download_url"] = DOWNLOAD_PATH.format(export_id=record.id)
    if record.status in UNFINISHED:
        status["estimated_completion"] = utc(jobs.estimated_completion(record))
    if record.status is ExportStatus.COMPLETED and record.path is not None:
        status["file_name"] = Path(record.path).name
    return status


def export_page(
    records: list[ExportRecord], total: int, *, limit: int, offset: int
) -> dict[str, Any]:
    """Return a page of the history; `page` counts from 1."""
    return {
        "exports": [export_entry(record) for record in records],
        "total": total,
        "page": offset // limit + 1,
        "per_page": limit,
    }


def statistics_answer(statistics: FileStatistics) -> dict[str, Any]:
    """Return the statistics of file exports in the document's shape."""
    return {
        "total_exports": statistics.total,
        "exports_this_month": statistics.since,
        "total_data_exported": size_text(statistics.size),
        "most_popular_format": next(iter(statistics.formats), None),
        "export_types": statistics.export_types,
        "formats": statistics.formats,
    }
