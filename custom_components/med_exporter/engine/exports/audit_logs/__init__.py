# ruff: noqa: RUF001  # French has its own apostrophe
"""Who did what, oldest first."""

from __future__ import annotations

from ..export_type import ExportType

EXPORT_TYPE = ExportType(
    id="audit_logs",
    title=("Audit log", "Journal d’audit"),
    folder=__name__,
    takes=frozenset({"date_range", "event_types", "severity_levels", "users"}),
    administrators_only=True,
    words={
        "no_audit_logs": (
            "Nothing was recorded in this period.",
            "Rien n’a été consigné pendant cette période.",
        ),
        "time": ("Time", "Date et heure"),
        "event_type": ("Event", "Événement"),
        "severity": ("Severity", "Gravité"),
        "user": ("User", "Utilisateur"),
        "subject": ("Subject", "Objet"),
        "details": ("Details", "Détails"),
        "severity_info": ("Information", "Informations"),
        "severity_warning": ("Warnings", "Avertissements"),
        "severity_error": ("Errors", "Erreurs"),
    },
)
