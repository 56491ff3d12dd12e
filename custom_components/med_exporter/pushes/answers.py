"""What callers are shown of a push, the same at every door."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from ..answers import utc
from ..history.reasons import warnings_of
from ..history.records import ExportStatus

if TYPE_CHECKING:
    from ..history.records import ExportRecord


class PushStatus(StrEnum):
    """How the log of pushes words a status."""

    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"

    @property
    def stands_for(self) -> set[ExportStatus]:
        """Return the statuses of the history that it is shown for."""
        return {
            status for status in ExportStatus if _PUSH_STATUS.get(status, PushStatus.ERROR) is self
        }


_PUSH_STATUS: Final = {
    ExportStatus.QUEUED: PushStatus.RUNNING,
    ExportStatus.RUNNING: PushStatus.RUNNING,
    ExportStatus.COMPLETED: PushStatus.SUCCESS,
}


def push_log_entry(record: ExportRecord) -> dict[str, Any]:
    """Return a push as the log of exports shows it; an interrupted one is an error.

    `warnings` are all that failed or was skipped, also in a run that succeeded.
    """
    return {
        "id": record.id,
        "export_config_id": record.destination_id,
        "destination": record.destination,
        "destination_name": record.destination_name,
        "trigger": record.trigger,
        "status": _PUSH_STATUS.get(record.status, PushStatus.ERROR).value,
        "records_exported": record.records,
        "error_code": record.error_code,
        "error_message": record.error_message,
        "warnings": warnings_of(record),
        "started_at": utc(record.started_at),
        "completed_at": utc(record.completed_at),
    }
