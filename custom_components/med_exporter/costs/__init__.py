"""What the energy of each closed period cost, per plug, tariff period and tier."""

from __future__ import annotations

from .costs import SIGNAL_COSTS_CHANGED, SIGNAL_COSTS_UPDATED, Costs, Repricing
from .reading import CostPeriod, CostTotal, RunningCosts
from .statistics import CostChange, cost_statistic_id

__all__ = [
    "SIGNAL_COSTS_CHANGED",
    "SIGNAL_COSTS_UPDATED",
    "CostChange",
    "CostPeriod",
    "CostTotal",
    "Costs",
    "Repricing",
    "RunningCosts",
    "cost_statistic_id",
]
