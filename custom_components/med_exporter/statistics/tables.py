"""What is noted of each running sum, in a table in the recorder's database."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, MetaData, String, Table

from ..database import TABLE_OPTIONS, Schema

metadata: Final = MetaData()

sums_table: Final = Table(
    "med_exporter_sums",
    metadata,
    Column("statistic_id", String(255), primary_key=True),
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

SCHEMA: Final = Schema("running_sums", 1, metadata)
