"""What the audit log records."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from ..engine.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class EventType(StrEnum):
    """The kinds of events, in the source document's words."""

    LOGIN_SUCCESS = "login_success"
    LOGIN_FAILURE = "login_failure"
    DEVICE_CONTROLLED = "device_controlled"
    EXPORT_CREATED = "export_created"
    EXPORT_DOWNLOADED = "export_downloaded"
    EXPORT_DELETED = "export_deleted"
    DESTINATION_CHANGED = "destination_changed"
    SCHEDULE_CHANGED = "schedule_changed"
    ENERGY_CORRECTED = "energy_corrected"


class Severity(StrEnum):
    """How much an event matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


SEVERITIES: Final = {EventType.LOGIN_FAILURE: Severity.WARNING}
"""The severity of events that are more than information."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEvent:
    """One event.

    Attributes:
        time: UTC.
        event_type: what happened.
        severity: how much it matters.
        user_id: who did it, None for nobody or where it is not known.
        user_name: how the user was called then.
        address: from where, where known.
        subject: what it was about: a device, an export, a destination, a schedule.
        details: more about it, plain JSON values without secrets.

    """

    time: datetime
    event_type: EventType
    severity: Severity
    user_id: str | None = None
    user_name: str | None = None
    address: str | None = None
    subject: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
