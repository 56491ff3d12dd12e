"""How much energy belongs to each closed half-hour, hour, day and month, per plug and in sum."""

from __future__ import annotations

from .closing import LedgerChange
from .feed import CounterFeed, CounterReading
from .ledger import DATA_LEDGER, SIGNAL_LEDGER_CHANGED, Ledger
from .past import PlugHistory
from .posting import CounterStart, Posting
from .reading import EnergyPeriod
from .running import Booked, RunningEnergy
from .series import LedgerPlug, PlugSeries, PointSeries, Series

__all__ = [
    "DATA_LEDGER",
    "SIGNAL_LEDGER_CHANGED",
    "Booked",
    "CounterFeed",
    "CounterReading",
    "CounterStart",
    "EnergyPeriod",
    "Ledger",
    "LedgerChange",
    "LedgerPlug",
    "PlugHistory",
    "PlugSeries",
    "PointSeries",
    "Posting",
    "RunningEnergy",
    "Series",
]
