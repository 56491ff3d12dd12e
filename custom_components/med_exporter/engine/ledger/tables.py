"""The ledger's tables in the recorder's database, described once for all who use them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from ..database.own_tables import TABLE_OPTIONS

COMPONENT: Final = "ledger"
VERSION: Final = 5
"""Of the tables as they are described here, in the table of versions."""

metadata: Final = MetaData()

accounts_table: Final = Table(
    "med_exporter_accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plug_id", String(32), nullable=False),
    Column("metering_point", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    UniqueConstraint("plug_id", "metering_point", "role"),
    **TABLE_OPTIONS,
)
"""What energy is booked to: a plug, while it had this role in this metering point (its slug)."""

quarters_table: Final = Table(
    "med_exporter_quarters",
    metadata,
    Column("account_id", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("energy", LargeBinary, nullable=False),
    Column("filled", LargeBinary),
    Column("joined", LargeBinary),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)
"""The energy of accounts by quarter-hour: one row for each day of UTC.

`day` counts the days since 1970. `energy`, `filled` and `joined` are as `day.Day` describes. The
quarter-hour that runs is in its row too.
"""

corrections_table: Final = Table(
    "med_exporter_corrections",
    metadata,
    Column("plug_id", String(32), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("deltas", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)
"""What users have added to the energy of plugs, or taken from it: a row for each day of UTC.

`deltas` are as `corrections.py` describes. The quarter-hours have them in them already; the states
of a plug's counter do not.
"""

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
"""What is remembered of each plug: an `Account` of `ledger/booking.py`."""
