"""What energy is priced with, in the recorder's database: described once for all who use it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table

from .own_tables import LONG_TEXT, TABLE_OPTIONS

metadata: Final = MetaData()

tariffs_table: Final = Table(
    "med_exporter_tariffs",
    metadata,
    Column("metering_point", String(64), primary_key=True),
    Column("contracts", LONG_TEXT, nullable=False),
    Column("colours", LONG_TEXT, nullable=False),
    Column("currency", String(8), nullable=False),
    Column("time_zone", String(64), nullable=False),
    **TABLE_OPTIONS,
)
"""What each metering point's energy (by its slug) is priced with. Without a contract, no row.

`contracts` are those of the options as JSON, `colours` a JSON object of Tempo colours by date:
one that was known once stays. `currency` is that of the prices, `time_zone` decides on days.
"""

prices_table: Final = Table(
    "med_exporter_prices",
    metadata,
    Column("entity_id", String(255), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("prices", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)
"""The prices that entities have shown: one row for each day of UTC, counted since 1970.

`prices` holds 96 little-endian doubles, money per kWh by quarter-hour; NaN where it is not known.
The recorder forgets states; what was priced stays priced.
"""
