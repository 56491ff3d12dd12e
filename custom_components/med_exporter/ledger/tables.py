"""The ledger's tables in the recorder's database."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    MetaData,
    String,
    Table,
)

from ..database import TABLE_OPTIONS, Schema

metadata: Final = MetaData()

half_hours_table: Final = Table(
    "med_exporter_half_hours",
    metadata,
    Column("plug_id", String(32), primary_key=True),
    Column("start_ts", BigInteger, primary_key=True, autoincrement=False),
    Column("role", String(16), primary_key=True),
    Column("metering_point", String(64), primary_key=True),
    Column("kwh", Double, nullable=False),
    Column("filled_kwh", Double, nullable=False),
    Index(
        "ix_med_exporter_half_hours_metering_point_role_start_ts",
        "metering_point",
        "role",
        "start_ts",
    ),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)
"""The energy of each plug by half-hour.

One row says what a plug (`plug_id`) used or produced in the half-hour that begins at `start_ts`
(UTC seconds, a multiple of 1,800) while it had this role in this metering point (its slug): `kwh`
in all, of which `filled_kwh` was spread over the time it came from, since nobody read the plug
then. Where the role changed inside a half-hour there are two rows. A half-hour with a row and
0 kWh is known to be empty; one without a row is not known. The half-hour that runs has a row too.
A kWh has six decimals.
"""

accounts_table: Final = Table(
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

series_table: Final = Table(
    "med_exporter_ledger_series",
    metadata,
    Column("statistic_id", String(255), primary_key=True),
    Column("plug_id", String(32)),
    Column("metering_point", String(64)),
    Column("role", String(16)),
    Column("name", String(255), nullable=False),
    Column("dirty_from_ts", BigInteger, nullable=False),
    Column("written_until_ts", BigInteger),
    Column("changed_from_ts", BigInteger),
    **TABLE_OPTIONS,
)
"""What stands in the long-term statistics, by statistic id.

Hours (UTC seconds at which they begin) from `dirty_from_ts` on are still to be written, or written
anew. `written_until_ts` is the end of the last hour that was ever written. `changed_from_ts` is the
first of those hours that has changed since, until that has been announced.
"""

SCHEMA: Final = Schema("ledger", 1, metadata)
