"""Who did what: an audit log in the recorder's database, with a retention of its own."""

from __future__ import annotations

from .events import AuditEvent, EventType, Severity
from .log import DATA_AUDIT, AuditLog, acting
from .watching import async_watch

__all__ = ["DATA_AUDIT", "AuditEvent", "AuditLog", "EventType", "Severity", "acting", "async_watch"]
