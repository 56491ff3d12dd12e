"""What the cost of a metering point is called in the statistics, and what tells of a change."""

from __future__ import annotations

from ..const import DOMAIN
from ..engine.lazy_dataclass import dataclass


def cost_statistic_id(metering_point: str) -> str:
    """Return the id of the long-term statistics of a metering point's cost, by its slug."""
    return f"{DOMAIN}:cost_{metering_point}"


@dataclass(frozen=True, slots=True)
class CostChange:
    """Closed hours of a metering point (its slug) cost something else from `first_ts` on."""

    metering_point: str
    first_ts: int
