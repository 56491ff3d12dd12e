"""The words that a job, and so a request, may use where there is a choice."""

from __future__ import annotations

AGGREGATIONS = ("raw", "hourly", "daily", "weekly", "monthly")
FUNCTIONS = ("average", "min", "max", "sum", "first", "last", "count")
"""How the readings of a period may become one value."""
DEVICE_STATES = ("on", "off")
GROUPINGS = ("hourly", "daily", "weekly", "monthly")
"""The periods of a cost analysis."""
BREAKDOWNS = ("device", "time_of_use", "rate_tier")
REPORT_SECTIONS = (
    "device_summary",
    "energy_consumption",
    "cost_breakdown",
    "system_health",
    "usage_patterns",
)
EVENT_TYPES = (
    "login_success",
    "login_failure",
    "device_controlled",
    "export_created",
    "export_downloaded",
    "export_deleted",
    "destination_changed",
    "schedule_changed",
    "energy_corrected",
)
SEVERITY_LEVELS = ("info", "warning", "error")
LOCALES = ("en", "fr")
