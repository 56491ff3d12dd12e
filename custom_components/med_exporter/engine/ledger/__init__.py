"""The ledger in the recorder's database: quarter-hours of energy, and how they are read."""

from __future__ import annotations

from .books import (
    Account,
    EnergySum,
    accounts_of,
    days_between,
    energies_between,
    hours_between,
    is_readable,
    known_range,
    sums_between,
    sums_by_account,
)
from .corrections import corrections_between, note_corrections
from .day import CUT, QUARTERS_A_DAY, UNKNOWN, Day
from .tables import COMPONENT, VERSION, accounts_table, counters_table, metadata, quarters_table

__all__ = [
    "COMPONENT",
    "CUT",
    "QUARTERS_A_DAY",
    "UNKNOWN",
    "VERSION",
    "Account",
    "Day",
    "EnergySum",
    "accounts_of",
    "accounts_table",
    "corrections_between",
    "counters_table",
    "days_between",
    "energies_between",
    "hours_between",
    "is_readable",
    "known_range",
    "metadata",
    "note_corrections",
    "quarters_table",
    "sums_between",
    "sums_by_account",
]
