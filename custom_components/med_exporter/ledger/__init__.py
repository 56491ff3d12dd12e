"""How much energy belongs to each closed half-hour, hour, day and month, per plug and in sum."""

from __future__ import annotations

from .books import PlugHistory
from .closing import LedgerChange
from .feed import CounterFeed
from .hours import HourEnergy, MeterHours
from .ledger import DATA_LEDGER, SIGNAL_LEDGER_CHANGED, Ledger
from .posting import CounterStart, Posting
from .reading import EnergyPeriod
from .series import LedgerPlug, PlugSeries, PointSeries, Series

__all__ = [
    "DATA_LEDGER",
    "SIGNAL_LEDGER_CHANGED",
    "CounterFeed",
    "CounterStart",
    "EnergyPeriod",
    "HourEnergy",
    "Ledger",
    "LedgerChange",
    "LedgerPlug",
    "MeterHours",
    "PlugHistory",
    "PlugSeries",
    "PointSeries",
    "Posting",
    "Series",
]
