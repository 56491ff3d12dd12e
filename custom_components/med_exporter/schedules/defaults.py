"""What a schedule is that says no more than its name: last month's bill, on the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ON_THE_FIRST: Final = "0 7 1 * *"
"""After 06:00, when the day before is complete."""

LAST_MONTHS_BILL: Final[Mapping[str, Any]] = {
    "export_type": "cost_analysis",
    "format": "pdf",
    "date_range": "last_month",
}
"""A request of `POST /api/exports/create`."""
