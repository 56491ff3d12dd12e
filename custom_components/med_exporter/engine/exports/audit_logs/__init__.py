"""Who did what, oldest first."""

from __future__ import annotations

from ..export_type import ExportType

EXPORT_TYPE = ExportType(
    id="audit_logs",
    title=("Audit log", "Journal d’audit"),  # noqa: RUF001  # French has its own apostrophe
    folder=__name__,
    takes=frozenset({"date_range", "event_types", "severity_levels", "users"}),
    administrators_only=True,
)
