"""How everything is set up."""

from __future__ import annotations

from ..export_type import ExportType

EXPORT_TYPE = ExportType(
    id="configuration",
    title=("Configuration", "Configuration"),
    folder=__name__,
    administrators_only=True,
    tables=lambda _request: 0,
)
