"""The tables of costs in the recorder's database."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)
from sqlalchemy.dialects.mysql import VARCHAR

from ..database import LONG_TEXT, TABLE_OPTIONS, Schema
from ..ledger.tables import SCHEMA as LEDGER_SCHEMA

metadata: Final = MetaData()

# Names that differ in case alone are two periods.
_PERIOD = String(64).with_variant(VARCHAR(64, collation="utf8mb4_bin"), "mysql", "mariadb")

costs_table: Final = Table(
    "med_exporter_costs",
    metadata,
    Column("metering_point", String(64), primary_key=True),
    Column("start_ts", BigInteger, primary_key=True, autoincrement=False),
    Column("plug_id", String(32), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("period", _PERIOD, primary_key=True),
    Column("tier", Integer, primary_key=True, autoincrement=False),
    Column("kwh", Double, nullable=False),
    Column("cost", Double),
    Index("ix_med_exporter_costs_plug_id_start_ts", "plug_id", "start_ts"),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)
"""What the energy of each plug cost, by half-hour.

One row says what `kwh` of a plug cost in the half-hour that begins at `start_ts` (UTC seconds, a
multiple of 1,800), as one part of what the ledger holds for the same plug, role and
metering point (its slug). There is a row for each tariff period (its name; empty for none) and
tier (1 for the first; 0 for none) that the half-hour touches, and none for a half-hour without
energy. `role` is `consumption`, where `cost` is what is paid, or `production`, where it is what
the feed-in brings, positive too; plugs that are ignored have no cost. `cost` is in the
installation's currency with eight decimals, and NULL where the price is not known: before the
first contract, and for a Tempo day whose colour is not known. The half-hour that runs has rows too.
"""

pricings_table: Final = Table(
    "med_exporter_pricings",
    metadata,
    Column("metering_point", String(64), primary_key=True),
    Column("contracts", LONG_TEXT, nullable=False),
    Column("colours", LONG_TEXT, nullable=False),
    Column("dirty_from_ts", BigInteger),
    Column("statistics_from_ts", BigInteger),
    Column("written_until_ts", BigInteger),
    Column("changed_from_ts", BigInteger),
    **TABLE_OPTIONS,
)
"""What each metering point's costs were priced with: see `state.Pricing`."""

SCHEMA: Final = Schema("costs", 1, metadata, needs=LEDGER_SCHEMA)
