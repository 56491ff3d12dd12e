"""Make the file of a job, or a preview of it."""

from __future__ import annotations

import errno
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from .costs.apportioning import rounded
from .errors import ErrorCode, ExportError
from .export_types import EXPORT_TYPES
from .formats import FORMATS
from .limits import check_rows
from .output import OutputFile, spool_path
from .preview import preview_rows
from .privacy import Mask
from .readings.custom_fields import formulas_of
from .recorder.manner import USUAL, Manner
from .recorder.states import Recorder
from .results import Result
from .rows.content import Content
from .rows.spool import Spool
from .words.cells import put_into_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .database.connections import Connect
    from .job import Job
    from .readings.part import Second
    from .results import Preview
    from .rows.tables import Chunk
    from .words.file_warnings import Warning_

    type Progress = Callable[[float, int], None]
    """Takes the share that is done (0 to 100) and the number of rows written."""

_READING_SHARE = 75.0
"""Percent of a job's time that reading takes; writing takes the rest."""

_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
_SQLITE_WRITE_ERRORS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)


def run_job(
    job: Job,
    connect: Connect,
    progress: Progress,
    cancelled: Callable[[], bool],
    *,
    now: float | None = None,
    manner: Manner = USUAL,
    second: Second | None = None,
) -> Result:
    """Make the file of a job; it appears under its final name when it is whole, owner-only.

    This blocks, for minutes perhaps: it belongs into a process of its own or a thread.

    Args:
        job: what is wanted; its path must be given.
        connect: opens a connection to the recorder's database; asked for anew for each page.
        progress: called often; its values never fall.
        cancelled: asked often; true ends the job.
        now: UTC seconds until when the latest values are known to hold; the default is the clock.
        manner: how states are read.
        second: lets a second process read a part of many states, where there may be one.

    Raises:
        ExportError: why there is no file; nothing is left behind.

    """
    report = _Report(progress, cancelled)
    if EXPORT_TYPES[job.export_type].about_money:
        with _as_export_errors():
            job = _with_gone(job, connect)
    mask = Mask(job)
    job = mask.job()
    end = _known_until(job, now)
    with (
        _as_export_errors(),
        Spool(job, end, spool_path(job.path), formulas_of(job)) as spool,
    ):
        report.at(0.0)
        export_type, file_format = EXPORT_TYPES[job.export_type], FORMATS[job.format]
        content = export_type.work().content(
            job,
            Recorder(connect, manner=manner, second=second),
            spool,
            end,
            lambda share: report.at(share * _READING_SHARE),
        )
        content.warnings += _past_warning(job, connect, end)
        content = mask.content(content)
        if export_type.has_words and (file_format.document or not job.options.machine_names):
            put_into_words(content, job.options.locale)
        warnings = [warning for table in content.tables for warning in table.warnings]
        warnings += content.warnings
        count = sum(table.count for table in content.tables)
        check_rows(job, count)
        for table in content.tables:
            table.chunks = report.counted(table.chunks, count)
        metadata = {**job.metadata, "record_count": count, "warnings": warnings}
        options = job.options
        with OutputFile(
            job.path, compression=options.compression, max_bytes=job.max_bytes
        ) as output:
            file_format.writer().write(content, output, job, metadata)
            report.at(100.0)
            digest = output.finish()
        return Result(count, output.size, digest, warnings, _numbers(content))


def preview(job: Job, connect: Connect, limit: int, *, now: float | None = None) -> Preview:
    """Return the first rows of a job and its size, without writing a file.

    Args:
        job: what is wanted; its path and format do not matter.
        connect: opens a connection to the recorder's database.
        limit: number of rows, at least 1.
        now: as for `run_job`.

    Raises:
        ExportError: why it cannot be had.

    """
    mask = Mask(job)
    job = mask.job()
    end = _known_until(job, now)
    with _as_export_errors(), Spool(job, end, None, formulas_of(job)) as spool:
        found = preview_rows(job, connect, spool, end, limit)
        warnings = [*found.warnings, *_past_warning(job, connect, end)]
    told = mask.content(Content(tables=[], warnings=warnings))
    return replace(found, warnings=told.warnings)


def _with_gone(job: Job, connect: Connect) -> Job:
    """Return the job with what has left its metering points, which its privacy has to know."""
    from .exports.job_sums import gone_devices  # noqa: PLC0415  # only for what is about money

    return replace(job, gone=gone_devices(job, connect))


def _past_warning(job: Job, connect: Connect, end: float) -> list[Warning_]:
    """Say whose past a file cannot have yet."""
    export_type = EXPORT_TYPES[job.export_type]
    if not (export_type.is_about_devices and export_type.is_about_a_time):
        return []
    from .exports.ledger_gaps import past_warning  # noqa: PLC0415  # only for what is about devices

    return past_warning(job, connect, end)


def _known_until(job: Job, now: float | None) -> float:
    """Return the end of the range, or now when that is earlier: no value holds in the future."""
    latest = time.time() if now is None else now
    return min(job.end, max(latest, job.start))


@contextmanager
def _as_export_errors() -> Iterator[None]:
    """Give every failure its code."""
    try:
        yield
    except SQLAlchemyError as err:
        cause = getattr(err, "orig", None) or err
        raise ExportError(
            ErrorCode.DATABASE_ERROR, f"The database failed: {type(cause).__name__}: {cause}"
        ) from err
    except sqlite3.Error as err:
        full = getattr(err, "sqlite_errorcode", None) in _SQLITE_WRITE_ERRORS
        code = ErrorCode.DISK_FULL if full else ErrorCode.FILE_ERROR
        raise ExportError(code, f"The temporary file could not be written: {err}") from err
    except OSError as err:
        code = ErrorCode.DISK_FULL if err.errno in _FULL_DISK else ErrorCode.FILE_ERROR
        raise ExportError(code, f"The file could not be written: {err.strerror or err}") from err


def _numbers(content: Content) -> dict[str, float]:
    """Return the figures that are numbers."""
    return {
        figure.name: rounded(float(figure.value), figure.decimals)
        for figure in content.figures
        if isinstance(figure.value, (int, float))
    }


class _Report:
    """Passes progress on, rising only, and ends the job when it is cancelled."""

    def __init__(self, progress: Progress, cancelled: Callable[[], bool]) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._share = 0.0
        self._records = 0

    def at(self, share: float) -> None:
        """Report a share from 0 to 100."""
        if self._cancelled():
            raise ExportError(ErrorCode.CANCELLED, "The export was cancelled")
        self._share = min(max(self._share, share), 100.0)
        self._progress(self._share, self._records)

    def counted(self, chunks: Iterator[Chunk], total: int) -> Iterator[Chunk]:
        """Pass chunks through and report the rows in them."""
        for chunk in chunks:
            yield chunk
            self._records += len(chunk[0])
            self.at(_READING_SHARE + (99.0 - _READING_SHARE) * self._records / max(total, 1))
