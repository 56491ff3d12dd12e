"""How the ledger's tables in the recorder's database, which `engine/ledger` describes, are made."""

from __future__ import annotations

from typing import Final

from ..database import Schema
from ..engine.ledger import COMPONENT, VERSION, metadata
from ..statistics import SCHEMA as SUMS_SCHEMA
from .migrations import halve_half_hours, let_quarters_be_cut, make_corrections, tell_wholes

SCHEMA: Final = Schema(
    COMPONENT,
    VERSION,
    metadata,
    needs=SUMS_SCHEMA,
    migrations={
        1: halve_half_hours,
        2: make_corrections,
        3: let_quarters_be_cut,
        4: tell_wholes,
    },
)

TOLD_BY_THE_HOUR: Final = 0.0
"""When the counter of a meter was begun of which others know every hour."""
