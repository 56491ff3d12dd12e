"""How many rows a file may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import ErrorCode, ExportError
from .formats import FORMATS

if TYPE_CHECKING:
    from .job import Job


def most_rows(job: Job) -> int:
    """Return how many rows the file of a job may have."""
    if FORMATS[job.format].on_pages:
        return min(job.max_pdf_rows, job.max_records)
    return job.max_records


def check_rows(job: Job, count: int) -> None:
    """Raise ExportError (`TOO_MANY_RECORDS`, `TOO_MANY_PDF_ROWS`) for more rows than that."""
    if count > job.max_records:
        raise ExportError(
            ErrorCode.TOO_MANY_RECORDS, f"The export has more than {job.max_records} records"
        )
    if count > most_rows(job):
        raise ExportError(
            ErrorCode.TOO_MANY_PDF_ROWS,
            f"A PDF has at most {job.max_pdf_rows} rows; choose longer periods or CSV",
        )
