"""The readings of devices, raw or per period."""

from __future__ import annotations

from ..export_type import ExportType

EXPORT_TYPE = ExportType(
    id="device_data",
    title=("Device readings", "Relevés des appareils"),
    folder=__name__,
    takes=frozenset(
        {
            "date_range",
            "devices",
            "include_charts",
            "fields",
            "aggregation",
            "aggregation_functions",
            "filters",
            "custom_fields",
        }
    ),
    needs_devices=True,
    has_words=False,
    has_preview=True,
)
