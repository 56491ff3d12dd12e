"""What the energy of each closed period cost, per plug, tariff period and tier."""

from __future__ import annotations

from .costs import DATA_COSTS, SIGNAL_COSTS_CHANGED, SIGNAL_COSTS_UPDATED, Costs
from .reading import CostPeriod, CostTotal, RunningCosts
from .statistics import CostChange, cost_statistic_id

__all__ = [
    "DATA_COSTS",
    "SIGNAL_COSTS_CHANGED",
    "SIGNAL_COSTS_UPDATED",
    "CostChange",
    "CostPeriod",
    "CostTotal",
    "Costs",
    "RunningCosts",
    "cost_statistic_id",
]
