"""The tables of costs in the recorder's database."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects.mysql import LONGTEXT, VARCHAR

from ..history.tables import schema_table

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

SCHEMA_VERSION: Final = 1
SCHEMA_COMPONENT: Final = "costs"

metadata: Final = MetaData()

# Names that differ in case alone are two periods.
_PERIOD = String(64).with_variant(VARCHAR(64, collation="utf8mb4_bin"), "mysql", "mariadb")
_JSON = Text().with_variant(LONGTEXT(), "mysql", "mariadb")

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
    **schema_table.dialect_kwargs,
)
"""What the energy of each plug cost, by half-hour.

One row says what `kwh` of a plug cost in the half-hour that begins at `start_ts` (UTC seconds, a
multiple of 1,800), as one part of what `med_exporter_half_hours` holds for the same plug, role and
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
    Column("contracts", _JSON, nullable=False),
    Column("colours", _JSON, nullable=False),
    Column("dirty_from_ts", BigInteger),
    Column("statistics_from_ts", BigInteger),
    Column("written_until_ts", BigInteger),
    Column("changed_from_ts", BigInteger),
    **schema_table.dialect_kwargs,
)
"""What each metering point's costs were priced with: see `state.Pricing`."""


def tables_exist(connection: Connection) -> bool:
    """Tell whether the tables of costs have been made in this database yet."""
    return inspect(connection).has_table(pricings_table.name)


def create_tables(connection: Connection) -> None:
    """Create what is missing and note the schema's version, after the ledger's own tables."""
    metadata.create_all(connection, checkfirst=True)
    here = schema_table.c.component == SCHEMA_COMPONENT
    stored = connection.execute(select(schema_table.c.version).where(here)).scalar()
    values = {"version": SCHEMA_VERSION, "changed_ts": time.time()}
    if stored is None:
        connection.execute(insert(schema_table).values(component=SCHEMA_COMPONENT, **values))
    elif stored < SCHEMA_VERSION:
        connection.execute(update(schema_table).where(here).values(**values))
