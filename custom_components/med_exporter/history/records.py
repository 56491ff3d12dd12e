"""What is known of an export: one record for each push and each file."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime  # noqa: TC003  # the codec reads annotations
from enum import StrEnum
from typing import Any, Final

from ..const import DOMAIN
from ..engine.lazy_dataclass import dataclass

SIGNAL_EXPORT_FINISHED: Final = f"{DOMAIN}_export_finished"
SIGNAL_HISTORY_CHANGED: Final = f"{DOMAIN}_history_changed"
"""Sent when a record has been made, has changed or is gone."""
SIGNAL_DELIVERY_FAILED: Final = f"{DOMAIN}_delivery_failed"
"""Sent with the data of an event when a file could not be delivered and no try is left."""
EVENT_EXPORT: Final = f"{DOMAIN}_export"
ERROR_INTERRUPTED: Final = "INTERRUPTED"


class ExportStatus(StrEnum):
    """Where an export stands. Pushes show COMPLETED as success, FAILED and INTERRUPTED as error."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    EXPIRED = "expired"


UNFINISHED: Final = frozenset({ExportStatus.QUEUED, ExportStatus.RUNNING})


class ExportKind(StrEnum):
    """What an export made: a file, or a push to a destination."""

    FILE = "file"
    PUSH = "push"


@dataclass(kw_only=True, slots=True)
class ExportRecord:
    """One export. All times are UTC; `size` is in bytes; `path` is absolute."""

    id: str
    kind: ExportKind
    status: ExportStatus
    trigger: str
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    user_id: str | None = None
    export_type: str | None = None
    format: str | None = None
    destination_id: str | None = None
    destination: str | None = None
    destination_name: str | None = None
    records: int | None = None
    size: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    path: str | None = None
    request: dict[str, Any] | None = None
    warnings: list[dict[str, Any]] = field(default_factory=list)
    downloads: int = 0


def export_event_data(record: ExportRecord) -> dict[str, Any]:
    """Return what an event tells about a finished export: plain values, no path, no request."""
    duration = None
    if record.started_at is not None and record.completed_at is not None:
        duration = round((record.completed_at - record.started_at).total_seconds(), 3)
    values = {
        "export_id": record.id,
        "kind": record.kind.value,
        "status": record.status.value,
        "trigger": record.trigger,
        "export_type": record.export_type,
        "format": record.format,
        "destination_id": record.destination_id,
        "destination": record.destination,
        "destination_name": record.destination_name,
        "records": record.records,
        "size": record.size,
        "duration": duration,
        "error_code": record.error_code,
        "error_message": record.error_message,
    }
    return {key: value for key, value in values.items() if value is not None}


def mark_interrupted(record: ExportRecord, noticed_at: datetime) -> None:
    """Make an unfinished record one that Home Assistant's stop has ended, noticed now (UTC)."""
    record.status = ExportStatus.INTERRUPTED
    record.completed_at = noticed_at
    record.error_code = ERROR_INTERRUPTED
    record.error_message = "Home Assistant stopped while the export was under way."


def expire_if_due(record: ExportRecord, now: datetime) -> ExportRecord:
    """Return a record whose file's time is over as expired, also before the file is deleted."""
    if (
        record.status is ExportStatus.COMPLETED
        and record.expires_at is not None
        and record.expires_at <= now
    ):
        record.status = ExportStatus.EXPIRED
    return record
