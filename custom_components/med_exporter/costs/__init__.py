"""What the energy of each closed period cost, per plug, tariff period and tier."""

from __future__ import annotations

from .amounts import CostPeriod, CostTotal, RunningCosts
from .change import CostChange, cost_statistic_id
from .costs import DATA_COSTS, SIGNAL_COSTS_CHANGED, SIGNAL_COSTS_UPDATED, Costs

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
