"""The ledger's tables in the recorder's database, besides those that `engine/ledger` describes."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Double, String, Table

from ..database import TABLE_OPTIONS, Schema
from ..engine.ledger import COMPONENT, VERSION, metadata
from ..statistics import SCHEMA as SUMS_SCHEMA
from .migrations import halve_half_hours, let_quarters_be_cut, make_corrections, tell_wholes

counters_table: Final = Table(
    "med_exporter_ledger",
    metadata,
    Column("plug_id", String(32), primary_key=True),
    Column("metering_point", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("posted_kwh", Double, nullable=False),
    Column("posted_ts", Double, nullable=False),
    Column("started_ts", Double, nullable=False),
    Column("first_ts", Double, nullable=False),
    Column("gap_from_ts", Double),
    Column("backfilled", Boolean, nullable=False),
    **TABLE_OPTIONS,
)
"""What is remembered of each plug: see `posting.Account`."""

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
