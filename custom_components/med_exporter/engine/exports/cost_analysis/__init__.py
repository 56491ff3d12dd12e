"""What energy cost by period, and split as asked for."""

from __future__ import annotations

from ..export_type import ExportType

EXPORT_TYPE = ExportType(
    id="cost_analysis",
    title=("Cost analysis", "Analyse des coûts"),
    folder=__name__,
    takes=frozenset({"date_range", "devices", "grouping", "breakdown_by", "include_charts"}),
    needs_devices=True,
    about_money=True,
)
