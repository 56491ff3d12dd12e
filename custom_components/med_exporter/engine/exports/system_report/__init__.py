"""Sections, each a table, in the order asked for."""

from __future__ import annotations

from ..export_type import ExportType

EXPORT_TYPE = ExportType(
    id="system_report",
    title=("System report", "Rapport du système"),
    folder=__name__,
    takes=frozenset({"date_range", "devices", "report_sections", "include_charts"}),
    about_money=True,
    tables=lambda request: len(request.report_sections),
)
