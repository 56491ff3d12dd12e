"""The table of the audit log in the recorder's database."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Double, Index, MetaData, String, Table
from sqlalchemy.dialects import sqlite

from ..database import LONG_TEXT, TABLE_OPTIONS, Schema

metadata: Final = MetaData()

# SQLite counts up by itself only for a column declared INTEGER.
_ROW_ID = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")

audit_table: Final = Table(
    "med_exporter_audit",
    metadata,
    Column("row_id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("time_ts", Double, nullable=False),
    Column("event_type", String(32), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("user_id", String(36)),
    Column("user_name", String(255)),
    Column("address", String(64)),
    Column("subject", String(255)),
    Column("details", LONG_TEXT, nullable=False),
    Index("ix_med_exporter_audit_time_ts", "time_ts"),
    **TABLE_OPTIONS,
)
"""The events: `time_ts` in UTC seconds, `details` a JSON object, the rest as in `AuditEvent`."""

SCHEMA: Final = Schema("audit", 1, metadata)
